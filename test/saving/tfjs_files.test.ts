// Folders of TensorFlow.js: those that it wrote predict here what they predicted there; those that are written here are read again; what files say is checked.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { array } from '../../lib/data/ndarray.js';
import { layers } from '../../lib/layers/index.js';
import { loadModel } from '../../lib/load_model.js';
import { losses } from '../../lib/losses/index.js';
import { optimizers } from '../../lib/optimizers/index.js';
import { schedules } from '../../lib/schedules/index.js';
import { type Sequential, sequential } from '../../lib/sequential.js';
import { bits, temporaryFolder } from './support.js';

// biome-ignore lint/suspicious/noExplicitAny: JSON
type Json = any;
const models: Record<string, Json> = JSON.parse(readFileSync(join(__dirname, 'tfjs_models.json'), 'utf8'));
const trained: Record<string, Json> = JSON.parse(readFileSync(join(__dirname, 'tfjs_trained.json'), 'utf8'));
let count = 0;
const folder = temporaryFolder();

function put(file: Json, files: Record<string, Uint8Array>): string {
  const path = join(folder, `m${count++}`);
  mkdirSync(path);
  writeFileSync(join(path, 'model.json'), JSON.stringify(file));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(path, name), bytes);
  return path;
}
const bytesOf = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

