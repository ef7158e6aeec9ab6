// What a dataset's `map` calls in threads.
export default async function ([x, y]) {
  if (y === 13) throw new Error('thirteen');
  // Later elements are done sooner.
  await new Promise((resolve) => setTimeout(resolve, y % 3 === 0 ? 3 : 0));
  return [{ data: x.data.map((value) => 2 * value), shape: x.shape }, y + 1];
}
