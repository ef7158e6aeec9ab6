// What the build and the tests need of the system, how to see whether it is there, and the package that brings it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, run, which, windows } from './shell.mjs';

const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu', ppc64: 'powerpc64le-linux-gnu', s390x: 's390x-linux-gnu' }[
  process.arch
];
const prefixes = ['/usr', '/usr/local', '/opt/homebrew', '/opt/OpenBLAS', process.env.CMAKE_PREFIX_PATH].filter(Boolean);
const header = (...paths) =>
  prefixes.some((prefix) => paths.some((path) => [join(prefix, 'include', path), join(prefix, path)].some(existsSync)));
const gccHas = (library) => {
  const path = spawnSync('gcc', [`-print-file-name=${library}`], { encoding: 'utf8' }).stdout?.trim() ?? '';
  return path.includes('/') && existsSync(path);
};

// Debian keeps each build of OpenBLAS in its own folder, and only the pthread one will do.
const openblas = () =>
  manager()?.name === 'apt'
    ? header(`${triplet}/openblas-pthread/cblas.h`) || existsSync('/usr/local/include/cblas.h')
    : header('openblas-pthread/cblas.h', 'openblas/cblas.h', 'cblas.h', 'opt/openblas/include/cblas.h');

/** clang++, llvm-cov and llvm-profdata of one version; undefined where there are none. */
export function llvmTools() {
  const versions = ['', ...Array.from({ length: 12 }, (_, i) => `-${25 - i}`)];
  for (const version of versions) {
    const [clang, compiler, cov, profdata] = ['clang', 'clang++', 'llvm-cov', 'llvm-profdata'].map((name) =>
      which(`${name}${version}`),
    );
    if (clang && compiler && cov && profdata) return { clang, compiler, cov, profdata };
  }
  return undefined;
}

// `for`: the purposes that need it; without it, every purpose does.
const needs = [
  {
    what: 'a C++ compiler',
    // Visual Studio's compiler is not on PATH; CMake finds it.
    here: () => windows || (which('c++', 'g++', 'clang++') && which('cc', 'gcc', 'clang')),
    packages: { apt: 'g++', dnf: 'gcc-c++', apk: 'g++', pacman: 'gcc', brew: undefined },
    appleTools: true,
  },
  { what: 'CMake', here: () => which('cmake'), packages: 'cmake' },
  {
    what: 'Ninja or make',
    here: () => windows || which('ninja', 'make'),
    packages: { apt: 'ninja-build', dnf: 'ninja-build', apk: 'samurai', pacman: 'ninja', brew: 'ninja' },
  },
  {
    what: 'OpenBLAS (pthread build)',
    for: ['run', 'test', 'sanitize', 'coverage'],
    here: openblas,
    packages: {
      apt: 'libopenblas-pthread-dev',
      dnf: 'openblas-devel',
      apk: 'openblas-dev',
      pacman: 'openblas',
      brew: 'openblas',
    },
  },
  {
    what: 'Google Highway',
    for: ['run', 'test', 'sanitize', 'coverage'],
    here: () => header('hwy/highway.h'),
    packages: { apt: 'libhwy-dev', dnf: 'highway-devel', apk: 'highway-dev', pacman: 'highway', brew: 'highway' },
  },
  {
    what: 'make',
    for: ['prebuild'],
    here: () => process.platform !== 'linux' || which('make'),
    packages: 'make',
  },
  {
    what: 'pip of Python 3',
    for: ['prebuild'],
    here: () => process.platform !== 'linux' || spawnSync('python3', ['-m', 'pip', '--version']).status === 0,
    packages: { apt: 'python3-pip', dnf: 'python3-pip', apk: 'py3-pip', pacman: 'python-pip' },
  },
  {
    what: 'GoogleTest',
    for: ['test', 'sanitize', 'coverage'],
    here: () => header('gtest/gtest.h'),
    packages: { apt: 'libgtest-dev', dnf: 'gtest-devel', apk: 'gtest-dev', pacman: 'gtest', brew: 'googletest' },
  },
  {
    what: 'clang-format',
    for: ['test'],
    here: () => which('clang-format-14', 'clang-format'),
    packages: { apt: 'clang-format', dnf: 'clang-tools-extra', apk: 'clang-extra-tools', pacman: 'clang', brew: 'clang-format' },
  },
  {
    what: 'ccache, so that nothing is compiled twice',
    for: ['test', 'sanitize', 'coverage'],
    // Taken where it can be had without asking.
    here: () => which('ccache') || !unattended(),
    packages: 'ccache',
  },
  {
    what: 'the sanitizers of the compiler',
    for: ['sanitize'],
    here: () => process.platform !== 'linux' || ['libasan.so', 'libubsan.so', 'libtsan.so'].every(gccHas),
    packages: { apt: 'g++', dnf: 'libasan libubsan libtsan', apk: 'clang compiler-rt', pacman: 'gcc', brew: 'llvm' },
  },
  {
    what: 'clang, llvm-cov and llvm-profdata of one version',
    for: ['coverage'],
    here: () => llvmTools() !== undefined,
    packages: {
      apt: 'clang llvm',
      dnf: 'clang llvm compiler-rt',
      apk: 'clang llvm compiler-rt',
      pacman: 'clang llvm',
      brew: 'llvm',
    },
  },
];

