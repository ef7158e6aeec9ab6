// What a child process of the stacks runs.
import { createRequire } from 'node:module';
import { stacksBundle } from './bundle.mjs';

const { parseName, runStack } = await import(stacksBundle);

/** A package's folder, and the case of a name. */
export function runnerOf(folder) {
  const gemmfit = createRequire(import.meta.url)(folder);
  return (name, tell) => runStack(gemmfit, parseName(name), tell);
}
