// The README's first example, as each kind of program has it. It is read from there, so that what users copy is what is tried.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Failure, root } from '../lib/shell.mjs';

/** The first TypeScript block of a text. */
export function firstBlock(markdown) {
  const code = markdown.match(/^```ts\n(.*?)^```$/ms)?.[1];
  if (!code?.includes('.fit(')) throw new Failure('the first ```ts block of README.md trains nothing');
  return code;
}

/** The forms of an example that imports from gemmfit at its top and awaits there. */
export function forms(typescript) {
  const [imports] = typescript.match(/^import [^;]+ from 'gemmfit';\n/) ?? [];
  if (!imports) throw new Failure("the example does not begin with an import from 'gemmfit'");
  const { transformSync } = createRequire(join(root, 'package.json'))('esbuild');
  const plain = (code) => transformSync(code, { loader: 'ts', target: 'es2022' }).code;
  // CommonJS has no await outside of functions.
  const inFunction = `async function main() {\n${typescript.slice(imports.length)}}\nvoid main();\n`;
  return {
    mts: typescript,
    cts: `${imports}${inFunction}`,
    mjs: plain(typescript),
    cjs: `${imports.replace('import', 'const').replace(/ from (.*);/, ' = require($1);')}${plain(inFunction)}`,
  };
}

export const example = () => forms(firstBlock(readFileSync(join(root, 'README.md'), 'utf8')));

/** The example cut down to one epoch. */
export function oneEpoch(code) {
  const cut = code.replace(/epochs: \d+/, 'epochs: 1');
  if (cut === code) throw new Failure('the example names no number of epochs');
  return cut;
}

/** What is wrong with what the example printed. */
export function wrongOutput(output) {
  const accuracy = Number(output.match(/validation accuracy ([\d.]+)/)?.[1]);
  if (!(accuracy > 0.8)) return `it did not learn: validation accuracy ${accuracy}`;
  return output.includes('near 0: true') ? undefined : 'its prediction is wrong';
}