describe('a folder that TensorFlow.js wrote', () => {
  it.each(Object.entries(models))('%s predicts what it predicted', async (_, { file, weights, x, shape, y }) => {
    const path = put(file, { 'weights.bin': bytesOf(weights) });
    for (const given of [path, `${path}/`, join(path, 'model.json')]) {
      const predicted = (await loadModel(given)).predictSync(array(Float32Array.from(x), shape));
      y.forEach((value: number, i: number) => {
        expect(predicted.data[i]).toBeCloseTo(value, 4);
      });
    }
  });

  const dense = (specs: Json[], files: Record<string, Uint8Array>, more: Json = {}) =>
    put({ ...models.dense.file, weightsManifest: [{ paths: Object.keys(files), weights: specs }], ...more }, files);
  const kernel = { name: 'dense_Dense1/kernel', shape: [4, 3], dtype: 'float32' };
  const bias = { name: 'dense_Dense1/bias', shape: [3], dtype: 'float32' };

  it('may be in shards that cut a weight, and in groups', async () => {
    const bytes = bytesOf(models.dense.weights);
    const cut = dense([kernel, bias], { 'a.bin': bytes.subarray(0, 10), 'b.bin': bytes.subarray(10) });
    const groups = put(
      {
        ...models.dense.file,
        weightsManifest: [
          { paths: ['g1.bin'], weights: [kernel] },
          { paths: ['g2.bin'], weights: [bias] },
        ],
      },
      { 'g1.bin': bytes.subarray(0, 48), 'g2.bin': bytes.subarray(48) },
    );
    for (const path of [cut, groups])
      expect((await loadModel(path)).getWeights().flatMap((w) => [...w.data])).toEqual(models.dense.weights.map(Math.fround));
  });

  it('may be quantized', async () => {
    const quantized = (quantization: Json, bytes: Uint8Array) =>
      dense([{ ...kernel, quantization }, bias], { 'w.bin': Buffer.concat([bytes, bytesOf([1, 2, 3])]) });
    const levels = Array.from({ length: 12 }, (_, i) => i * 20);
    const right = levels.map((level) => Math.fround(level * 0.01 - 1));
    for (const [dtype, Kind] of [
      ['uint8', Uint8Array],
      ['uint16', Uint16Array],
    ] as const) {
      const path = quantized({ dtype, scale: 0.01, min: -1 }, new Uint8Array(Kind.from(levels).buffer));
      expect([...(await loadModel(path)).getWeights()[0].data]).toEqual(right);
    }
    const halves = quantized({ dtype: 'float16' }, new Uint8Array(new Uint16Array(12).fill(0x3e00).buffer));
    expect([...(await loadModel(halves)).getWeights()[0].data]).toEqual(Array(12).fill(1.5));
  });

  it.each(Object.entries(trained))('%s goes on training as it did there', async (_, { file, weights, x, y, after }) => {
    const model = await loadModel(put(file, { 'weights.bin': Buffer.from(weights, 'base64') }));
    expect(model.optimizer.iterations).toBe(2);
    const xs = array(Float32Array.from(x), [8, 4]);
    const fit = (m: Sequential) => m.fit(xs, array(Float32Array.from(y), [8, 1]), { batchSize: 4, shuffle: false, verbose: 0 });
    // What is written is what was read: it goes on to the same bits.
    const again = join(folder, `again${count++}/`);
    await model.save(again);
    const same = await loadModel(again);
    await fit(model);
    const predicted = model.predictSync(xs);
    after.forEach((value: number, i: number) => {
      expect(predicted.data[i]).toBeCloseTo(value, 5);
    });
    await fit(same);
    same.predictSync(xs).data.forEach((value, i) => {
      expect(value).toBeCloseTo(predicted.data[i], 6);
    });
  });

  it('is compiled as it says', async () => {
    const path = dense(
      [kernel, bias, { name: 'iter', shape: [], dtype: 'int32', group: 'optimizer' }],
      { 'w.bin': bytesOf([...models.dense.weights, 0]) },
      {
        trainingConfig: {
          loss: 'mean_squared_error',
          metrics: ['acc'],
          optimizer_config: {
            class_name: 'RMSProp',
            config: { learning_rate: 0.02, decay: 0.8, momentum: 0, epsilon: 1e-7, centered: false },
          },
        },
      },
    );
    const model = await loadModel(path);
    expect(model.optimizer.getConfig()).toMatchObject({ learningRate: 0.02, rho: 0.8 });
    await model.fit(array(new Float32Array(8), [2, 4]), array(new Float32Array(6), [2, 3]), { verbose: 0 });
  });

  it.each([
    ['a path out of the folder', { paths: ['../secret.bin'], weights: [] }, 'ERR_FILE_REFUSED'],
    ['a path into a folder', { paths: ['a/b.bin'], weights: [] }, 'ERR_FILE_REFUSED'],
    ['a file that is not there', { paths: ['none.bin'], weights: [] }, 'ERR_NO_FILE'],
    ['more weights than bytes', { paths: ['w.bin'], weights: [{ ...kernel, shape: [1e9, 1e9] }] }, 'ERR_FILE'],
    ['a shape that is none', { paths: ['w.bin'], weights: [{ ...kernel, shape: [-1, 3] }] }, 'ERR_FILE'],
    ['an unknown type', { paths: ['w.bin'], weights: [{ ...kernel, dtype: 'constructor' }] }, 'ERR_FILE'],
    ['fewer weights than bytes', { paths: ['w.bin'], weights: [kernel] }, 'ERR_FILE'],
    ['weights of another layer', { paths: ['w.bin'], weights: [{ ...kernel, shape: [5, 3] }] }, 'ERR_WEIGHTS_MISMATCH'],
    ['no list of files', { paths: 'w.bin', weights: [] }, 'ERR_FILE'],
  ])('with %s is refused', async (_, group, code) => {
    const path = put({ ...models.dense.file, weightsManifest: [group] }, { 'w.bin': bytesOf(models.dense.weights) });
    await expect(loadModel(path)).rejects.toMatchObject({ code });
  });

  it('that is a graph model is refused', async () => {
    await expect(loadModel(put({ modelTopology: undefined, format: 'graph-model' }, {}))).rejects.toThrow('Graph models');
  });
});

