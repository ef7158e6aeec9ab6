// What prebuildify runs in node-gyp's place (its arguments are not needed): builds the addon of a target by cmake-js and leaves it where
// prebuildify looks. The folder it runs in is the target's, below build/ship, so that the build of the clone stays as it is.
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { buildTarget, configureAddon } from '../lib/native.mjs';
import { main, root } from '../lib/shell.mjs';

main('prebuild', () => {
  const work = process.cwd();
  const folder = relative(root, join(work, 'addon'));
  configureAddon(folder, JSON.parse(process.env.GEMMFIT_SHIP_DEFINES), { quiet: true });
  buildTarget(folder, 'gemmfit', { quiet: true });
  const made = ['addon/Release/gemmfit.node', 'addon/gemmfit.node'].map((path) => join(work, path)).find(existsSync);
  mkdirSync(join(work, 'build/Release'), { recursive: true });
  copyFileSync(made, join(work, 'build/Release/gemmfit.node'));
});
