// npm run coverage [-- --lines] [-- --all] [-- --gtest_filter=...]: what of native/ops, native/engine and native/kernels the native tests reach
// (build/coverage). It fails where something is neither reached nor has a reason. --lines names that; --all also what is open.
//   A branch   is one way of a condition that stands in the source: of `if`, a loop, `?:`, each part of `&&` and `||`, each `case`. So says clang's
//              coverage of the source. What only the compiler makes (for exceptions, for the ends of vectors) is none, and neither is a condition
//              that is constant.
//   A reason   stands beside what no test can reach: `// unreached: why`. It counts as reached, and is listed.
//   Open       are files that are not held yet, in the list below.
// Kernels are built for the baseline and for this machine's instruction set; all instances of a line count together.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { runNativeTests } from './lib/gtest.mjs';
import { judge, readCoverage, reasonsOf } from './lib/llvm_coverage.mjs';
import { addonPath, buildTarget, configureEngine } from './lib/native.mjs';
import { Failure, main, root, run, seconds } from './lib/shell.mjs';
import { llvmTools } from './lib/system.mjs';

const folder = join(root, 'build/coverage');
const rooms = ['native/ops', 'native/engine', 'native/kernels'];
/** Files that are not held yet, by room. One goes when all that it lacks is reached, or has a reason. */
const openIn = {
  'native/engine': [''],
  'native/ops': [
    'activation.cc',
    'activity_regularization.cc',
    'batch_normalization.cc',
    'cell_function.cc',
    'cell_function.h',
    'conv.cc',
    'conv_lstm.cc',
    'conv_transpose.cc',
    'convolution.cc',
    'convolution_spec.cc',
    'dense.cc',
    'depthwise_conv.cc',
    'dropout.cc',
    'embedding.cc',
    'global_average_pooling1d.cc',
    'group_normalization.cc',
    'gru.cc',
    'lstm_gates.cc',
    'normalization.cc',
    'pooling.cc',
    'recurrent.cc',
    'registry.cc',
    'rescaling.cc',
    'reshape.cc',
    'rms_normalization.cc',
    'several_axes.cc',
    'simple_rnn.cc',
    'spectral_normalization.cc',
    'split_dense.cc',
    'up_sampling.cc',
  ],
  'native/kernels': [
    'direct_convolution.cc',
    'gemm/bf16.cc',
    'gemm/bf16_amx.cc',
    'gemm/bf16_native.cc',
    'gemm/bf16_pairs.cc',
    'gemm/blas.cc',
    'gemm/choice.cc',
    'gemm/gemm.cc',
    'gemm/matrix.h',
    'gemm/tiles-inl.h',
    'gemm/tiles.cc',
    'gemm/tiling.h',
    'im2col.cc',
    'loss_categorical_focal.cc',
    'loss_math-inl.h',
    'noise.cc',
    'normalization.cc',
  ],
};
const open = Object.entries(openIn).flatMap(([room, files]) => files.map((file) => `${room}/${file}`));

const own = ['--lines', '--all'];
const tests = process.argv.slice(2).filter((arg) => !own.includes(arg));
const asked = (flag) => process.argv.includes(flag);

function build({ clang, compiler }) {
  mkdirSync(folder, { recursive: true });
  // Counters in Highway's own functions would take hours.
  const counted = join(folder, 'counted.txt');
  writeFileSync(counted, [...rooms.map((room) => `src:${join(root, room)}/*`), '!src:*/hwy/*', ''].join('\n'));
  const { simd } = createRequire(import.meta.url)(join(root, addonPath)).info();
  configureEngine(
    'build/coverage',
    {
      CMAKE_C_COMPILER: clang,
      CMAKE_CXX_COMPILER: compiler,
      CMAKE_BUILD_TYPE: 'None',
      // Counts are not atomic, which would take as long: threads may lose some, never all. Highway includes a kernel once more for each
      // instruction set; from a header of the system, none of that would be looked at.
      CMAKE_CXX_FLAGS: `-O1 -fprofile-instr-generate -fcoverage-mapping -fprofile-list=${counted} --no-system-header-prefix=hwy/`,
      CMAKE_EXE_LINKER_FLAGS: '-fprofile-instr-generate',
      GEMMFIT_NATIVE_TESTS: 'ON',
      ...(process.arch === 'x64' ? { GEMMFIT_ONLY_TARGET: simd } : {}),
    },
    { quiet: true },
  );
  buildTarget('build/coverage', 'gemmfit_tests', { quiet: true });
}

/** Runs the tests; whether they passed, and what was reached. */
async function measure({ cov, profdata }) {
  const program = join(folder, 'gemmfit_tests');
  for (const name of readdirSync(folder)) if (name.endsWith('.profraw')) rmSync(join(folder, name));
  const { passed } = await runNativeTests(program, tests, { LLVM_PROFILE_FILE: join(folder, '%p.profraw') });
  // Tests that end a process leave a file of it.
  const raw = readdirSync(folder).filter((name) => name.endsWith('.profraw'));
  const profile = join(folder, 'tests.profdata');
  run(profdata, ['merge', '-sparse', '-failure-mode=all', ...raw.map((name) => join(folder, name)), '-o', profile], {
    quiet: true,
  });
  const text = run(cov, ['export', program, `-instr-profile=${profile}`, ...rooms.map((room) => join(root, room))], {
    quiet: true,
    maxBuffer: 2 ** 30,
  });
  return { passed, files: readCoverage(JSON.parse(text)) };
}

const percent = (part, all) => (all ? ((100 * part) / all).toFixed(1) : '-').padStart(6);
const row = (c, name) =>
  `${percent(c.ran, c.lines)} of ${String(c.lines).padStart(5)} lines ${percent(c.taken, c.branches)} of ${String(c.branches).padStart(5)} branches  ${name}`;

main('coverage', async () => {
  const tools = llvmTools();
  if (!tools) throw new Failure('needs clang, llvm-cov and llvm-profdata of one version. Run: npm run setup -- --for coverage');
  const start = performance.now();
  console.log('coverage: compiling the native tests');
  build(tools);
  const { passed, files } = await measure(tools);
  const all = { lines: 0, ran: 0, branches: 0, taken: 0, excused: 0 };
  const reasons = [];
  let lacking = 0;
  for (const [path, found] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = relative(root, path);
    const { counts, missing, used, stale } = judge(found, reasonsOf(readFileSync(path, 'utf8')));
    const isOpen = open.some((beginning) => name.startsWith(beginning));
    for (const key of Object.keys(all)) all[key] += counts[key];
    console.log(row(counts, `${name}${isOpen && missing.length ? ' (open)' : ''}`));
    if (asked('--all') || (asked('--lines') && !isOpen))
      for (const { line, column, what } of missing) console.log(`        ${name}:${line}${column ? `:${column}` : ''} ${what}`);
    if (!isOpen) lacking += missing.length;
    reasons.push(
      ...used.map(({ from, why }) => `${name}:${from} ${why}`),
      ...stale.map(({ from }) => `${name}:${from} is reached here`),
    );
  }
  console.log(row(all, `all, ${all.excused} of them by ${reasons.length} reasons, in ${seconds(start)}`));
  for (const reason of reasons) console.log(`        ${reason}`);
  if (!passed) throw new Failure('tests failed');
  if (lacking && !tests.length)
    throw new Failure(
      `${lacking} lines and branches are neither reached nor have a reason. To name them: npm run coverage -- --lines`,
    );
});