describe('a folder that is written', () => {
  const wide = (units: number) =>
    sequential([
      layers.conv1D({ filters: 3, kernelSize: 2, inputShape: [6, 2], trainable: false, kernelInitializer: 'lecunNormal' }),
      layers.batchNormalization(),
      layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true }) }),
      layers.rnn({ cell: [layers.lstmCell({ units: 3 }), layers.gruCell({ units: 2, resetAfter: false })] }),
      sequential([
        layers.dense({ units, activation: 'silu', kernelRegularizer: 'l2' }),
        layers.batchNormalization({ name: 'inner_norm' }),
      ]),
    ]);

  it('is read again to the bit, in shards of 4 MiB', async () => {
    const model = wide(600_000);
    const path = join(folder, 'written');
    await model.save(`${path}/`);
    const shards = readdirSync(path).filter((name) => name.endsWith('.bin'));
    expect(shards.length).toBeGreaterThan(1);
    for (const name of shards) expect(name).toMatch(/^group1-shard\d+of\d+-[0-9a-f]{8}\.bin$/);
    expect(bits(await loadModel(path))).toEqual(bits(model));
    // A later one leaves nothing of it behind.
    const other = wide(2);
    await other.save(join(path, 'model.json'));
    expect(readdirSync(path).length).toBe(2);
    expect(bits(await loadModel(path))).toEqual(bits(other));
    await expect(other.save(`${path}/`, { overwrite: false })).rejects.toMatchObject({ code: 'ERR_EXISTS' });
  });

  it.each([
    ['AdamW', { optimizer: 'adamW', loss: 'mse' }],
    ['Adamax', { optimizer: 'adamax', loss: 'mse' }],
    ['an option', { optimizer: optimizers.adam({ clipnorm: 1 }), loss: 'mse' }],
    [
      'a schedule',
      {
        optimizer: optimizers.sgd({ learningRate: schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 9 }) }),
        loss: 'mse',
      },
    ],
    ['a loss', { optimizer: 'sgd', loss: losses.meanSquaredError({ reduction: 'sum' }) }],
    ['a metric', { optimizer: 'sgd', loss: 'mse', metrics: ['auc'] }],
  ])('%s that TensorFlow.js does not have is left out, with the rest of how the model was compiled', async (_, compiled) => {
    const model = sequential([layers.dense({ units: 1, inputShape: [2] })]);
    model.compile(compiled as never);
    const path = join(folder, `uncompiled${count++}/`);
    await model.save(path);
    expect((await loadModel(path)).compiled).toBe(false);
  });

  it('names losses and metrics as TensorFlow.js does, and holds nothing of it with includeOptimizer: false', async () => {
    const model = sequential([layers.dense({ units: 1, inputShape: [2] })]);
    model.compile({ optimizer: 'adam', loss: losses.klDivergence(), metrics: ['mean_absolute_error', 'accuracy'] });
    const path = join(folder, `named${count++}/`);
    const config = () => JSON.parse(readFileSync(join(path, 'model.json'), 'utf8')).trainingConfig;
    await model.save(path);
    expect(config()).toMatchObject({ loss: 'kullback_leibler_divergence', metrics: ['mae', 'accuracy'] });
    await model.save(path, { includeOptimizer: false });
    expect(config()).toBe(undefined);
  });

  it.each([
    ['GRU', layers.gru({ units: 2, inputShape: [3, 2] }), /'reset_after'/],
    ['groups', layers.conv1D({ filters: 2, kernelSize: 2, groups: 2, inputShape: [3, 2] }), /'groups'/],
    ['a layer', layers.groupNormalization({ groups: 2, inputShape: [3, 2] }), /GroupNormalization/],
    ["an ELU's alpha", layers.elu({ alpha: 0.5, inputShape: [2] }), /'alpha'/],
    ['a softmax along the first axis', layers.softmax({ axis: 1, inputShape: [2, 2] }), /'axis'/],
    ['an activation', layers.dense({ units: 2, activation: 'celu', inputShape: [2] }), /celu/],
    ["Keras 3's hard sigmoid", layers.dense({ units: 2, activation: 'hardSigmoid', inputShape: [2] }), /hard_sigmoid/],
  ])('%s that TensorFlow.js would take for something else is refused', async (_, layer, message) => {
    const model = sequential([layer as never]);
    await expect(model.save(join(folder, 'refused/'))).rejects.toMatchObject({
      code: 'ERR_NOT_EXPRESSIBLE',
      message: expect.stringMatching(message as RegExp),
    });
  });
});
