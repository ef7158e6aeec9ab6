// Writes tfjs_models.json: models that TensorFlow.js saved, one a layer, with inputs and what it predicts; and tfjs_trained.json: models that it trained and saved with
// what the optimizer kept, with what they predict after one more epoch. In a folder where
// `npm i @tensorflow/tfjs@4.22.0` was run:  node .../make_tfjs.mjs
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const tf = createRequire(join(process.cwd(), 'package.json'))('@tensorflow/tfjs');
const { layers } = tf;

/** By name: the shape of a sample, and the layers. */
const models = {
  dense: [[4], layers.dense({ units: 3, activation: 'tanh' })],
  softmax: [[4], layers.activation({ activation: 'softmax' }), layers.softmax()],
  relus: [[4], layers.leakyReLU(), layers.elu(), layers.prelu({ alphaInitializer: 'ones' }), layers.reLU({ maxValue: 0.5 })],
  conv1d: [[6, 2], layers.conv1d({ filters: 2, kernelSize: 3 }), layers.maxPooling1d({}), layers.globalMaxPooling1d()],
  conv2d: [[6, 6, 1], layers.conv2d({ filters: 2, kernelSize: 3 }), layers.averagePooling2d({}), layers.flatten()],
  conv3d: [[4, 4, 4, 1], layers.conv3d({ filters: 2, kernelSize: 2 }), layers.maxPooling3d({})],
  conv2dTranspose: [[3, 3, 1], layers.conv2dTranspose({ filters: 2, kernelSize: 3 }), layers.globalMaxPooling2d({})],
  conv3dTranspose: [[2, 2, 2, 1], layers.conv3dTranspose({ filters: 1, kernelSize: 2 }), layers.averagePooling3d({})],
  depthwise: [[4, 4, 2], layers.depthwiseConv2d({ kernelSize: 3 }), layers.upSampling2d({}), layers.zeroPadding2d()],
  separable: [[4, 4, 2], layers.separableConv2d({ filters: 2, kernelSize: 3 }), layers.globalAveragePooling2d({})],
  cropping: [
    [4, 4, 1],
    layers.cropping2D({
      cropping: [
        [1, 1],
        [1, 0],
      ],
    }),
    layers.maxPooling2d({ strides: 1 }),
  ],
  lstm: [[4, 2], layers.lstm({ units: 2, returnSequences: true }), layers.averagePooling1d({})],
  gru: [[4, 2], layers.gru({ units: 2 })],
  simpleRNN: [[4, 2], layers.simpleRNN({ units: 2, returnSequences: true }), layers.globalAveragePooling1d()],
  rnn: [[4, 2], layers.rnn({ cell: [layers.lstmCell({ units: 3 }), layers.gruCell({ units: 2 })] })],
  convLstm2d: [[2, 4, 4, 1], layers.convLstm2d({ filters: 1, kernelSize: 3 })],
  bidirectional: [[4, 2], layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true }) })],
  timeDistributed: [[4, 2], layers.timeDistributed({ layer: layers.dense({ units: 2 }) })],
  // Weights that are not trained come last in its files, whatever the layer.
  normalization: [[4], layers.batchNormalization(), layers.dense({ units: 3 }), layers.layerNormalization()],
  noise: [[4, 2], layers.dropout({ rate: 0.5 }), layers.gaussianNoise({ stddev: 1 }), layers.gaussianDropout({ rate: 0.5 })],
  noise2: [[4, 2], layers.spatialDropout1d({ rate: 0.5 }), layers.alphaDropout({ rate: 0.5 })],
  embedding: [[4], layers.embedding({ inputDim: 9, outputDim: 3 })],
  maskedEmbedding: [[4], layers.embedding({ inputDim: 9, outputDim: 3, maskZero: true }), layers.gru({ units: 2 })],
  masking: [[4, 2], layers.masking(), layers.lstm({ units: 2 })],
  shapes: [
    [6],
    layers.reshape({ targetShape: [2, 3] }),
    layers.permute({ dims: [2, 1] }),
    layers.flatten(),
    layers.repeatVector({ n: 2 }),
  ],
  rescaling: [[4], layers.rescaling({ scale: 0.5, offset: 1 })],
};

