// TensorFlow.js loads what we saved, predicts, trains on, and saves it again in its own words.  node tfjs.mjs DIR PACKAGES, where PACKAGES/node_modules has @tensorflow/tfjs
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { otherwise } from './tfjs_otherwise.mjs';

const [folder, packages] = process.argv.slice(2);
const tf = createRequire(join(packages, 'package.json'))('@tensorflow/tfjs');
const cases = JSON.parse(readFileSync(join(folder, 'cases.json')));
const version = tf.version.tfjs;
const results = [];
const back = [];

function artifacts(path) {
  const { modelTopology, trainingConfig, weightsManifest } = JSON.parse(readFileSync(join(path, 'model.json')));
  const [{ paths, weights }] = weightsManifest;
  const data = Buffer.concat(paths.map((name) => readFileSync(join(path, name))));
  return { modelTopology, trainingConfig, weightSpecs: weights, weightData: Uint8Array.from(data).buffer };
}

async function saveBack(id, model) {
  const path = join(folder, 'back', `${id}.tfjs.folder`);
  mkdirSync(path, { recursive: true });
  const handler = tf.io.withSaveHandler(
    async ({ modelTopology, trainingConfig, format, generatedBy, weightSpecs, weightData }) => {
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      writeFileSync(join(path, 'weights.bin'), Buffer.from(weightData));
      writeFileSync(
        join(path, 'model.json'),
        JSON.stringify({ modelTopology, trainingConfig, format, generatedBy, weightsManifest }),
      );
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    },
  );
  // It has not written what this one keeps yet.
  const includeOptimizer = model.optimizer !== undefined && model.optimizer.getClassName() !== 'Adamax';
  await model.save(handler, { includeOptimizer });
  return includeOptimizer;
}

function distance(got, right) {
  if (got.length !== right.length) return Number.POSITIVE_INFINITY;
  return Math.max(0, ...Array.from(got, (v, i) => Math.abs(v - right[i]) / Math.max(1, Math.abs(right[i]))));
}

const load = (id) => tf.loadLayersModel(tf.io.fromMemory(artifacts(join(folder, `${id}.tfjs`))));
const samplesOf = ({ ids, x, y }) => [tf.tensor(x.data, x.shape, ids ? 'int32' : 'float32'), tf.tensor(y.data, y.shape)];
const train = (model, [xs, ys]) => model.fit(xs, ys, { epochs: 1, batchSize: 4, shuffle: false, verbose: 0 });

/** 'ok', or in what an epoch that goes on differs from ours. */
async function trainsOn(model, samples, after) {
  const failed = await train(model, samples).then(
    () => null,
    (error) => String(error.message).slice(0, 300),
  );
  if (failed) return failed;
  const off = distance(model.predict(samples[0]).dataSync(), after.predictions.data);
  return off <= 1e-5 ? 'ok' : `predictions differ by ${off}`;
}

/** Where it trains otherwise than Keras 3: it does so as it is, its own numbers prove why, and with that one thing as Keras 3 has it, it does not. */
async function trainsOtherwise({ why, proof, asKeras3 }, { id, name, after }, samples) {
  const raw = await trainsOn(await load(id), samples, after);
  console.log(`${name}, as it is: ${raw} (${why})`);
  if (raw === 'ok') return `should differ: ${why}`;
  if (!proof(tf)) return `is not proved: ${why}`;
  const model = await load(id);
  const takeBack = asKeras3(model, tf);
  const result = await trainsOn(model, samples, after);
  takeBack();
  return result;
}

async function trial(each) {
  const { id, name, random, before, after } = each;
  const model = await load(id);
  const samples = samplesOf(each);
  const predicted = () => model.predict(samples[0]).dataSync();
  const stored = (data) => ({ shape: after.predictions.shape, data: Array.from(data) });
  const off = distance(predicted(), before.predictions.data);
  if (off > 1e-5) return [`predictions differ by ${off}`, 'not reached'];
  const trains = model.optimizer !== undefined && !random;
  // What such a model would be after more training is not ours to follow: it is saved as it was loaded.
  const known = trains && otherwise[name];
  const result = !trains
    ? random
      ? 'none: draws numbers'
      : 'none: it has no such optimizer'
    : known
      ? await trainsOtherwise(known, each, samples)
      : await trainsOn(model, samples, after);
  if (result !== 'ok' && trains) return ['ok', result];
  const kept = await saveBack(id, model);
  const left = { predictions: stored(predicted()) };
  if (trains && kept && !known) {
    await train(model, samples);
    left.next = stored(predicted());
  }
  back.push({ id, by: 'TensorFlow.js', files: [`${id}.tfjs.folder`], after: left });
  return ['ok', result];
}

for (const each of cases) {
  const refused = each.refused['tfjs/'];
  const none = 'none: it has no such layer or option';
  let result = [none, none];
  if (!refused) result = await trial(each).catch((error) => [String(error.message).slice(0, 300), 'not reached']);
  else if (!refused.startsWith('ERR_NOT_EXPRESSIBLE')) result = [refused, refused];
  results.push({ what: `model.json in TensorFlow.js ${version}: predicts`, name: each.name, result: result[0] });
  results.push({ what: `model.json in TensorFlow.js ${version}: trains on`, name: each.name, result: result[1] });
}
writeFileSync(join(folder, 'results.tfjs.json'), JSON.stringify(results));
mkdirSync(join(folder, 'back'), { recursive: true });
writeFileSync(join(folder, 'back', 'tfjs.json'), JSON.stringify(back));
