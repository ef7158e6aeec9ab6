// node bench/csv.mjs [--megabytes 2000] [--workers 0] [--python PYTHON]: a CSV file of 20 columns and a label trains a small network. What reading alone
// takes, what training takes, in turn, and how much memory beyond that of the model, each in a process of its own. With --python pandas beside it, and Keras
// where it can be imported. The file is made once, in the system's folder for such files.
import { execFileSync } from 'node:child_process';
import { existsSync, renameSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '2000' },
    workers: { type: 'string', default: '0' },
    batch: { type: 'string', default: '128' },
    runs: { type: 'string', default: '3' },
    python: { type: 'string' },
    task: { type: 'string' },
  },
});
const COLUMNS = 20;
const path = join(tmpdir(), `gemmfit-bench-${values.megabytes}.csv`);
const me = fileURLToPath(import.meta.url);

/** Rows as pandas writes them: numbers with up to 17 digits, one file for each size. */
async function makeFile() {
  if (existsSync(path)) return;
  const names = [...Array.from({ length: COLUMNS }, (_, i) => `x${i}`), 'target'];
  // Some thousand rows, again and again: what is read does not hang on it, and making them would take longest.
  const lines = Array.from({ length: 5000 }, () => {
    const row = Array.from({ length: COLUMNS }, () => 4 * Math.random() - 2);
    return [...row, Number(row[0] + row[1] > 0)].join();
  });
  const part = `${lines.join('\n')}\n`;
  const file = await open(`${path}.part`, 'w');
  await file.write(`${names.join()}\n`);
  for (let bytes = 0; bytes < Number(values.megabytes) * 1e6; bytes += part.length) await file.write(part);
  await file.close();
  renameSync(`${path}.part`, path);
}

const tasks = {
  /** What there is before any file is read. */
  async model() {
    const { data } = await setUp();
    return data.fromArrays(new Float32Array(COLUMNS * 4096).map(Math.random), new Float32Array(COLUMNS * 4096)).take(1);
  },
  async read() {
    const { data } = await setUp();
    let rows = 0;
    for await (const [, y] of table(data)) rows += y.length;
    if (rows === 0) throw new Error('nothing was read');
  },
  async train() {
    const { data, model } = await setUp();
    const { history } = await model.fit(table(data), null, { verbose: 0 });
    // It has learned from what it read.
    if (!(history.loss[0] < 0.6)) throw new Error(`the loss is ${history.loss[0]}`);
  },
};

const table = (data) =>
  data
    .csv(path, { label: 'target', workers: Number(values.workers) })
    .pack()
    .shuffle(10_000, 1)
    .batch(Number(values.batch));

async function setUp() {
  const { data, layers, sequential, setRandomSeed } = await import('gemmfit');
  setRandomSeed(1);
  const model = sequential([
    layers.dense({ units: 64, activation: 'relu', inputShape: [COLUMNS] }),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'binary_crossentropy' });
  const rows = 4096;
  const x = Float32Array.from({ length: rows * COLUMNS }, Math.random);
  await model.fit(x, new Float32Array(rows), { batchSize: Number(values.batch), verbose: 0 });
  return { data, model };
}

async function runTask(name) {
  const begin = performance.now();
  await tasks[name]();
  const seconds = (performance.now() - begin) / 1000;
  console.log(JSON.stringify({ seconds, peak: process.resourceUsage().maxRSS / 1024 }));
}

const child = (name) => {
  const options = Object.entries({ ...values, task: name, python: undefined }).flatMap(([key, value]) =>
    value ? [`--${key}`, value] : [],
  );
  return JSON.parse(execFileSync(process.execPath, [me, ...options], { encoding: 'utf8' }));
};
const python = () =>
  JSON.parse(execFileSync(values.python, [join(me, '../peers/csv_pandas.py'), path, values.batch], { encoding: 'utf8' }));
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

if (values.task) await runTask(values.task);
else {
  await makeFile();
  const megabytes = (await stat(path)).size / 1e6;
  const base = child('model').peak;
  const seen = { read: [], train: [], pandas: [], keras: [] };
  for (let run = 0; run < Number(values.runs); run++) {
    for (const name of ['read', 'train']) seen[name].push(child(name));
    if (!values.python) continue;
    const { pandas, keras } = python();
    seen.pandas.push({ seconds: pandas, peak: Number.NaN });
    if (keras) seen.keras.push({ seconds: keras, peak: Number.NaN });
  }
  console.log(
    `${megabytes.toFixed(0)} MB, ${COLUMNS + 1} columns, batches of ${values.batch}, workers ${values.workers}, medians of ${values.runs} runs in turn`,
  );
  for (const [name, list] of Object.entries(seen).filter(([, found]) => found.length)) {
    const peak = median(list.map((one) => one.peak)) - base;
    const memory = Number.isNaN(peak) ? '' : `, ${peak.toFixed(0)} MB beyond the model's ${base.toFixed(0)}`;
    console.log(`${name.padEnd(7)} ${(megabytes / median(list.map((one) => one.seconds))).toFixed(0).padStart(5)} MB/s${memory}`);
  }
  const ratios = seen.train.map((one, i) => seen.read[i].seconds / one.seconds);
  console.log(`training reaches ${(100 * median(ratios)).toFixed(0)} % of the speed of reading alone`);
}
