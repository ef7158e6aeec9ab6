// Our side of the trials.  node test/interop/ours.mjs write DIR: trains the models, saves them in every format, and writes what they predict and learn next.
//   node test/interop/ours.mjs write DIR TEXT: only those whose name has this text.
//   node test/interop/ours.mjs read DIR: reads what the others saved after training on, and compares.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { missing, trials } from './models.mjs';

const gemmfit = createRequire(import.meta.url)('../../dist/index.js');
const { array, loadModel, modelFromJSON, optimizers, sequential, input, setRandomSeed } = gemmfit;
const [command, folder, only = ''] = process.argv.slice(2);
const samples = 12;
const fitOptions = { epochs: 1, batchSize: 4, shuffle: false, verbose: 0 };

const sizeOf = (shape) => shape.reduce((n, d) => n * d, 1);
const stored = (a) => ({ shape: [...a.shape], data: Array.from(a.data, Number) });
const restored = ({ shape, data }, Kind = Float32Array) => array(Kind.from(data), shape);
const weightsOf = (model) => model.getWeights().map(stored);
/** Numbers that no pattern of strides repeats. */
const wave = (n, k) => Math.fround(Math.sin(1 + n * 1.7 + k) * 0.9);

function data({ shape, ids }, outputShape) {
  const x = Array.from({ length: samples * sizeOf(shape) }, (_, i) => (ids ? (i * 5 + (i >> 2)) % ids : wave(i, 0)));
  const full = [samples, ...outputShape.slice(1)];
  const y = Array.from({ length: sizeOf(full) }, (_, i) => wave(i, 2) * 0.5);
  return [
    { shape: [samples, ...shape], data: x },
    { shape: full, data: y },
  ];
}

async function writeTrial(id, name, trial) {
  setRandomSeed(7);
  const first = input({ shape: trial.shape, ...(trial.ids ? { dtype: 'int32' } : {}) });
  const model = sequential({ name: 'trial', layers: [first, ...trial.layers] });
  model.compile({ optimizer: trial.optimizer ?? optimizers.sgd({ learningRate: 0.05, momentum: 0.9 }), loss: 'mse' });
  const [x, y] = data(trial, model.outputShape);
  const [xs, ys] = [restored(x, trial.ids ? Int32Array : Float32Array), restored(y)];
  await model.fit(xs, ys, fitOptions);
  const refused = {};
  for (const ending of ['keras', 'h5', 'weights.h5', 'safetensors', 'npz', 'tfjs/'])
    try {
      const path = join(folder, `${id}.${ending}`);
      await (/^(keras|h5|tfjs\/)$/.test(ending) ? model.save(path) : model.saveWeights(path));
    } catch (error) {
      refused[ending] = `${error.code}: ${error.message}`;
    }
  const before = { weights: weightsOf(model), predictions: stored(await model.predict(xs, { verbose: 0 })) };
  await model.fit(xs, ys, fitOptions);
  const after = { weights: weightsOf(model), predictions: stored(await model.predict(xs, { verbose: 0 })) };
  return {
    id,
    name,
    ids: Boolean(trial.ids),
    random: Boolean(trial.random),
    x,
    y,
    before,
    after,
    refused,
    config: model.toJSON(),
  };
}

async function write() {
  mkdirSync(folder, { recursive: true });
  const made = trials(gemmfit);
  const without = missing(gemmfit, made);
  if (without.length) throw new Error(`no trial for ${without.join(', ')}`);
  const cases = [];
  for (const [i, [name, trial]] of Object.entries(made).entries())
    if (name.includes(only)) cases.push(await writeTrial(`t${i}`, name, trial));
  writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
  console.log(`${cases.length} models`);
}

/** The largest difference, beside the size of what is right. */
function distance(got, right) {
  if (got.length !== right.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < got.length; i++) {
    const difference = Math.abs(got[i] - right[i]) / Math.max(1, Math.abs(right[i]));
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

/** Whether a file holds what its optimizer kept: Keras 3 leaves that out of `.h5`. */
const trainsOn = (file, by) => /\.(keras|folder)$/.test(file) || (/(?<!weights)\.h5$/.test(file) && by.startsWith('tf-keras'));

async function readBack(file, { ids, x, y, config }, by, after) {
  const path = join(folder, 'back', file);
  let model;
  if (/\.(keras|h5|folder)$/.test(file) && !/weights\.h5$/.test(file)) model = await loadModel(path);
  else {
    model = modelFromJSON(config);
    await model.loadWeights(path);
  }
  const weights = model.getWeights();
  if (after.weights) {
    if (weights.length !== after.weights.length) return `${weights.length} weights, not ${after.weights.length}`;
    const off = Math.max(0, ...weights.map((w, i) => distance(w.data, after.weights[i].data)));
    if (off > 0) return `weights differ by ${off}`;
  }
  const xs = restored(x, ids ? Int32Array : Float32Array);
  const off = async (right) => distance((await model.predict(xs, { verbose: 0 })).data, right.data);
  const offPredictions = await off(after.predictions);
  if (offPredictions > 1e-5) return `predictions differ by ${offPredictions}`;
  if (!after.next || !trainsOn(file, by)) return 'ok';
  await model.fit(xs, restored(y), fitOptions);
  const offTrained = await off(after.next);
  return offTrained > 1e-5 ? `predictions differ after training on by ${offTrained}` : 'ok';
}

/** Files `back/NAME`, each named in `back/*.json` with what the program that wrote it predicts. */
async function read() {
  const cases = new Map(JSON.parse(readFileSync(join(folder, 'cases.json'))).map((c) => [c.id, c]));
  const results = [];
  for (const list of readdirSync(join(folder, 'back')).filter((f) => f.endsWith('.json')))
    for (const { id, by, files, after } of JSON.parse(readFileSync(join(folder, 'back', list))))
      for (const file of files) {
        const what = `${by} ${file.slice(file.indexOf('.', file.indexOf('.') + 1))} read here`;
        const result = await readBack(file, cases.get(id), by, after).catch(
          (error) => `${error.code ?? error.name}: ${error.message}`,
        );
        results.push({ what, name: cases.get(id).name, result });
      }
  writeFileSync(join(folder, 'results.ours.json'), JSON.stringify(results));
}

await { write, read }[command]();
