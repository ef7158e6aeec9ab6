// TensorFlow.js layers: node tfjs.mjs MANIFEST EPOCHS BUDGET, with TFJS_FOLDER (where it is installed) and TFJS_BACKEND (cpu, wasm, node).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readData } from '../lib/data.mjs';
import { peakMiB } from '../lib/memory.mjs';

const [manifestFile, epochs, budget] = process.argv.slice(2);
const { TFJS_FOLDER: folder, TFJS_BACKEND: backend } = process.env;
const workload = JSON.parse(readFileSync(manifestFile, 'utf8'));
const { x, y } = readData(workload);
const began = performance.now();
const require = createRequire(join(folder, 'package.json'));
const tf = require(backend === 'node' ? '@tensorflow/tfjs-node' : '@tensorflow/tfjs');
if (backend === 'wasm') {
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
}
if (backend !== 'node') await tf.setBackend(backend);
await tf.ready();
const imported = performance.now();

const { data, kind, units, loss } = workload;
const model = tf.sequential();
const add = (name, options) => model.add(tf.layers[name](options));
if (kind === 'mlp')
  units.forEach((n, i) => {
    const activation = i < units.length - 1 ? 'relu' : n === 1 ? 'sigmoid' : 'softmax';
    add('dense', { units: n, activation, ...(i === 0 && { inputShape: [data.features] }) });
  });
if (kind === 'cnn') {
  add('conv2d', { filters: 32, kernelSize: 3, activation: 'relu', inputShape: data.shape });
  add('maxPooling2d', { poolSize: 2 });
  add('conv2d', { filters: 64, kernelSize: 3, activation: 'relu' });
  add('maxPooling2d', { poolSize: 2 });
  add('flatten', {});
  add('dense', { units: 128, activation: 'relu' });
  add('dense', { units: 10, activation: 'softmax' });
}
if (kind === 'lstm') {
  add('lstm', { units: 64, inputShape: [data.steps, data.features], recurrentActivation: 'sigmoid' });
  add('dense', { units: 1 });
}
if (kind === 'text') {
  add('embedding', { inputDim: data.vocabulary, outputDim: 64, inputLength: data.steps });
  add('globalAveragePooling1d', {});
  add('dense', { units: 16, activation: 'relu' });
  add('dense', { units: 1, activation: 'sigmoid' });
}
const names = {
  binary_crossentropy: 'binaryCrossentropy',
  sparse_categorical_crossentropy: 'sparseCategoricalCrossentropy',
  mean_squared_error: 'meanSquaredError',
};
model.compile({ optimizer: tf.train.adam(0.001), loss: names[loss], metrics: loss.includes('crossentropy') ? ['accuracy'] : [] });
const flat = new Float32Array(new Uint8Array(readFileSync(workload.weights.file)).buffer);
let at = 0;
model.setWeights(
  workload.weights.shapes.map((shape) => {
    const from = at;
    at += shape.reduce((n, d) => n * d, 1);
    return tf.tensor(flat.slice(from, at), shape);
  }),
);
const X = tf.tensor(x, workload.x.shape, workload.x.type);
const Y = tf.tensor(Float32Array.from(y), [workload.rows, 1]);
const check = await model.fit(X, Y, { batchSize: workload.batchSize, epochs: 1, shuffle: false, verbose: 0 });
const firstEpoch = performance.now();
const times = [];
let start = 0;
await model.fit(X, Y, {
  batchSize: workload.batchSize,
  epochs: Number(epochs),
  verbose: 0,
  callbacks: {
    onEpochBegin: () => {
      start = performance.now();
    },
    onEpochEnd: () => {
      times.push((performance.now() - start) / 1000);
      if (times.length >= 5 && times.reduce((sum, t) => sum + t, 0) > Number(budget)) model.stopTraining = true;
    },
  },
});
console.log(
  JSON.stringify({
    loss: check.history.loss[0],
    epochs: times,
    importMs: imported - began,
    firstEpochMs: firstEpoch - began,
    peakMiB: peakMiB(),
    threads: null,
    version: `TensorFlow.js ${tf.version.tfjs}, ${backend}`,
  }),
);
process.exit(0);
