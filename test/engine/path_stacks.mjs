// Stacks that take every path of native/engine/paths.def: each predicts and evaluates before it trains, then trains, with full batches and
// a partial one, then evaluates and predicts again. Prints, as JSON, how often each path was taken and a digest of all bits.
// Run by paths.test.ts with GEMMFIT_GUARD=1.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const load = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../..', import.meta.url));
const g = load(root);
const addon = load(process.env.GEMMFIT_ADDON_PATH ?? `${root}/build/Release/gemmfit.node`);
const L = g.layers;

const dense = (units, options = {}) => L.dense({ units, activation: 'relu', ...options });
const conv = (filters, kernelSize = 3, options = {}) => L.conv2d({ filters, kernelSize, activation: 'relu', ...options });
const same = { padding: 'same' };
const first = { dataFormat: 'channels_first' };

/** input, batch, layers below a dense(1); ids: the input holds numbers of rows below it. */
const stacks = {
  wide: { input: [512], batch: 128, layers: () => [dense(512), dense(512), dense(512)] },
  rows: { input: [256], batch: 256, layers: () => [dense(200), dense(600), dense(64)] },
  few: { input: [3], batch: 8, layers: () => [dense(5)] },
  split: { input: [784], batch: 32, layers: () => [dense(128)] },
  bytes: { input: [784], batch: 32, bytes: true, layers: () => [dense(16)] },
  bfloat16: { input: [10, 10, 3], batch: 16, policy: 'mixed_bfloat16', layers: () => [conv(8), conv(4), L.flatten(), dense(40)] },
  clipped: { input: [20], batch: 16, optimizer: () => g.optimizers.adam({ clipnorm: 0.5 }), layers: () => [dense(30)] },
  means: {
    input: [100],
    batch: 64,
    ids: 3000,
    layers: () => [L.embedding({ inputDim: 3000, outputDim: 16 }), L.globalAveragePooling1d()],
  },
  lazy: { input: [6], batch: 16, ids: 60000, layers: () => [L.embedding({ inputDim: 60000, outputDim: 8 }), L.flatten()] },
  wideRows: { input: [2], batch: 3, ids: 3, layers: () => [L.embedding({ inputDim: 3, outputDim: 65600 }), L.flatten()] },
  direct: { input: [12, 12, 3], batch: 16, layers: () => [conv(16), conv(32, 3, same), conv(15), L.flatten()] },
  panels: { input: [9, 9, 4], batch: 12, layers: () => [conv(3), conv(3, 3, same), conv(3, 1), L.flatten()] },
  channelsFirst: {
    input: [4, 9, 9],
    batch: 8,
    layers: () => [conv(8, 3, first), L.maxPooling2d({ poolSize: 2, ...first }), L.flatten()],
  },
  transposed: {
    input: [5, 5, 4],
    batch: 8,
    layers: () => [
      L.conv2dTranspose({ filters: 16, kernelSize: 3 }),
      L.conv2dTranspose({ filters: 3, kernelSize: 3 }),
      L.flatten(),
    ],
  },
  deep: { input: [4, 4, 64], batch: 8, layers: () => [conv(64, 3, same), L.flatten()] },
  depthwise: { input: [8, 8, 8], batch: 8, layers: () => [conv(8, 1), L.depthwiseConv2d({ kernelSize: 3 }), L.flatten()] },
  farApart: {
    input: [8, 8, 4],
    batch: 4,
    layers: () => [conv(4, 1), L.depthwiseConv2d({ kernelSize: 3, dilationRate: 200, ...same }), L.flatten()],
  },
  recurrent: { input: [20, 64], batch: 64, layers: () => [L.lstm({ units: 64, returnSequences: true }), L.gru({ units: 4 })] },
  branches: { input: [6, 5], batch: 8, layers: () => [dense(4), L.bidirectional({ layer: L.lstm({ units: 3 }) })] },
  dropped: { input: [5, 4], batch: 8, layers: () => [L.lstm({ units: 8, recurrentDropout: 0.3, dropout: 0.2 })] },
  convLstm: { input: [3, 6, 6, 2], batch: 4, layers: () => [L.convLSTM2D({ filters: 4, kernelSize: 3 }), L.flatten()] },
  largeConvLstm: { input: [3, 12, 12, 4], batch: 8, layers: () => [L.convLSTM2D({ filters: 8, kernelSize: 3 }), L.flatten()] },
  runs: {
    input: [80, 1],
    batch: 8,
    layers: () => [L.conv1d({ filters: 1, kernelSize: 1 }), L.averagePooling1d({ poolSize: 40 }), L.flatten()],
  },
  windows: {
    input: [16, 16, 3],
    batch: 8,
    layers: () => [
      conv(4, 3, same),
      L.maxPooling2d({ poolSize: 2 }),
      conv(4, 3, same),
      L.maxPooling2d({ poolSize: 3, strides: 1 }),
      L.maxPooling2d({ poolSize: 1, strides: 2 }),
      L.flatten(),
    ],
  },
  steps: { input: [12, 5], batch: 8, layers: () => [L.conv1d({ filters: 6, kernelSize: 3 }), L.globalAveragePooling1d()] },
  batchNormalized: {
    input: [48, 48, 2],
    batch: 32,
    layers: () => [L.batchNormalization(), L.averagePooling2d({ poolSize: 8 }), L.flatten(), dense(6), L.batchNormalization()],
  },
  normalized: {
    input: [2048],
    batch: 64,
    layers: () => [L.layerNormalization(), L.rmsNormalization(), L.groupNormalization({ groups: 8 }), L.prelu()],
  },
  fewNormalized: {
    input: [24],
    batch: 8,
    layers: () => [L.layerNormalization(), L.rmsNormalization(), L.groupNormalization({ groups: 8 }), L.prelu()],
  },
};

