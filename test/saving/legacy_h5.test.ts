// HDF5 files in Keras 2's layout and words: what is written is read again to the bit, and stands in them as real Keras writes it.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { array } from '../../lib/data/ndarray.js';
import { layers } from '../../lib/layers/index.js';
import { loadModel } from '../../lib/load_model.js';
import { optimizers } from '../../lib/optimizers/index.js';
import { readHdf5 } from '../../lib/saving/hdf5/hdf5.js';
import { emptyGroup, findArray, findGroup } from '../../lib/saving/hdf5/tree.js';
import { listAttributes } from '../../lib/saving/legacy_layout.js';
import { readLimits } from '../../lib/saving/limits.js';
import { type Sequential, sequential } from '../../lib/sequential.js';
import { bits, hdf5Of, temporaryFolder } from './support.js';

const folder = temporaryFolder();

const x = array(
  Float32Array.from({ length: 96 }, (_, i) => Math.sin(i)),
  [8, 6, 2],
);
const y = array(
  Float32Array.from({ length: 8 }, (_, i) => i % 2),
  [8, 1],
);
const train = (model: Sequential) => model.fit(x, y, { epochs: 1, batchSize: 4, shuffle: false, verbose: 0 });

async function trained(optimizer: unknown = 'adam'): Promise<Sequential> {
  const model = sequential([
    layers.conv1D({ filters: 3, kernelSize: 2, inputShape: [6, 2], kernelRegularizer: 'l2', trainable: false }),
    layers.leakyReLU({ negativeSlope: 0.2 }),
    layers.layerNormalization({ axis: [1, 2] }),
    sequential([layers.batchNormalization(), layers.dense({ units: 3, activation: 'silu' }), layers.batchNormalization()]),
    layers.bidirectional({ layer: layers.lstm({ units: 2, recurrentActivation: 'hardSigmoid' }) }),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ]);
  model.compile({ optimizer: optimizer as never, loss: 'mse', metrics: ['mae', 'accuracy'] });
  await train(model);
  return model;
}

const read = async (model: Sequential) => readHdf5('test', await model.toBuffer('h5'), readLimits('test', {}), false);