const managers = [
  { name: 'apt', program: 'apt-get', command: 'apt-get install -y' },
  { name: 'dnf', program: 'dnf', command: 'dnf install -y' },
  { name: 'apk', program: 'apk', command: 'apk add' },
  { name: 'pacman', program: 'pacman', command: 'pacman -S --needed' },
  { name: 'brew', program: 'brew', command: 'brew install' },
];
const manager = () => managers.find((m) => which(m.program));
const isRoot = () => process.getuid?.() === 0;
/** What comes before apt-get where packages may be installed without a question; undefined where they may not. */
const unattended = () => {
  if (manager()?.name !== 'apt') return undefined;
  return isRoot() ? [] : which('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n'] : undefined;
};

/** What is missing for a purpose: 'run', 'test', 'sanitize', 'coverage' or 'prebuild'. */
export const missing = (purpose) => needs.filter((need) => (!need.for || need.for.includes(purpose)) && !need.here());

/** The command that a person would type to get these. */
function byHand(lacking) {
  if (windows)
    return 'vcpkg install openblas highway gtest   (then set CMAKE_PREFIX_PATH to its folder installed/x64-windows; CMake and Visual Studio Build Tools with C++ are needed too)';
  const found = manager();
  if (!found) return undefined;
  const appleTools = found.name === 'brew' && lacking.some((need) => need.appleTools);
  const packages = packagesFor(lacking, found.name);
  const sudo = isRoot() || found.name === 'brew' ? '' : 'sudo ';
  return [appleTools && 'xcode-select --install', packages && `${sudo}${found.command} ${packages}`].filter(Boolean).join('\n  ');
}

/** A sentence that says what is missing and the command that brings it. */
export function commandFor(lacking) {
  const command = byHand(lacking);
  return command
    ? `missing: ${list(lacking)}. Run this, then try again:\n  ${command}`
    : `missing: ${list(lacking)}. Install them and try again.`;
}

const packagesFor = (lacking, name) =>
  [...new Set(lacking.map(({ packages }) => (typeof packages === 'string' ? packages : packages[name])))]
    .filter(Boolean)
    .join(' ');

const list = (lacking) => lacking.map((need) => need.what).join(', ');

/** Installs what is missing where apt is there and it may; else throws a Failure that holds the command to run. */
export function install(lacking, say) {
  const sudo = unattended();
  if (!sudo) throw new Failure(commandFor(lacking));
  const apt = (...args) => {
    const options = ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3'];
    const [program, ...rest] = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...options, ...args];
    run(program, rest, { quiet: true });
  };
  const update = () => {
    say('reading the package lists (apt-get update)');
    apt('update');
  };
  const packages = packagesFor(lacking, 'apt').split(' ');
  const listed = existsSync('/var/lib/apt/lists') && readdirSync('/var/lib/apt/lists').some((file) => file.includes('_Packages'));
  if (!listed) update();
  say(`installing ${list(lacking)} (apt-get install ${packages.join(' ')})`);
  try {
    apt('install', '-y', '--no-install-recommends', ...packages);
  } catch (error) {
    // Lists that are older than the mirror name packages that are gone.
    if (!listed) throw error;
    update();
    apt('install', '-y', '--no-install-recommends', ...packages);
  }
  const still = lacking.filter((need) => !need.here());
  if (still.length) throw new Failure(`still missing after the installation: ${list(still)}`);
}
