// TypeScript that these programs share with the package and its tests, as modules that plain Node reads. The package itself is not in
// them: it is given.
import { mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../scripts/lib/shell.mjs';

const folder = join(root, 'build/stacks');
const bundleOf = (name) => pathToFileURL(join(folder, `${name}.mjs`)).href;
export const stacksBundle = bundleOf('stacks');
export const replayBundle = bundleOf('replay');

/** Makes both, or makes them anew. */
export function makeBundles() {
  mkdirSync(folder, { recursive: true });
  const { buildSync } = createRequire(join(root, 'package.json'))('esbuild');
  for (const [name, source] of [
    ['stacks', 'lib/diagnose/stacks/index.ts'],
    ['replay', 'test/parity/replay.ts'],
  ]) {
    // Under a name of its own first: another program may be reading the one that is there.
    const own = join(folder, `${name}.${process.pid}.mjs`);
    const entryPoints = [join(root, source)];
    buildSync({
      entryPoints,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      outfile: own,
      logLevel: 'warning',
    });
    renameSync(own, join(folder, `${name}.mjs`));
  }
}
