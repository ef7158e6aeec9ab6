// node child.mjs CASES PACKAGE NAME...: runs these cases. A line of JSON each; what begins is told before, on the other stream.
const [cases, folder, ...names] = process.argv.slice(2);
const { runnerOf } = await import(cases);
const run = await runnerOf(folder);

for (const name of names) {
  const tell = (story) => process.stderr.write(`at ${story}\n`);
  let result;
  try {
    result = await run(name, tell);
  } catch (error) {
    result = { error: error.stack };
  }
  process.stdout.write(`${JSON.stringify({ name, ...result })}\n`);
}
