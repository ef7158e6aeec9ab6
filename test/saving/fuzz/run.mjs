// node test/saving/fuzz/run.mjs [--changes N] [--prefixes N|all] [--every K] [--only TEXT] [--minutes M]: the golden files and some of our own, each cut at every length
// (or at N of them) and changed N times. What comes of it must be a model, or an error of ours, in less than a second and 256 MB; no process may die.
//   --every K    only each K-th of the golden files
//   --minutes M  begins nothing new after M minutes, and says how far it came
import { fork } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    changes: { type: 'string', default: '10000' },
    prefixes: { type: 'string', default: 'all' },
    every: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    minutes: { type: 'string', default: 'Infinity' },
  },
});
/** A process is believed dead when it stays at one file for so long, on a busy machine too. */
const PATIENCE_MS = 60_000;
const AT_ONCE = 250;
const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'gemmfit-fuzz-'));

async function ownFiles() {
  const { array, layers, sequential, setRandomSeed } = createRequire(import.meta.url)('../../../dist/index.js');
  setRandomSeed(1);
  const model = sequential([
    layers.embedding({ inputDim: 9, outputDim: 2, inputShape: [3] }),
    layers.lstm({ units: 2 }),
    layers.dense({ units: 1 }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  await model.fit(array(Int32Array.from([1, 2, 3]), [1, 3]), [[1]], { verbose: 0 });
  for (const format of ['keras', 'h5', 'weights.h5', 'safetensors', 'npz'])
    writeFileSync(join(folder, `own.${format}`), await model.toBuffer(format));
  const tfjs = join(folder, 'tfjs');
  await model.save(`${tfjs}/`);
  return [...readdirSync(folder).filter((f) => f.startsWith('own')), ...readdirSync(tfjs).map((f) => `tfjs/${f}`)].map((f) =>
    join(folder, f),
  );
}

function* tasksOf(file) {
  const { size } = statSync(file);
  const parts = function* (kind, count) {
    for (let from = 0; from < count; from += AT_ONCE) yield { file, kind, from, to: Math.min(count, from + AT_ONCE) };
  };
  yield* parts('changes', Number(values.changes));
  if (values.prefixes === 'all') yield* parts('prefixes', size);
  else
    for (let i = 0; i < Number(values.prefixes); i++) {
      const from = Math.floor(((i + 0.5) / Number(values.prefixes)) * size);
      yield { file, kind: 'prefixes', from, to: from + 1 };
    }
}

const total = { files: 0, tasks: 0, tried: 0, read: 0, slowest: 0, bytes: 0, findings: 0 };
function report(line) {
  total.findings++;
  console.log(`FINDING ${line}`);
}

/** Gives tasks to one process after the other, a new one where the last has died. */
async function work(tasks, number) {
  const at = join(folder, `at.${number}`);
  let child = null;
  for (const task of tasks) {
    child ??= fork(join(here, 'one_process.mjs'), [], {
      execArgv: ['--no-warnings'],
      env: { ...process.env, GEMMFIT_FUZZ_AT: at },
    });
    const done = await answerOf(child, task, at);
    total.tasks++;
    if (typeof done === 'string') {
      report(`${basename(task.file)}, ${task.kind} ${readFileSync(at, 'utf8').trim()}: ${done}`);
      child = null;
      continue;
    }
    total.tried += done.tried;
    total.read += done.read;
    total.slowest = Math.max(total.slowest, done.slowest);
    total.bytes = Math.max(total.bytes, done.bytes);
    for (const line of done.findings) report(line);
  }
  child?.disconnect();
}

function answerOf(child, task, at) {
  return new Promise((resolve) => {
    let place = '';
    const timer = setInterval(() => {
      const now = readFileSync(at, 'utf8');
      if (now === place) child.kill('SIGKILL');
      place = now;
    }, PATIENCE_MS);
    const end = (value) => {
      clearInterval(timer);
      child.removeAllListeners();
      resolve(value);
    };
    child.once('message', end);
    child.once('exit', (code, signal) => end(`the process ended: ${signal ?? code}`));
    child.send(task);
  });
}

const golden = readdirSync(join(here, '../files')).filter((f) => !f.endsWith('.json'));
const files = [
  ...(await ownFiles()),
  ...golden.filter((_, i) => i % Number(values.every) === 0).map((f) => join(here, '../files', f)),
].filter((f) => basename(f).includes(values.only));
const end = performance.now() + 60_000 * Number(values.minutes);
function* all() {
  for (const file of files) {
    for (const task of tasksOf(file)) {
      if (performance.now() > end) return;
      yield task;
    }
    total.files++;
  }
}
const tasks = all();
await Promise.all(
  Array.from({ length: availableParallelism() }, (_, i) => work({ [Symbol.iterator]: () => ({ next: () => tasks.next() }) }, i)),
);
rmSync(folder, { recursive: true, force: true });
console.log(
  `fuzz: ${total.files} of ${files.length} files, ${total.tried} tries, ${total.read} read, ${total.findings} findings; the slowest took ${Math.round(total.slowest)} ms of the processor (wanted: below 1000), memory grew by at most ${Math.round(total.bytes / 2 ** 20)} MB (wanted: below 256)`,
);
process.exitCode = total.findings ? 1 : 0;
