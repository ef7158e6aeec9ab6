// A trial of gemmfit: node gemmfit.mjs MANIFEST EPOCHS BUDGET MOST [THREADS]
import { beginGrowth } from '../lib/memory.mjs';
import { clock, mostEpochs, readTrial, reportTrial } from '../lib/trial.mjs';

const { workload, threads, x: floats, y } = readTrial();
const x = process.env.BENCH_UINT8 ? Uint8Array.from(floats, (v) => Math.max(0, Math.min(255, 128 + 40 * v))) : floats;
const began = performance.now();
const { buildModel } = await import('./gemmfit_model.mjs');
await import('../../dist/index.mjs');
const imported = performance.now();
beginGrowth();
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
const timer = clock(model);
await model.fit(x, y, { batchSize: workload.batchSize, epochs: mostEpochs, verbose: 0, callbacks: [timer] });
const { version } = gemmfit;
reportTrial({
  loss: check.history.loss[0],
  epochs: timer.times,
  importMs: imported - began,
  // Without reading the data, which each system does in its own way.
  firstEpochMs: firstEpoch - began,
  threads: version.threads,
  version: `gemmfit ${version.gemmfit}, ${version.simd}, ${version.blas.split(' ').slice(0, 2).join(' ')} (${version.blas.split(' ').at(-1)})`,
});
