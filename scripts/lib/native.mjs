// Builds of the native part: one CMake folder each, driven by cmake-js where the addon is wanted.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { root, run, which, windows } from './shell.mjs';
import { fingerprint, isFresh, stamped } from './stamps.mjs';
import { nativeTools } from './tools.mjs';

// A kernel file compiled for several instruction sets takes about a gigabyte.
const jobs = String(Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / 2 ** 30))));
const generator = () => (which('ninja') ? 'Ninja' : 'Unix Makefiles');
const rooms = [
  'engine',
  'ops',
  'kernels',
  'activations',
  'instructions',
  'losses',
  'metrics',
  'optimizers',
  'regularizers',
  'constraints',
];
const engineSources = rooms.map((room) => `native/${room}`);
const addonSources = ['CMakeLists.txt', 'package-lock.json', 'native/addon', ...engineSources];

// Visual Studio adds the configuration to the folder by itself, so that the addon is build/Release/gemmfit.node everywhere.
const releaseFolder = windows ? 'build' : 'build/Release';
export const addonPath = 'build/Release/gemmfit.node';

/** Removes a CMake folder that was made in another place, with another generator or with tools that are gone. */
function discardForeign(folder) {
  const cache = join(root, folder, 'CMakeCache.txt');
  if (!existsSync(cache)) return;
  const text = readFileSync(cache, 'utf8');
  const entry = (name) => text.match(new RegExp(`^${name}:[A-Z]+=(.*)$`, 'm'))?.[1];
  const gone =
    (entry('CMAKE_CXX_COMPILER_LAUNCHER') && !which(entry('CMAKE_CXX_COMPILER_LAUNCHER'))) ||
    ['CMAKE_MAKE_PROGRAM', 'CMAKE_CXX_COMPILER', 'CMAKE_C_COMPILER'].some(
      (name) => entry(name)?.startsWith('/') && !existsSync(entry(name)),
    );
  if (gone || entry('CMAKE_HOME_DIRECTORY') !== root || (!windows && entry('CMAKE_GENERATOR') !== generator()))
    rmSync(join(root, folder), { recursive: true, force: true });
}

/** A cache of what was compiled before, where there is one. */
const cached = () => (which('ccache') ? { CMAKE_C_COMPILER_LAUNCHER: 'ccache', CMAKE_CXX_COMPILER_LAUNCHER: 'ccache' } : {});

/** Configures a folder for the addon. `defines`: CMake's variables. */
export function configureAddon(folder, defines = {}, options = {}) {
  discardForeign(folder);
  const tools = nativeTools();
  const cMakeOptions = {
    NODE_ADDON_API: join(tools, 'node_modules/node-addon-api').replaceAll('\\', '/'),
    ...cached(),
    ...defines,
  };
  const given = { out: join(root, folder), logLevel: 'error', cMakeOptions, ...(windows ? {} : { generator: generator() }) };
  run(process.execPath, [join(root, 'scripts/lib/cmake_js.mjs'), tools, JSON.stringify(given)], options);
}

/** Configures a folder without Node: the engine and its tests. */
export function configureEngine(folder, defines, options = {}) {
  discardForeign(folder);
  const flags = Object.entries({ ...cached(), ...defines }).map(([name, value]) => `-D${name}=${value}`);
  run('cmake', ['-S', '.', '-B', folder, ...(windows ? [] : ['-G', generator()]), ...flags], options);
}

export const buildTarget = (folder, target, options = {}) =>
  run('cmake', ['--build', folder, '--config', 'Release', '--target', target, '--parallel', jobs], options);

/** The BLAS that the environment asks for; CMake would remember the one of the build before. */
const blas = () => {
  const { GEMMFIT_BLAS = 'openblas', GEMMFIT_BLAS_INCLUDE = '' } = process.env;
  return { GEMMFIT_BLAS, GEMMFIT_BLAS_INCLUDE };
};

const settings = () => [generator(), process.env.GEMMFIT_BLAS].filter(Boolean).join(' ');
const addonPrint = () => fingerprint(addonSources, settings());
export const nativeFresh = () => isFresh('native', addonPath, addonPrint());

/** Builds build/Release/gemmfit.node; incremental. */
export function buildNative(options) {
  stamped('native', addonPrint(), () => {
    configureAddon(releaseFolder, blas(), options);
    buildTarget(releaseFolder, 'gemmfit', options);
  });
}

/** Builds the addon with a part of each kind more (test/parts) beside the addon, on the same engine library, and returns its path. */
export function buildAddedParts(options) {
  buildTarget(releaseFolder, 'gemmfit_parts', options);
  return join(root, releaseFolder, windows ? 'Release/gemmfit_parts.node' : 'gemmfit_parts.node');
}

/** Builds the native tests beside the addon, on the same engine library, and returns the program's path. */
export function buildNativeTests(options) {
  const program = join(releaseFolder, windows ? 'Release/gemmfit_tests.exe' : 'gemmfit_tests');
  const print = fingerprint([...addonSources, 'native/test'], settings());
  if (!isFresh('native-tests', program, print)) {
    stamped('native-tests', print, () => {
      configureAddon(releaseFolder, { GEMMFIT_NATIVE_TESTS: 'ON', ...blas() }, options);
      buildTarget(releaseFolder, 'gemmfit_tests', options);
    });
  }
  return join(root, program);
}
