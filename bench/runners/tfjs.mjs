// TensorFlow.js layers: node tfjs.mjs MANIFEST EPOCHS BUDGET MOST, with TFJS_FOLDER (where it is installed) and TFJS_BACKEND (cpu, wasm, node).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beginGrowth } from '../lib/memory.mjs';
import { clock, mostEpochs, readTrial, reportTrial } from '../lib/trial.mjs';

const { TFJS_FOLDER: folder, TFJS_BACKEND: backend } = process.env;
const { workload, x, y } = readTrial();
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

const { layers, loss } = workload;
const X = tf.tensor(x, workload.x.shape, workload.x.type);
const Y = tf.tensor(Float32Array.from(y), [workload.rows, 1]);
beginGrowth();
const model = tf.sequential();
for (const [i, [name, options]] of layers.entries()) {
  const first = i === 0 && { inputShape: workload.x.shape.slice(1) };
  // Its recurrent layers have Keras 1's default.
  model.add(tf.layers[name]({ ...options, ...first, ...(name === 'lstm' && { recurrentActivation: 'sigmoid' }) }));
}
const names = {
  binary_crossentropy: 'binaryCrossentropy',
  sparse_categorical_crossentropy: 'sparseCategoricalCrossentropy',
  mean_squared_error: 'meanSquaredError',
};
// Keras adds epsilon to the root of the second moment before its bias is corrected, TensorFlow.js after it.
const optimizer = tf.train.adam(0.001);
const applyGradients = optimizer.applyGradients.bind(optimizer);
let step = 0;
optimizer.applyGradients = (gradients) => {
  optimizer.epsilon = 1e-7 / Math.sqrt(1 - 0.999 ** ++step);
  applyGradients(gradients);
};
model.compile({ optimizer, loss: names[loss], metrics: loss.includes('crossentropy') ? ['accuracy'] : [] });
const flat = new Float32Array(new Uint8Array(readFileSync(workload.weights.file)).buffer);
let at = 0;
// Layer by layer: the model as a whole has its own order, with statistics last.
for (const [i, layer] of model.layers.entries())
  layer.setWeights(
    workload.weights.shapes[i].map((shape) => {
      const from = at;
      at += shape.reduce((n, d) => n * d, 1);
      return tf.tensor(flat.slice(from, at), shape);
    }),
  );
const check = await model.fit(X, Y, { batchSize: workload.batchSize, epochs: 1, shuffle: false, verbose: 0 });
const firstEpoch = performance.now();
const { times, ...callbacks } = clock(model);
await model.fit(X, Y, { batchSize: workload.batchSize, epochs: mostEpochs, verbose: 0, callbacks });
reportTrial({
  loss: check.history.loss[0],
  epochs: times,
  importMs: imported - began,
  firstEpochMs: firstEpoch - began,
  threads: null,
  version: `TensorFlow.js ${tf.version.tfjs}, ${backend}`,
});
process.exit(0);
