// A trial of gemmfit: node gemmfit.mjs MANIFEST EPOCHS BUDGET [THREADS]
import { readFileSync } from 'node:fs';
import { readData } from '../lib/data.mjs';
import { peakMiB } from '../lib/memory.mjs';

const [manifestFile, epochs, budget, threads] = process.argv.slice(2);
const workload = JSON.parse(readFileSync(manifestFile, 'utf8'));
const { x: floats, y } = readData(workload);
const x = process.env.BENCH_UINT8 ? Uint8Array.from(floats, (v) => Math.max(0, Math.min(255, 128 + 40 * v))) : floats;
const began = performance.now();
const { buildModel } = await import('./gemmfit_model.mjs');
await import('../../dist/index.mjs');
const imported = performance.now();
const { model, gemmfit } = await buildModel(workload);
if (threads) gemmfit.setThreads(Number(threads));

// The loss of an epoch in the order of the file: the same for everyone who starts from these weights.
let firstEpoch = 0;
const check = await model.fit(x, y, {
  batchSize: workload.batchSize,
  shuffle: false,
  verbose: 0,
  callbacks: [
    {
      onEpochEnd: () => {
        firstEpoch = performance.now();
      },
    },
  ],
});
const times = [];
let start = 0;
const clock = {
  onEpochBegin: () => {
    start = performance.now();
  },
  onEpochEnd: () => {
    times.push((performance.now() - start) / 1000);
    const spent = times.reduce((sum, t) => sum + t, 0);
    if (times.length >= 5 && spent > Number(budget)) model.stopTraining = true;
  },
};
await model.fit(x, y, { batchSize: workload.batchSize, epochs: Number(epochs), verbose: 0, callbacks: [clock] });
const { version } = gemmfit;
console.log(
  JSON.stringify({
    loss: check.history.loss[0],
    epochs: times,
    importMs: imported - began,
    // Without reading the data, which each system does in its own way.
    firstEpochMs: firstEpoch - began,
    peakMiB: peakMiB(),
    threads: version.threads,
    version: `gemmfit ${version.gemmfit}, ${version.simd}, ${version.blas.split(' ').slice(0, 2).join(' ')} (${version.blas.split(' ').at(-1)})`,
  }),
);
