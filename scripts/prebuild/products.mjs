// Whether the OpenBLAS of a binary multiplies right on each kind of processor whose kernels are inside. On x64 the engine's own kernels do nearly
// all products, so that training tells little of OpenBLAS's.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, root, run } from '../lib/shell.mjs';
import { toolchain } from './toolchain.mjs';

// With the feature that a processor must have for it, as Linux names it. The first is what runs everywhere. OpenBLAS 0.3.29 takes no order for
// SAPPHIRERAPIDS, whose kernels of float32 are COOPERLAKE's.
const kernels = {
  x64: { PRESCOTT: undefined, HASWELL: 'avx2', ZEN: 'avx2', SKYLAKEX: 'avx512vl', COOPERLAKE: 'avx512_bf16' },
  arm64: { ARMV8: undefined, NEOVERSEN1: 'asimddp', NEOVERSEV1: 'sve' },
};

/** Kinds of processors that can be tried: QEMU is all of them. */
export function coresOf({ arch }) {
  const features = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1].split(/\s+/) ?? [];
  const has = (feature) => arch !== process.arch || feature === undefined || features.includes(feature);
  return Object.keys(kernels[arch]).filter((core) => has(kernels[arch][core]));
}

/** Tries the products of each; the cores, or undefined where the library was not made in this clone. `runner`: what runs a target's programs. */
export function products(target, runner) {
  const library = join(root, 'build/ship', target.name, 'openblas');
  if (!existsSync(library)) return undefined;
  const program = join(root, 'build/try', target.name, 'products');
  mkdirSync(join(program, '..'), { recursive: true });
  const { cc } = toolchain(target, () => {});
  const source = join(root, 'scripts/prebuild/products.c');
  run(cc, ['-O2', '-I', join(library, 'include'), source, join(library, 'lib/libopenblas.a'), '-lm', '-lpthread', '-o', program]);
  const cores = coresOf(target);
  for (const core of cores) {
    const [command, ...args] = [...runner, program];
    const { status, signal, stdout } = spawnSync(command, args, {
      encoding: 'utf8',
      env: { ...process.env, OPENBLAS_CORETYPE: core },
    });
    const chosen = stdout.trim().split('\n').at(-1).toUpperCase();
    // OpenBLAS tells the first of the names that share these kernels.
    const asked = chosen === core || (core === 'PRESCOTT' && chosen === 'KATMAI');
    if (status !== 0 || !asked)
      throw new Failure(`${target.name}: products on ${core} (${signal ?? `exit status ${status}`}): ${stdout}`);
  }
  return cores;
}
