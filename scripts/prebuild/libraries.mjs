// Static libraries for a target, below build/ship/<target>: OpenBLAS with the products of float32 alone, and Highway.
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { root, run, which } from '../lib/shell.mjs';
import { fingerprint, isFresh, stamped } from '../lib/stamps.mjs';
import { source, sourcePrint } from './sources.mjs';
import { cmakeDefines } from './toolchain.mjs';
import { trim, trimVersion } from './trim.mjs';

const jobs = `-j${availableParallelism()}`;
const here = (target, ...path) => join('build/ship', target.name, ...path);

/** Builds a library where its source, its flags or `recipe`, what is done besides, have changed. */
async function built(target, name, product, flags, recipe, say, build) {
  const print = fingerprint([], `${sourcePrint(name)} ${flags.join(' ')} ${recipe}`);
  const stamp = `ship-${target.name}-${name}`;
  if (!isFresh(stamp, product, print)) {
    say(`compiling ${name} for ${target.name}`);
    const from = await source(name);
    stamped(stamp, print, () => build(from));
  }
  return join(root, product);
}

/** OpenBLAS: CBLAS of single precision, with a lock and no threads of its own, and the kernels of the processors in its list. */
async function openblas(target, tools, say) {
  const prefix = join(root, here(target, 'openblas'));
  // BUILD_DOUBLE=0 and its like break this build; what is not linked takes no place.
  const flags = [
    ...target.blas,
    ...['DYNAMIC_ARCH=1', 'USE_THREAD=0', 'USE_LOCKING=1', 'BUILD_SINGLE=1'],
    ...['NO_LAPACK=1', 'NO_LAPACKE=1', 'NOFORTRAN=1', 'NO_SHARED=1', 'NO_TEST=1'],
    // Kernels are unrolled by hand, and no exception passes them.
    'COMMON_OPT=-O2 -fno-unroll-loops -fno-asynchronous-unwind-tables',
    ...[`CC=${tools.cc}`, `HOSTCC=${which('gcc', 'cc', 'clang')}`, `AR=${tools.ar}`, `RANLIB=${tools.ranlib}`],
    ...(tools.zig ? ['CROSS=1'] : []),
  ];
  const trimmed = target.platform === 'linux' ? trimVersion : '';
  const file = await built(target, 'openblas', here(target, 'openblas/lib/libopenblas.a'), flags, trimmed, say, (from) => {
    const work = join(root, here(target, 'openblas-build'));
    rmSync(work, { recursive: true, force: true });
    rmSync(prefix, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    cpSync(from, work, { recursive: true });
    run('make', ['-C', work, jobs, ...flags, 'libs'], { quiet: true });
    run('make', ['-C', work, ...flags, `PREFIX=${prefix}`, 'install'], { quiet: true });
    if (trimmed) trim(realpathSync(join(prefix, 'lib/libopenblas.a')), tools, prefix);
    rmSync(work, { recursive: true, force: true });
  });
  return { GEMMFIT_BLAS: file, GEMMFIT_BLAS_INCLUDE: join(prefix, 'include') };
}

async function highway(target, tools, say) {
  const folder = here(target, 'highway');
  const defines = {
    ...cmakeDefines(target, tools),
    BUILD_TESTING: 'OFF',
    BUILD_SHARED_LIBS: 'OFF',
    HWY_ENABLE_TESTS: 'OFF',
    HWY_ENABLE_EXAMPLES: 'OFF',
    HWY_ENABLE_CONTRIB: 'OFF',
    CMAKE_POSITION_INDEPENDENT_CODE: 'ON',
  };
  const flags = Object.entries(defines).map(([name, value]) => `-D${name}=${value}`);
  const file = await built(target, 'highway', join(folder, 'libhwy.a'), flags, '', say, (from) => {
    rmSync(join(root, folder), { recursive: true, force: true });
    run('cmake', ['-S', from, '-B', folder, ...flags], { quiet: true });
    run('cmake', ['--build', folder, '--target', 'hwy', '--parallel', jobs.slice(2)], { quiet: true });
  });
  return { HIGHWAY_LIBRARY: file, HIGHWAY_INCLUDE: await source('highway') };
}

/** CMake's variables that name the libraries of a target. */
export async function libraries(target, tools, say) {
  // From vcpkg, whose folder CMAKE_PREFIX_PATH names: neither make nor a compiler that knows gcc's flags is there.
  if (target.platform === 'win32') {
    const folder = process.env.GEMMFIT_VCPKG ?? '';
    const blas = join(folder, 'lib/openblas.lib');
    return existsSync(blas)
      ? { GEMMFIT_BLAS: blas, GEMMFIT_BLAS_INCLUDE: join(folder, 'include'), CMAKE_PREFIX_PATH: folder }
      : {};
  }
  const blas = target.platform === 'darwin' ? { GEMMFIT_BLAS: 'accelerate' } : await openblas(target, tools, say);
  return { ...blas, ...(await highway(target, tools, say)) };
}

/** Terms of what binaries hold of others, to go beside them. */
export async function licences() {
  const text = async (title, name) => `${title}\n\n${readFileSync(join(await source(name), 'LICENSE'), 'utf8').trim()}\n`;
  return `${await text('OpenBLAS', 'openblas')}\n\n${await text('Highway', 'highway')}`;
}