/** By name: what keeps each kind of state. */
const optimizers = {
  sgd: tf.train.sgd(0.1),
  momentum: tf.train.momentum(0.1, 0.8, true),
  adam: tf.train.adam(0.02),
  rmsprop: tf.train.rmsprop(0.02, 0.8, 0.5),
  plainRmsprop: tf.train.rmsprop(0.02),
  adagrad: tf.train.adagrad(0.1, 0.2),
};

const rounded = (values, digits) => Array.from(values, (value) => Number(value.toFixed(digits)));

async function artifactsOf(model, options) {
  let saved;
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  });
  await model.save(handler, options);
  return saved;
}

async function train(name, optimizer) {
  const model = tf.sequential({
    layers: [
      layers.dense({ units: 3, activation: 'tanh', inputShape: [4] }),
      layers.batchNormalization(),
      layers.dense({ units: 1 }),
    ],
  });
  model.compile({ optimizer, loss: 'meanSquaredError', metrics: ['mae'] });
  const x = rounded(
    Array.from({ length: 32 }, (_, i) => Math.sin(i * 1.7)),
    3,
  );
  const y = rounded(
    Array.from({ length: 8 }, (_, i) => Math.cos(i)),
    3,
  );
  const fit = () => model.fit(tf.tensor(x, [8, 4]), tf.tensor(y, [8, 1]), { batchSize: 4, shuffle: false, verbose: 0 });
  await fit();
  const { modelTopology, trainingConfig, format, generatedBy, weightSpecs, weightData } = await artifactsOf(model, {
    includeOptimizer: true,
  });
  await fit();
  return [
    name,
    {
      file: {
        modelTopology,
        trainingConfig,
        format,
        generatedBy,
        weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }],
      },
      weights: Buffer.from(weightData).toString('base64'),
      x,
      y,
      after: Array.from(model.predict(tf.tensor(x, [8, 4])).dataSync()),
    },
  ];
}

async function save(name, [shape, ...stack]) {
  const model = tf.sequential();
  model.add(layers.inputLayer({ inputShape: shape }));
  for (const layer of stack) model.add(layer);
  // Moving variances stay above 0.
  const values = model.getWeights().map((w, k) =>
    tf.tensor(
      rounded(
        Array.from({ length: w.size }, (_, i) => 0.5 + 0.4 * Math.sin(1 + i * 1.3 + k)),
        3,
      ),
      w.shape,
    ),
  );
  model.setWeights(values);
  const size = 2 * shape.reduce((a, b) => a * b, 1);
  const ids = /embedding/i.test(name);
  const x = rounded(
    Array.from({ length: size }, (_, i) => (ids ? (i * 5) % 9 : Math.sin(i * 1.7))),
    3,
  );
  const y = rounded(model.predict(tf.tensor(x, [2, ...shape])).dataSync(), 6);
  const { modelTopology, format, generatedBy, weightSpecs, weightData } = await artifactsOf(model);
  const weights = rounded(new Float32Array(weightData), 3);
  return [
    name,
    {
      file: { modelTopology, format, generatedBy, weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }] },
      weights,
      x,
      shape: [2, ...shape],
      y,
    },
  ];
}

function write(file, entries) {
  const lines = entries.map(([name, entry]) => `${JSON.stringify(name)}: ${JSON.stringify(entry)}`);
  writeFileSync(join(import.meta.dirname, file), `{\n${lines.join(',\n')}\n}\n`);
}

const saved = [];
for (const [name, model] of Object.entries(models)) saved.push(await save(name, model));
write('tfjs_models.json', saved);
const trained = [];
for (const [name, optimizer] of Object.entries(optimizers)) trained.push(await train(name, optimizer));
write('tfjs_trained.json', trained);
