import { execFileSync } from 'node:child_process';
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

/** Which of OpenBLAS's kernels fit vectors like the engine's, where it took the processor for one without them; else undefined. */
export function fittingCore(simd, core) {
  const unknown = /^(Prescott|Core2|Penryn|Dunnington|Nehalem|Atom|Athlon|Opteron|Barcelona|Bobcat)/.test(core);
  if (!unknown || !simd.startsWith('AVX')) return undefined;
  return simd.startsWith('AVX3') ? 'SKYLAKEX' : 'HASWELL';
}

/**
 * The environment in which the system's OpenBLAS uses the vectors of this processor. One older than the processor takes it for something
 * without AVX, and multiplies several times more slowly than it could: a limit or a loop that nobody should be compared with.
 */
export function blasEnvironment() {
  const script =
    'const { simd, blas } = require(process.argv[1]).version; console.log(JSON.stringify([simd, blas.split(" ").at(-1)]))';
  const core = fittingCore(...JSON.parse(execFileSync(process.execPath, ['-e', script, root], { encoding: 'utf8' })));
  return core ? { OPENBLAS_CORETYPE: core } : {};
}
