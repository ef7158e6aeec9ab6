// npm run coverage [-- --lines] [-- --gtest_filter=...]: which lines and branches of native/ops, native/engine and native/kernels the
// native tests run, as g++ and gcov count them (build/coverage). --lines names those that no test runs. A line that none can run says why:
// `// coverage: reason`. Branches that the compiler makes for exceptions do not count.
import { readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { buildTarget, configureEngine } from './lib/native.mjs';
import { Failure, main, root, run, seconds, status, which } from './lib/shell.mjs';

const folder = 'build/coverage';
const rooms = ['native/ops', 'native/engine', 'native/kernels'];
const aim = 95;

const tests = process.argv.slice(2).filter((arg) => arg !== '--lines');
const names = process.argv.includes('--lines');

function build() {
  configureEngine(
    folder,
    {
      CMAKE_C_COMPILER: 'gcc',
      CMAKE_CXX_COMPILER: 'g++',
      CMAKE_BUILD_TYPE: 'None',
      // Optimized a little, or the kernels take hours. Counts are not atomic, which would take as long: threads may lose some, never all.
      CMAKE_CXX_FLAGS: '-O1 --coverage -fprofile-update=single',
      CMAKE_EXE_LINKER_FLAGS: '--coverage',
      GEMMFIT_NATIVE_TESTS: 'ON',
    },
    { quiet: true },
  );
  buildTarget(folder, 'gemmfit_tests', { quiet: true });
}

const countsOf = async () =>
  (await readdir(join(root, folder), { recursive: true }))
    .filter((name) => name.endsWith('.gcda') && rooms.some((room) => name.includes(`${room}/`)))
    .map((name) => join(root, folder, name));

/**
 * Whether each branch was taken, two ways of a condition after each other. The way past a call that may throw is none. Nor is a condition
 * that was never reached on a line that ran: what cleans up after an exception, or what another condition's missing way would lead to.
 */
function real(branches, ran) {
  const taken = [];
  for (let i = 0; i < branches.length; i += 2) {
    const ways = branches.slice(i, i + 2);
    if (ways.some((way) => way.throws) || (ran && ways.every((way) => way.count === 0))) continue;
    taken.push(...ways.map((way) => way.count > 0));
  }
  return taken;
}

/**
 * What gcov counts of each file: for each line whether it ran, and for each of its branches whether it was taken. A template's or a kernel's
 * instances (one for each set of instructions) count together.
 */
function read(counts) {
  const files = new Map();
  for (const one of counts) {
    const text = run('gcov', ['--json-format', '--branch-probabilities', '--stdout', one], { quiet: true });
    for (const { current_working_directory: from, files: listed } of text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)))
      for (const file of listed) {
        const name = relative(root, resolve(from, file.file));
        if (!rooms.some((room) => name.startsWith(`${room}/`))) continue;
        if (!files.has(name)) files.set(name, new Map());
        const lines = files.get(name);
        const here = new Map();
        for (const { line_number: number, count, branches } of file.lines) {
          const line = lines.get(number) ?? { ran: false, branches: [] };
          line.ran ||= count > 0;
          lines.set(number, line);
          // Branches of a line's instances in one file are alike where there are as many of them.
          const key = `${number} ${branches.length}`;
          const known = here.get(key) ?? branches.map(({ throw: throws }) => ({ throws, count: 0 }));
          here.set(
            key,
            known.map((branch, i) => ({ ...branch, count: branch.count + branches[i].count })),
          );
        }
        for (const [key, branches] of here) {
          const line = lines.get(Number(key.split(' ')[0]));
          const taken = real(branches, line.ran);
          // The instance that is covered best stands for the others.
          const rate = (list) => (list.length ? list.filter(Boolean).length / list.length : -1);
          if (rate(taken) > rate(line.branches)) line.branches = taken;
        }
      }
  }
  return files;
}

const excused = (name) =>
  new Set(
    readFileSync(join(root, name), 'utf8')
      .split('\n')
      .flatMap((text, i) => (/\/\/ coverage: \S/.test(text) ? [i + 1] : [])),
  );

function sum(name, lines) {
  const excuses = excused(name);
  const counted = [...lines].filter(([number]) => !excuses.has(number));
  const branches = counted.flatMap(([, line]) => line.branches);
  return {
    name,
    lines: counted.length,
    ran: counted.filter(([, line]) => line.ran).length,
    branches: branches.length,
    taken: branches.filter(Boolean).length,
    missing: counted.filter(([, line]) => !line.ran || line.branches.includes(false)).sort(([a], [b]) => a - b),
  };
}

const percent = (part, all) => (all ? ((100 * part) / all).toFixed(1) : '-').padStart(6);
const row = (s, name = s.name) =>
  `${percent(s.ran, s.lines)} of ${String(s.lines).padStart(5)} lines ${percent(s.taken, s.branches)} of ${String(s.branches).padStart(5)} branches  ${name}`;

main('coverage', async () => {
  if (!which('g++') || !which('gcov')) throw new Failure('needs g++ and gcov');
  const start = performance.now();
  console.log('coverage: compiling the native tests');
  build();
  for (const old of await countsOf()) await rm(old);
  const failed = status(join(root, folder, 'gemmfit_tests'), ['--gtest_brief=1', ...tests]) !== 0;
  const sums = [...read(await countsOf())].map(([name, lines]) => sum(name, lines)).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const s of sums) {
    console.log(row(s));
    if (names)
      for (const [number, line] of s.missing)
        console.log(
          `        ${s.name}:${number} ${line.ran ? `${line.branches.filter((t) => !t).length} of ${line.branches.length} branches` : 'never ran'}`,
        );
  }
  const total = (key) => sums.reduce((all, s) => all + s[key], 0);
  const all = Object.fromEntries(['lines', 'ran', 'branches', 'taken'].map((key) => [key, total(key)]));
  console.log(row(all, `all, in ${seconds(start)}; the aim is ${aim}`));
  if (failed) throw new Failure('tests failed');
});
