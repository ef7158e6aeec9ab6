// node bench/dataset.mjs: an epoch of 20-32-16-1 (W1's stack) from arrays, and from datasets of batches of 32 that lie ready. Runs alternate in one process.
import { layers, sequential, setRandomSeed } from '../dist/index.mjs';

const samples = 10016;
const size = 32;
const rounds = 40;
const x = Float32Array.from({ length: 20 * samples }, (_, i) => Math.sin(i * i));
const y = Float32Array.from({ length: samples }, (_, i) => i % 2);
const batch = (i) => [x.subarray(20 * i, 20 * (i + size)), y.subarray(i, i + size)];

function* generator() {
  for (let i = 0; i < samples; i += size) yield batch(i);
}
async function* asyncGenerator() {
  yield* generator();
}
const list = Array.from(generator(), ([xs, ys]) => ({ xs, ys }));

const fits = {
  arrays: (model) => model.fit(x, y, { verbose: 0, shuffle: false }),
  'a list of batches': (model) => model.fit(list, null, { verbose: 0 }),
  'a generator': (model) => model.fit(generator, null, { verbose: 0 }),
  'an async generator': (model) => model.fit(asyncGenerator, null, { verbose: 0 }),
};

function make() {
  setRandomSeed(1);
  const model = sequential([
    layers.dense({ units: 32, activation: 'relu', inputShape: [20] }),
    layers.dense({ units: 16, activation: 'relu' }),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'binary_crossentropy', metrics: ['accuracy'] });
  return model;
}

const runs = Object.entries(fits).map(([name, fit]) => ({ name, fit, model: make(), times: [] }));
for (let round = 0; round < rounds; round++)
  for (const { fit, model, times } of runs) {
    const begin = performance.now();
    await fit(model);
    times.push(performance.now() - begin);
  }
// The first rounds warm up.
const median = (times) => times.slice(rounds / 4).sort((a, b) => a - b)[Math.floor((rounds * 3) / 8)];
const base = median(runs[0].times);
for (const { name, times } of runs)
  console.log(`${name}: ${median(times).toFixed(2)} ms an epoch, ${(median(times) / base).toFixed(1)} times arrays`);
