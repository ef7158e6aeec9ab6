// What `npm run prebuild` runs, and, since it has this name, what npm runs before `npm run build`. In an installed package there is then nothing
// to do: it is built for the machine it is on. In a clone .npmrc keeps npm from running one script before another.
import { run } from '../lib/shell.mjs';
import { isClone } from '../lib/tools.mjs';

if (isClone) {
  run(process.execPath, ['scripts/setup.mjs', '--for', 'prebuild']);
  await import('../prebuild.mjs');
}
