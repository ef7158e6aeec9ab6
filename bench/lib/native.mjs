import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildTarget, configureAddon } from '../../scripts/lib/native.mjs';
import { root } from './workloads.mjs';

const folder = 'build/Release';

/** The programs that are compared with, built where they are not; their paths by name. */
export function nativePrograms(names) {
  configureAddon(folder, { GEMMFIT_BENCH: 'ON' }, { quiet: true });
  return Object.fromEntries(
    names.map((name) => {
      buildTarget(folder, name, { quiet: true });
      const program = join(root, folder, name);
      return [name, existsSync(program) ? program : `${program}.exe`];
    }),
  );
}
