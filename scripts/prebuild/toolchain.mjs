// Compilers for a target. On Linux Zig's: clang with the C libraries of every system inside, so that one machine reaches all of them, and an
// old glibc. Elsewhere, or where Zig cannot be had, the system's, which make binaries for this system.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, root, which } from '../lib/shell.mjs';
import { host } from './targets.mjs';

// clang 19. With the clang of 0.12 kernels do not compile.
const zigVersion = '0.14.1';

const versionOf = (zig) => spawnSync(zig, ['version'], { encoding: 'utf8' }).stdout?.trim();

/** Path of Zig: GEMMFIT_ZIG, or build/zig, installed from PyPI. undefined where it cannot be had. */
function findZig(say) {
  const given = process.env.GEMMFIT_ZIG;
  if (given === '0') return undefined;
  if (given) {
    if (versionOf(given) !== zigVersion) throw new Failure(`GEMMFIT_ZIG=${given} is not Zig ${zigVersion}`);
    return given;
  }
  const folder = join(root, 'build/zig');
  const zig = join(folder, 'ziglang/zig');
  if (existsSync(zig) && versionOf(zig) === zigVersion) return zig;
  say(`installing Zig ${zigVersion} into build/zig (pip)`);
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--upgrade', '--target', folder];
  spawnSync(which('python3') ?? 'python', [...args, `ziglang==${zigVersion}`], { stdio: 'inherit' });
  return existsSync(zig) && versionOf(zig) === zigVersion ? zig : undefined;
}

// Zig names processors otherwise than gcc and clang do, -march=skylake_avx512 and -mcpu=generic+v8_2a+sve, and keeps that from its assembler.
const renamed = {
  x64: ['-march=skylake-avx512) arg=-march=skylake_avx512 ;;'],
  arm64: [
    `-march=armv8-a*) arg=-mcpu=generic\${arg#-march=armv8-a} ;;`,
    `-march=armv8.*) set -- "$@" "-Wa,$arg"; rest=\${arg#-march=armv8.}; arg=-mcpu=generic+v8_\${rest%%-a*}a\${rest#*-a} ;;`,
  ],
};

const compiler = (zig, language, { arch, zig: flags }) => `#!/bin/sh
for arg do
  shift
  case $arg in
    ${[...renamed[arch], '-mtune=*) continue ;;'].join('\n    ')}
  esac
  set -- "$@" "$arg"
done
exec '${zig}' ${language} ${flags.join(' ')} -g0 "$@"
`;

/** Tools for a target: paths of programs, and whether it is Zig that makes them. */
export function toolchain(target, say) {
  const zig = target.zig && findZig(say);
  if (!zig) {
    const same = target === host || (process.platform === 'darwin' && target.platform === 'darwin');
    if (!same)
      throw new Failure(
        `${target.name} is made on ${target.zig ? 'Linux with Zig, or on ' : ''}that system. This is ${host?.name}`,
      );
    if (target.zig) say("no Zig: binaries are made with this system's compiler, and run with its C library or a newer one only");
    return {
      zig: false,
      cc: which('cc', 'gcc', 'clang'),
      cxx: which('c++', 'g++', 'clang++'),
      ar: which('ar'),
      ranlib: which('ranlib'),
    };
  }
  const programs = {
    cc: compiler(zig, 'cc', target),
    cxx: compiler(zig, 'c++', target),
    ar: `#!/bin/sh\nexec '${zig}' ar "$@"\n`,
    ranlib: `#!/bin/sh\nexec '${zig}' ranlib "$@"\n`,
  };
  const work = join(root, 'build/ship', target.name);
  const path = (name) => join(work, 'bin', name);
  const same = ([name, text]) => existsSync(path(name)) && readFileSync(path(name), 'utf8') === text;
  if (!Object.entries(programs).every(same)) {
    // What other compilers made is made anew.
    rmSync(work, { recursive: true, force: true });
    mkdirSync(join(work, 'bin'), { recursive: true });
    for (const [name, text] of Object.entries(programs)) writeFileSync(path(name), text, { mode: 0o755 });
  }
  return { zig: true, cc: path('cc'), cxx: path('cxx'), ar: path('ar'), ranlib: path('ranlib') };
}

/** CMake's variables for it. */
export function cmakeDefines(target, tools) {
  const crossing = target !== host && target.platform === 'linux';
  return {
    CMAKE_BUILD_TYPE: 'Release',
    ...(tools.zig && { CMAKE_CXX_FLAGS_RELEASE: '-O2 -DNDEBUG' }),
    ...(tools.cc && { CMAKE_C_COMPILER: tools.cc, CMAKE_CXX_COMPILER: tools.cxx }),
    ...(tools.zig && { CMAKE_AR: tools.ar, CMAKE_RANLIB: tools.ranlib }),
    ...(crossing && { CMAKE_SYSTEM_NAME: 'Linux', CMAKE_SYSTEM_PROCESSOR: target.arch === 'arm64' ? 'aarch64' : 'x86_64' }),
    ...(target.platform === 'darwin' && {
      CMAKE_OSX_ARCHITECTURES: target.arch === 'arm64' ? 'arm64' : 'x86_64',
      // The oldest macOS whose Accelerate has the CBLAS interface that is compiled against.
      CMAKE_OSX_DEPLOYMENT_TARGET: '13.3',
    }),
  };
}