describe('.h5', () => {
  it.each([
    'adam',
    optimizers.sgd({ learningRate: 0.01, momentum: 0.9 }),
    optimizers.rmsprop({ momentum: 0.9, centered: true }),
    optimizers.adamW({ useEma: true, gradientAccumulationSteps: 2 }),
  ])('predictions and training go on, %#', async (optimizer) => {
    const model = await trained(optimizer);
    const path = join(folder, 'model.h5');
    await model.save(path);
    const same = await loadModel(path);
    expect(bits(same)).toEqual(bits(model));
    expect(same.optimizer.iterations).toBe(model.optimizer.iterations);
    await train(model);
    await train(same);
    expect(bits(same)).toEqual(bits(model));
  });

  it('has the words that Keras 2 and Keras 3 both read', async () => {
    const root = await read(await trained());
    const model = JSON.parse(root.attributes.get('model_config') as string);
    expect(Object.keys(model.config)).toEqual(['name', 'layers', 'build_input_shape']);
    const [input, conv, leaky, norm, inner] = model.config.layers;
    expect(input).toEqual({
      class_name: 'InputLayer',
      config: { batch_input_shape: [null, 6, 2], dtype: 'float32', sparse: false, ragged: false, name: input.config.name },
    });
    expect(conv.config).toMatchObject({
      dtype: 'float32',
      kernel_regularizer: { class_name: 'L2', config: { l2: 0.01 } },
      kernel_initializer: { class_name: 'GlorotUniform', config: { seed: null } },
    });
    expect(leaky.config).toMatchObject({ alpha: 0.2 });
    // Keras 3 drops axes that are lists, unless the layer names its module.
    expect(norm).toMatchObject({ module: 'keras.layers', config: { axis: [1, 2] } });
    expect(norm.config).not.toHaveProperty('rms_scaling');
    expect(model.config.layers[5].config.layer).toMatchObject({ module: 'keras.layers', class_name: 'LSTM' });
    expect(inner.config.layers.at(-2).config.activation).toBe('swish');
    const training = JSON.parse(root.attributes.get('training_config') as string);
    expect(training).toMatchObject({
      loss: 'mean_squared_error',
      metrics: ['mean_absolute_error', 'accuracy'],
      optimizer_config: { class_name: 'Custom>Adam', config: { name: 'Adam', learning_rate: 0.001, is_legacy_optimizer: false } },
    });
  });

  it('leaves out what real Keras refuses in any file', async () => {
    const model = sequential([layers.spatialDropout1D({ rate: 0.5, inputShape: [6, 2] })]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    // biome-ignore lint/suspicious/noExplicitAny: JSON
    const json = model.toJSON() as any;
    expect(json.config.layers[1].config).not.toHaveProperty('trainable');
    // Keras takes 0.0 and not 0, which JSON does not tell apart.
    expect(json.compile_config.optimizer.config).not.toHaveProperty('momentum');
  });

  it('has weights by layer, those that train first', async () => {
    const root = await read(await trained());
    const weights = findGroup(root, 'model_weights');
    const names = weights?.attributes.get('layer_names') as string[];
    expect(names.length).toBe(6);
    const nested = weights?.groups.get(names[3])?.attributes.get('weight_names') as string[];
    expect(nested.map((n) => n.split('/').at(-1))).toEqual([
      ...['gamma:0', 'beta:0', 'kernel:0', 'bias:0', 'gamma:0', 'beta:0'],
      ...['moving_mean:0', 'moving_variance:0', 'moving_mean:0', 'moving_variance:0'],
    ]);
    expect(new Set(nested).size).toBe(10);
    expect(weights?.groups.get(names[1])?.attributes.get('weight_names')).toEqual([]);
    const state = root.groups.get('optimizer_weights');
    const variables = state?.attributes.get('weight_names') as string[];
    expect(findArray(state as never, variables[0])?.dtype).toBe('int64');
    // The counter, and two a weight that trains: no learning rate.
    expect(variables.length).toBe(1 + 2 * (await trained()).trainableWeights.length);
  });

  it('without what the optimizer keeps, it is not compiled, as in Keras', async () => {
    const model = await trained();
    expect((await loadModel(await model.toBuffer('h5', { includeOptimizer: false }))).compiled).toBe(false);
  });

  it('hard_sigmoid of Keras 2 keeps its curve, by the version that the file names', async () => {
    const make = (recurrentActivation: string) =>
      sequential([layers.lstm({ units: 2, inputShape: [6, 2], recurrentActivation })]);
    for (const name of ['hardSigmoid', 'hardSigmoidKeras2']) {
      const model = make(name);
      const same = await loadModel(await model.toBuffer('h5'));
      expect(same.predictSync(x).data).toEqual(model.predictSync(x).data);
    }
  });
});

describe('weights by name from .h5', () => {
  const named = (units: number, name = 'second') =>
    sequential([layers.dense({ units: 3, inputShape: [4], name: 'first' }), layers.dense({ units, name })]);

  it('byName takes the layers that both have', async () => {
    const [a, b] = [named(2), named(2, 'other')];
    const path = join(folder, 'named.h5');
    await a.save(path);
    const before = b.getWeights();
    await b.loadWeights(path, { byName: true });
    expect(b.getWeights()[0].data).toEqual(a.getWeights()[0].data);
    expect(b.getWeights()[2].data).toEqual(before[2].data);
    await b.loadWeights(path);
    expect(bits(b)).toEqual(bits(a));
  });

  it('skipMismatch keeps what does not fit; without it nothing is changed', async () => {
    const [a, b] = [named(2), named(5)];
    const path = join(folder, 'skipped.h5');
    await a.save(path);
    const before = bits(b);
    await expect(b.loadWeights(path)).rejects.toMatchObject({ code: 'ERR_WEIGHTS_MISMATCH', message: /'second'/ });
    expect(bits(b)).toEqual(before);
    await b.loadWeights(path, { skipMismatch: true });
    expect(bits(b)).toEqual([...bits(a).slice(0, 2), ...before.slice(2)]);
    await b.loadWeights(path, { byName: true, skipMismatch: true });
    expect(bits(b)).toEqual([...bits(a).slice(0, 2), ...before.slice(2)]);
  });
});

describe('lists in attributes', () => {
  it('that are too long for one are split, as in Keras', async () => {
    const names = Array.from({ length: 3000 }, (_, i) => `a_rather_long_name_of_a_weight_${i}`);
    const parts = listAttributes('weight_names', names);
    expect(parts.map(([name]) => name)).toEqual(['weight_names0', 'weight_names1']);
    for (const [, part] of parts) expect((part as string[]).length * 35).toBeLessThanOrEqual(64_512);
    const root = emptyGroup();
    for (const [name, part] of parts) root.attributes.set(name, part);
    const again = await readHdf5('test', await hdf5Of(root), readLimits('test', {}), false);
    expect(parts.flatMap(([name]) => again.attributes.get(name))).toEqual(names);
  });
  it('that are short are one', () => {
    expect(listAttributes('layer_names', ['a', 'b'])).toEqual([['layer_names', ['a', 'b']]]);
    expect(listAttributes('weight_names', [])).toEqual([['weight_names', []]]);
  });
});