function numbers(count, make) {
  let state = 12345;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return make(state / 2 ** 32);
  });
}

const hash = createHash('sha256');
const note = (a) => hash.update(new Uint8Array(a.buffer, a.byteOffset, a.byteLength));

async function run({ input, batch, layers, ids, bytes, policy, optimizer }) {
  g.setRandomSeed(7);
  const rows = 2 * batch + Math.ceil(batch / 2);
  const size = input.reduce((a, b) => a * b, 1);
  const values = numbers(rows * size, (u) => (ids ? Math.floor(u * ids) : bytes ? Math.floor(u * 256) : u - 0.5));
  const x = g.array(ids ? Int32Array.from(values) : bytes ? Uint8Array.from(values) : values, [rows, ...input]);
  const y = g.array(
    numbers(rows, (u) => u),
    [rows, 1],
  );
  if (policy) g.setDtypePolicy(policy);
  const model = g.sequential([g.input({ shape: input }), ...layers(), L.dense({ units: 1 })]);
  g.setDtypePolicy('float32');
  model.compile({ optimizer: optimizer?.() ?? 'adam', loss: 'mse' });
  const options = { verbose: 0, batchSize: batch };
  const look = async () => {
    note((await model.predict(x, options)).data);
    hash.update(JSON.stringify(await model.evaluate(x, y, options)));
  };
  await look();
  for (const shuffle of [true, false]) {
    const { history } = await model.fit(x, y, { ...options, epochs: 1, shuffle });
    if (!Number.isFinite(history.loss[0])) throw new Error('the loss is not finite');
  }
  await look();
  for (const w of model.getWeights()) note(w.data);
  model.dispose();
}

for (const [name, stack] of Object.entries(stacks)) {
  try {
    await run(stack);
  } catch (error) {
    throw new Error(`${name}: ${error.message}`, { cause: error });
  }
}
console.log(JSON.stringify({ paths: addon.paths(), digest: hash.digest('hex') }));
