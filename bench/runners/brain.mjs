// brain.js: plain gradient descent, a sample at a time, with sigmoids: less work than Adam. BRAIN_FOLDER: where it is installed.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beginGrowth } from '../lib/memory.mjs';
import { enough, readTrial, reportTrial } from '../lib/trial.mjs';

const { workload, x, y } = readTrial();
const began = performance.now();
const require = createRequire(join(process.env.BRAIN_FOLDER, 'package.json'));
const brain = require('brain.js');
const imported = performance.now();
const { features } = workload.data;
const outputs = workload.units.at(-1);
const samples = Array.from({ length: workload.rows }, (_, i) => ({
  input: Array.from(x.subarray(i * features, (i + 1) * features)),
  output: outputs === 1 ? [y[i]] : Array.from({ length: outputs }, (_, k) => (k === y[i] ? 1 : 0)),
}));
beginGrowth();
const network = new brain.NeuralNetwork({ inputSize: features, outputSize: outputs, hiddenLayers: workload.units.slice(0, -1) });
const epoch = () => network.train(samples, { iterations: 1, learningRate: 0.01, errorThresh: 1e-9, log: false }).error;
const loss = epoch();
const firstEpoch = performance.now();
const times = [];
while (!enough(times)) {
  const start = performance.now();
  epoch();
  times.push((performance.now() - start) / 1000);
}
reportTrial({
  loss,
  epochs: times,
  importMs: imported - began,
  firstEpochMs: firstEpoch - began,
  threads: 1,
  version: `brain.js ${JSON.parse(readFileSync(join(process.env.BRAIN_FOLDER, 'node_modules/brain.js/package.json'), 'utf8')).version}`,
  note: 'gradient descent, a sample at a time',
});
