// TensorFlow.js loads what we saved and predicts; saves it again in its own words.  node tfjs.mjs DIR PACKAGES, where PACKAGES/node_modules has @tensorflow/tfjs
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder, packages] = process.argv.slice(2);
const tf = createRequire(join(packages, 'package.json'))('@tensorflow/tfjs');
const cases = JSON.parse(readFileSync(join(folder, 'cases.json')));
const results = [];
const back = [];

function artifacts(path) {
  const file = JSON.parse(readFileSync(join(path, 'model.json')));
  const [{ paths, weights }] = file.weightsManifest;
  const data = Buffer.concat(paths.map((name) => readFileSync(join(path, name))));
  return { modelTopology: file.modelTopology, weightSpecs: weights, weightData: Uint8Array.from(data).buffer };
}

async function saveBack(id, model) {
  const path = join(folder, 'back', `${id}.tfjs.folder`);
  mkdirSync(path, { recursive: true });
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, format, generatedBy, weightSpecs, weightData }) => {
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      writeFileSync(join(path, 'weights.bin'), Buffer.from(weightData));
      writeFileSync(join(path, 'model.json'), JSON.stringify({ modelTopology, format, generatedBy, weightsManifest }));
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    }),
  );
}

async function trial({ id, ids, x, before }) {
  const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts(join(folder, `${id}.tfjs`))));
  const got = model.predict(tf.tensor(x.data, x.shape, ids ? 'int32' : 'float32')).dataSync();
  const off = Math.max(0, ...Array.from(got, (v, i) => Math.abs(v - before.predictions.data[i]) / Math.max(1, Math.abs(v))));
  await saveBack(id, model);
  back.push({ id, by: 'TensorFlow.js', files: [`${id}.tfjs.folder`], after: before });
  return got.length === before.predictions.data.length && off <= 1e-5 ? 'ok' : `predictions differ by ${off}`;
}

for (const each of cases) {
  const refused = each.refused['tfjs/'];
  if (refused) {
    if (!refused.startsWith('ERR_NOT_EXPRESSIBLE')) results.push({ what: 'TensorFlow.js', name: each.name, result: refused });
    continue;
  }
  const result = await trial(each).catch((error) => String(error.message).slice(0, 300));
  results.push({ what: 'model.json in TensorFlow.js', name: each.name, result });
}
writeFileSync(join(folder, 'results.tfjs.json'), JSON.stringify(results));
mkdirSync(join(folder, 'back'), { recursive: true });
writeFileSync(join(folder, 'back', 'tfjs.json'), JSON.stringify(back));
