// npm run bench [-- --only W1 --threads N --epochs N --json FILE]: seconds an epoch of training, gemmfit alone.
// Each workload runs in a process of its own: one epoch to warm up, then the median and the minimum of the others.
// `lossAfter6` of workloads.json is what the loss was when the engine was checked; a run of six epochs that ends elsewhere is wrong,
// and a wrong result has no time.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    threads: { type: 'string' },
    epochs: { type: 'string', default: '6' },
    json: { type: 'string' },
    trial: { type: 'string' },
  },
});
const workloads = JSON.parse(readFileSync(new URL('workloads.json', import.meta.url), 'utf8'));

/** Uniform numbers in [0, 1): the same data everywhere from a seed. */
function generator(seed) {
  let state = Math.imul(seed, 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Classes lie around random centres, with noise wide enough that an epoch does not learn all there is. */
function makeData({ rows, features, classes, seed }) {
  const uniform = generator(seed);
  // The sum of three uniform numbers, scaled to unit variance: near enough to normal, and quick for 47 million values.
  const normal = () => (uniform() + uniform() + uniform() - 1.5) * 2;
  const centres = Float32Array.from({ length: classes * features }, normal);
  const spread = 1.4 / Math.sqrt(features);
  const x = new Float32Array(rows * features);
  const y = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    y[row] = Math.floor(uniform() * classes);
    for (let i = 0; i < features; i++) x[row * features + i] = normal() + spread * centres[y[row] * features + i];
  }
  return { x, y };
}

async function trial(name) {
  const { data, units, loss, batchSize } = workloads[name];
  const { x, y } = makeData(data);
  const start = performance.now();
  const { layers, sequential, setRandomSeed, setThreads, version } = await import('../dist/index.mjs');
  const imported = performance.now();
  if (values.threads) setThreads(Number(values.threads));
  setRandomSeed(1);
  const output = units.at(-1) === 1 ? 'sigmoid' : 'softmax';
  const model = sequential(
    units.map((n, i) =>
      layers.dense({
        units: n,
        activation: i === units.length - 1 ? output : 'relu',
        ...(i === 0 && { inputShape: [data.features] }),
      }),
    ),
  );
  model.compile({ optimizer: 'adam', loss, metrics: ['accuracy'] });

  const ends = [];
  let began = 0;
  const clock = {
    onEpochBegin: () => {
      if (!began) began = performance.now();
    },
    onEpochEnd: () => {
      ends.push(performance.now());
    },
  };
  const { history } = await model.fit(x, y, { batchSize, epochs: Number(values.epochs), verbose: 0, callbacks: [clock] });
  return {
    workload: name,
    epochs: ends.slice(1).map((end, i) => (end - ends[i]) / 1000),
    loss: history.loss.at(-1),
    accuracy: history.accuracy.at(-1),
    importMs: imported - start,
    firstEpochMs: ends[0] - start,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    version: { ...version },
  };
}

const median = (list) => {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const wrong = ({ workload, epochs, loss }) => {
  const expected = workloads[workload].lossAfter6;
  return epochs.length === 5 && expected !== undefined && !(Math.abs(loss - expected) <= 0.1 * expected);
};
const time = (s) => (s < 1 ? `${(s * 1000).toFixed(s < 0.1 ? 2 : 0)} ms` : `${s.toFixed(2)} s`);

const columns = [
  ['workload', (r) => r.workload],
  ['batch', (r) => workloads[r.workload].batchSize],
  ['median', (r) => (wrong(r) ? 'WRONG' : time(median(r.epochs)))],
  ['min', (r) => (wrong(r) ? 'WRONG' : time(Math.min(...r.epochs)))],
  [
    'us/step',
    (r) => ((median(r.epochs) * 1e6) / Math.ceil(workloads[r.workload].data.rows / workloads[r.workload].batchSize)).toFixed(1),
  ],
  ['samples/s', (r) => Math.round(workloads[r.workload].data.rows / median(r.epochs)).toLocaleString('en-US')],
  ['loss', (r) => r.loss.toFixed(4)],
  ['import', (r) => `${r.importMs.toFixed(0)} ms`],
  ['to 1st epoch', (r) => time(r.firstEpochMs / 1000)],
  ['peak', (r) => `${r.peakMiB.toFixed(0)} MiB`],
];

function report(names) {
  const results = names.map((name) => {
    const args = [
      fileURLToPath(import.meta.url),
      '--trial',
      name,
      '--epochs',
      values.epochs,
      ...(values.threads ? ['--threads', values.threads] : []),
    ];
    const child = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    if (child.status !== 0) throw new Error(`${name} failed (${child.signal ?? `exit status ${child.status}`})`);
    return JSON.parse(child.stdout);
  });
  const { version } = results[0];
  console.log(
    `gemmfit ${version.gemmfit}, ${version.blas}, ${version.simd}, threads: ${version.threads}; node ${process.version}; ${cpus()[0].model}, ${cpus().length} cores`,
  );
  console.log(`seconds an epoch: median and minimum of ${results[0].epochs.length} after one to warm up\n`);
  const table = [columns.map(([head]) => head), ...results.map((result) => columns.map(([, cell]) => String(cell(result))))];
  const widths = columns.map((_, i) => Math.max(...table.map((row) => row[i].length)));
  for (const row of table) console.log(row.map((cell, i) => cell.padStart(widths[i])).join('  '));
  for (const result of results.filter(wrong)) {
    console.error(`${result.workload}: the loss is ${result.loss}, and ${workloads[result.workload].lossAfter6} was expected`);
    process.exitCode = 1;
  }
  if (values.json)
    writeFileSync(
      values.json,
      `${JSON.stringify({ date: new Date().toISOString(), node: process.version, cpu: cpus()[0].model, results }, null, 2)}\n`,
    );
}

const names = values.only ?? Object.keys(workloads);
const unknown = [...names, values.trial].filter((name) => name !== undefined && !workloads[name]);
if (unknown.length) throw new Error(`unknown workloads: ${unknown.join(', ')}. There are ${Object.keys(workloads).join(', ')}`);
if (values.trial) console.log(JSON.stringify(await trial(values.trial)));
else report(names);
