// node child.mjs BUNDLE PACKAGE NAME...: runs these stacks. A line of JSON each; what begins is told before, on the other stream.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [bundle, folder, ...names] = process.argv.slice(2);
const { parseName, runStack } = await import(pathToFileURL(bundle));
const gemmfit = createRequire(import.meta.url)(folder);

for (const name of names) {
  const tell = (story) => process.stderr.write(`at ${story}\n`);
  let result;
  try {
    result = await runStack(gemmfit, parseName(name), tell);
  } catch (error) {
    result = { error: error.stack };
  }
  process.stdout.write(`${JSON.stringify({ name, ...result })}\n`);
}
