/** Runs tasks side by side, at most so many at once; their results come in the order of the tasks. What fails comes in its place. */
export async function* inOrder<T>(tasks: AsyncIterable<() => Promise<T>>, most: number): AsyncGenerator<T, void, undefined> {
  const running: Promise<T>[] = [];
  for await (const task of tasks) {
    const result = task();
    // Nobody may be waiting for it yet.
    result.catch(() => undefined);
    running.push(result);
    if (running.length >= most) yield (await running.shift()) as T;
  }
  while (running.length) yield (await running.shift()) as T;
}
