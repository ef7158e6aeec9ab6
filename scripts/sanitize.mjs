// npm run test:sanitize [-- --only native|thread|javascript|quick]: the tests under the compiler's sanitizers. Without --only, the first three.
//   native      the native tests under AddressSanitizer (with leaks) and UndefinedBehaviorSanitizer   build/asan
//   thread      the native tests under ThreadSanitizer                                                build/tsan
//   javascript  the addon under both of the first, in a stock Node that preloads their runtime        build/asan
//   quick       native, with kernels for this machine alone: what npm test runs                       build/asan-quick
// --report FILE: how many native tests there were, and how many failed.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runNativeTests } from './lib/gtest.mjs';
import { addonPath, buildTarget, configureAddon, configureEngine } from './lib/native.mjs';
import { Failure, main, root, run, seconds, status, which } from './lib/shell.mjs';

const { values, positionals: gtest } = parseArgs({
  options: { only: { type: 'string', multiple: true }, report: { type: 'string' } },
  allowPositionals: true,
});

const gcc = which('g++') !== undefined;
const compilers = gcc
  ? { CMAKE_C_COMPILER: 'gcc', CMAKE_CXX_COMPILER: 'g++' }
  : { CMAKE_C_COMPILER: 'clang', CMAKE_CXX_COMPILER: 'clang++' };
// gcc links the shared runtime by itself, and a preloaded runtime must be the shared one.
const linkage = gcc ? {} : { CMAKE_CXX_FLAGS: '-shared-libasan' };
const defines = (sanitizers) => ({ ...compilers, GEMMFIT_SANITIZE: sanitizers, GEMMFIT_NATIVE_TESTS: 'ON' });
const suppressions = (kind) => `suppressions=${join(root, 'test/support', `${kind}.supp`)}`;
const undefinedOptions = 'print_stacktrace=1:halt_on_error=1';

function runtime(name) {
  const file = gcc ? `lib${name}.so` : `libclang_rt.${name}-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so`;
  return run(gcc ? 'gcc' : 'clang', [`-print-file-name=${file}`], { quiet: true }).trim();
}

function buildAsan(target) {
  configureAddon('build/asan', { ...defines('address,undefined'), ...linkage }, { quiet: true });
  buildTarget('build/asan', target, { quiet: true });
}

/** Runs the native tests of a folder. */
async function nativeTests(folder) {
  const { passed, counts } = await runNativeTests(join(root, folder, 'gemmfit_tests'), gtest, {
    // Its frames lie where gcc before 14 does not align vectors of 64 bytes (GCC bug 110027).
    ASAN_OPTIONS: 'detect_stack_use_after_return=0',
    UBSAN_OPTIONS: undefinedOptions,
    LSAN_OPTIONS: suppressions('lsan'),
  });
  if (values.report) writeFileSync(values.report, JSON.stringify(counts));
  return passed ? 0 : 1;
}

const timed = (what, body) => {
  const start = performance.now();
  body();
  console.log(`sanitize: ${what} (${seconds(start)})`);
};

const parts = {
  native: () => {
    buildAsan('gemmfit_tests');
    return nativeTests('build/asan');
  },

  quick: () => {
    if (process.platform === 'linux' && !runtime('asan').startsWith('/')) {
      console.log('sanitize: left out, this compiler has no AddressSanitizer');
      return 0;
    }
    const { simd } = createRequire(import.meta.url)(join(root, addonPath)).info();
    const own = { GEMMFIT_SANITIZE_TESTS: 'OFF', ...(process.arch === 'x64' ? { GEMMFIT_ONLY_TARGET: simd } : {}) };
    timed('compiled', () => {
      configureEngine('build/asan-quick', { ...defines('address,undefined'), ...linkage, ...own }, { quiet: true });
      buildTarget('build/asan-quick', 'gemmfit_tests', { quiet: true });
    });
    return nativeTests('build/asan-quick');
  },

  thread: () => {
    configureEngine('build/tsan', defines('thread'), { quiet: true });
    buildTarget('build/tsan', 'gemmfit_tests', { quiet: true });
    const env = { ...process.env, TSAN_OPTIONS: `halt_on_error=0:second_deadlock_stack=1:${suppressions('tsan')}` };
    const program = join(root, 'build/tsan/gemmfit_tests');
    // Some kernels place programs at addresses that older runtimes cannot shadow; without randomisation they do not.
    const starts = spawnSync(program, ['--gtest_list_tests'], { env }).status === 0;
    const args = [program, '--gtest_brief=1'];
    return starts ? status(program, args.slice(1), { env }) : status('setarch', ['-R', ...args], { env });
  },

  javascript: () => {
    buildAsan('gemmfit');
    const env = {
      ...process.env,
      // Tests of memory measure nothing here: freed memory stays in quarantine.
      GEMMFIT_SANITIZE: '1',
      GEMMFIT_ADDON_PATH: join(root, 'build/asan/Release/gemmfit.node'),
      LD_PRELOAD: runtime('asan'),
      // V8 frees nothing when a process ends, so leaks are looked for in the native tests only.
      ASAN_OPTIONS: 'detect_leaks=0:alloc_dealloc_mismatch=0:handle_segv=1:allow_user_segv_handler=1',
      UBSAN_OPTIONS: undefinedOptions,
    };
    return status(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--test-timeout=300000'], { env });
  },
};

main('sanitize', async () => {
  if (process.platform === 'win32') throw new Failure('needs gcc or clang on Linux or macOS');
  const names = values.only ?? Object.keys(parts).filter((name) => name !== 'quick');
  const failed = [];
  for (const name of names) {
    if (!parts[name]) throw new Failure(`--only is one of ${Object.keys(parts).join(', ')}. Received: ${name}`);
    const start = performance.now();
    console.log(`sanitize: ${name}: compiling and running`);
    const ok = (await parts[name]()) === 0;
    console.log(`sanitize: ${name} ${ok ? 'ok' : 'FAILED'} (${seconds(start)})`);
    if (!ok) failed.push(name);
  }
  if (failed.length) throw new Failure(`failed: ${failed.join(', ')}`);
});
