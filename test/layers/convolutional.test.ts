import { describe, expect, it } from 'vitest';
import { array, layers, modelFromJSON, sequential } from '../../lib/index.js';
import { layerRegistry } from '../../lib/layers/index.js';
import type { Layer, Shape } from '../../lib/layers/layer.js';
import { toKerasConfig } from '../../lib/registry.js';
import defaults from '../parity/units/layer_defaults.json';
import { throwing } from './helpers.js';

const names = ['Conv1D', 'Conv2D', 'Conv3D', 'Conv1DTranspose', 'Conv2DTranspose', 'Conv3DTranspose'] as const;
const all = [...names, 'DepthwiseConv1D', 'DepthwiseConv2D', 'SeparableConv1D', 'SeparableConv2D'] as const;

const error = (call: () => unknown): unknown => {
  try {
    call();
  } catch (e) {
    return e;
  }
  return undefined;
};

/** A model of one layer, and what it makes of a batch. */
function one(layer: Layer, inputShape: readonly number[]) {
  const model = sequential([layer]);
  model.build([null, ...inputShape]);
  return { model, run: async (x: unknown) => (await model.predict(array(x as number[]), { verbose: 0 })).toArray() };
}

/** The same numbers every time. */
function numbers(shape: readonly number[], seed = 1): unknown {
  let state = seed;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647 - 0.5;
  };
  const make = (axis: number): unknown =>
    axis === shape.length ? next() : Array.from({ length: shape[axis] }, () => make(axis + 1));
  return make(0);
}

function close(got: unknown, want: unknown): void {
  const [a, b] = [got, want].map((v) => (v as number[]).flat(9) as number[]);
  expect(a.length).toBe(b.length);
  for (const [i, v] of a.entries()) expect(v).toBeCloseTo(b[i], 5);
}

describe('configs', () => {
  it.each(['Conv1D', 'Conv2D', 'Conv2DTranspose', 'DepthwiseConv2D', 'SeparableConv2D'] as const)(
    '%s of Keras 3 is read, and its defaults are ours',
    (name) => {
      const keras = defaults.keras3[name] as Record<string, unknown>;
      const layer = layerRegistry.resolve({ class_name: name, config: keras });
      const given = name === 'DepthwiseConv2D' ? { kernelSize: 1 } : { kernelSize: 1, filters: 1 };
      const ours = layerRegistry.resolve({ className: name, config: given });
      const config = toKerasConfig(ours.getConfig());
      expect(toKerasConfig(layer.getConfig())).toEqual(config);
      for (const key of Object.keys(keras)) expect(config, key).toHaveProperty(key);
      for (const key of [
        'strides',
        'dilation_rate',
        'padding',
        'data_format',
        'use_bias',
        'groups',
        'depth_multiplier',
        'output_padding',
      ])
        if (key in keras) expect(config[key], key).toEqual(keras[key]);
    },
  );

  it.each(['Conv1D', 'Conv2D', 'Conv2DTranspose', 'DepthwiseConv2D', 'SeparableConv2D'] as const)(
    '%s of Keras 2 is read',
    (name) => {
      const config = {
        ...defaults.tfkeras[name],
        name: 'c',
        trainable: true,
        dtype: 'float32',
        batch_input_shape: [null, ...(name === 'Conv1D' ? [4, 2] : [4, 4, 2])],
      };
      const model = modelFromJSON({
        class_name: 'Sequential',
        keras_version: '2.15.0',
        backend: 'tensorflow',
        config: { name: 'm', layers: [{ class_name: name, config }] },
      });
      expect(model.layers[0].className).toBe(name);
    },
  );

  it.each(all)('%s comes back from JSON the same', (name) => {
    const rank = Number(/\d/.exec(name)?.[0]);
    const options: Record<string, unknown> = {
      kernelSize: [2, 3, 2].slice(0, rank),
      strides: 2,
      padding: 'SAME',
      dataFormat: 'channelsFirst',
      activation: 'relu',
      biasInitializer: 'ones',
      biasRegularizer: 'l2',
      activityRegularizer: 'l1',
      inputShape: [2, 6, 6, 6].slice(0, rank + 1),
    };
    if (!name.startsWith('Depthwise')) options.filters = 4;
    if (/^Conv.*Transpose/.test(name)) options.outputPadding = 1;
    const kind = /^(Depthwise|Separable)/.test(name) ? 'depthwise' : 'kernel';
    Object.assign(options, { [`${kind}Initializer`]: 'heNormal', [`${kind}Constraint`]: 'maxNorm' });
    const model = sequential([layerRegistry.resolve({ className: name, config: options })]);
    expect(model.layers[0].getConfig()).toMatchObject({
      padding: 'same',
      dataFormat: 'channels_first',
      strides: [2, 2, 2].slice(0, rank),
    });
    expect(JSON.stringify(modelFromJSON(JSON.stringify(model)))).toBe(JSON.stringify(model));
  });

  it('factories and old names make the same layers', () => {
    expect(layers.conv2d({ filters: 1, kernelSize: 1 })).toBeInstanceOf(layers.Conv2D);
    expect(layers.conv2DTranspose({ filters: 1, kernelSize: 1 })).toBeInstanceOf(layers.Conv2DTranspose);
    expect(layers.separableConv1d({ filters: 1, kernelSize: 1 })).toBeInstanceOf(layers.SeparableConv1D);
    expect(layerRegistry.find('Convolution2D')).toBe(layers.Conv2D);
  });
});

describe('shapes', () => {
  // Output lengths as Keras 3 computes them.
  it.each<[number, number, object, number]>([
    [10, 3, {}, 8],
    [10, 3, { strides: 2 }, 4],
    [10, 3, { padding: 'same' }, 10],
    [10, 3, { padding: 'same', strides: 3 }, 4],
    [10, 3, { padding: 'causal' }, 10],
    [10, 3, { padding: 'causal', strides: 4 }, 3],
    [10, 3, { dilationRate: 4 }, 2],
    [10, 4, { padding: 'same', dilationRate: 5 }, 10],
  ])('Conv1D over %i steps, kernel %i, %o', async (steps, kernelSize, options, want) => {
    const layer = layers.conv1d({ filters: 2, kernelSize, ...options });
    expect(layer.computeOutputShape([steps, 3])).toEqual([want, 2]);
    expect(layer.computeOutputShape([null, 3])).toEqual([null, 2]);
    const { run } = one(layer, [steps, 3]);
    expect((await run(numbers([2, steps, 3]))) as unknown[][]).toSatisfy(
      (y: unknown[][][]) => y[0].length === want && y[0][0].length === 2,
    );
  });

  it.each<[number, number, object, number]>([
    [4, 3, {}, 6],
    [4, 3, { strides: 2 }, 9],
    [4, 2, { strides: 3 }, 12],
    [4, 3, { strides: 2, padding: 'same' }, 8],
    [4, 3, { strides: 2, outputPadding: 0 }, 9],
    [4, 3, { strides: 2, outputPadding: 1 }, 10],
    [4, 3, { strides: 2, padding: 'same', outputPadding: 0 }, 7],
    [4, 3, { strides: 2, padding: 'same', outputPadding: 1 }, 8],
    [4, 4, { strides: 2, padding: 'same', outputPadding: 1 }, 7],
    [4, 3, { dilationRate: 2 }, 8],
  ])('Conv1DTranspose of %i steps, kernel %i, %o', async (steps, kernelSize, options, want) => {
    const layer = layers.conv1DTranspose({ filters: 5, kernelSize, ...options });
    expect(layer.computeOutputShape([steps, 3])).toEqual([want, 5]);
    const y = (await one(layer, [steps, 3]).run(numbers([2, steps, 3]))) as unknown[][];
    expect([y[0].length, (y[0][0] as unknown[]).length]).toEqual([want, 5]);
  });

  it('the activation has its say: glu halves an axis', () => {
    const glu = { kernelSize: 2, activation: 'glu' };
    expect(layers.conv1D({ ...glu, filters: 6 }).computeOutputShape([5, 3])).toEqual([4, 3]);
    expect(layers.conv2D({ ...glu, filters: 3, dataFormat: 'channels_first' }).computeOutputShape([2, 4, 5])).toEqual([3, 3, 2]);
    expect(layers.conv2DTranspose({ ...glu, filters: 4 }).computeOutputShape([null, 3, 2])).toEqual([null, 4, 2]);
    expect(layers.depthwiseConv1D(glu).computeOutputShape([5, 4])).toEqual([4, 2]);
    expect(layers.separableConv2D({ ...glu, filters: 2 }).computeOutputShape([5, 5, 3])).toEqual([4, 4, 1]);
    const { model } = one(layers.conv1D({ ...glu, filters: 6, name: 'c' }), [5, 3]);
    model.add(layers.dense({ units: 2 }));
    expect(model.outputShape).toEqual([null, 4, 2]);
    expect(model.weights[2].shape).toEqual([3, 2]);
    for (const odd of [layers.conv1D({ ...glu, filters: 3, name: 'c' }), layers.depthwiseConv1D({ ...glu, name: 'c' })])
      expect(error(() => odd.computeOutputShape([5, 3]))).toEqual(throwing('ERR_SHAPE', /layer 'c'.*must be even/));
  });

  it('weights have the shapes and names of Keras', () => {
    const of = (layer: Layer, shape: Shape) => {
      layer.buildFor(shape);
      return layer.weights.map((w) => [w.name.split('/').pop(), [...w.shape]]);
    };
    const kernelSize = [3, 2];
    expect(of(layers.conv2d({ filters: 8, kernelSize, groups: 2 }), [9, 9, 6])).toEqual([
      ['kernel', [3, 2, 3, 8]],
      ['bias', [8]],
    ]);
    expect(of(layers.conv2d({ filters: 8, kernelSize, dataFormat: 'channels_first', useBias: false }), [6, 9, 9])).toEqual([
      ['kernel', [3, 2, 6, 8]],
    ]);
    expect(of(layers.conv2DTranspose({ filters: 8, kernelSize }), [9, 9, 6])).toEqual([
      ['kernel', [3, 2, 8, 6]],
      ['bias', [8]],
    ]);
    expect(of(layers.depthwiseConv2d({ kernelSize, depthMultiplier: 4 }), [9, 9, 6])).toEqual([
      ['depthwise_kernel', [3, 2, 6, 4]],
      ['bias', [24]],
    ]);
    expect(of(layers.separableConv2d({ filters: 5, kernelSize, depthMultiplier: 4 }), [9, 9, 6])).toEqual([
      ['depthwise_kernel', [3, 2, 6, 4]],
      ['pointwise_kernel', [1, 1, 24, 5]],
      ['bias', [5]],
    ]);
    expect(of(layers.conv3d({ filters: 2, kernelSize: 2 }), [4, 4, 4, 3])[0]).toEqual(['kernel', [2, 2, 2, 3, 2]]);
  });
});

describe('values', () => {
  it('a kernel slides without being turned round', async () => {
    const layer = layers.conv1d({ filters: 1, kernelSize: 2 });
    const { run } = one(layer, [4, 1]);
    layer.setWeights([[[[10]], [[1]]], [0.5]]);
    close(await run([[[1], [2], [3], [4]]]), [12.5, 23.5, 34.5]);
  });

  it('a transposed convolution spreads each step over its window', async () => {
    const layer = layers.conv1DTranspose({ filters: 1, kernelSize: 3, strides: 2 });
    const { run } = one(layer, [2, 1]);
    layer.setWeights([[[[1]], [[2]], [[3]]], [0.5]]);
    close(await run([[[1], [10]]]), [1.5, 2.5, 13.5, 20.5, 30.5]);
  });

  it.each(['conv2d', 'conv2DTranspose', 'depthwiseConv2d', 'separableConv2d'] as const)(
    '%s: channels_first is channels_last with its axes moved',
    async (name) => {
      // biome-ignore lint/suspicious/noExplicitAny: one table of options for all four
      const make = layers[name] as (o: any) => Layer;
      const options = { ...(name === 'depthwiseConv2d' ? {} : { filters: 4 }), kernelSize: [3, 2], strides: 2, padding: 'same' };
      const last = make(options);
      const first = make({ ...options, dataFormat: 'channels_first' });
      const a = one(last, [7, 6, 3]);
      const b = one(first, [3, 7, 6]);
      first.setWeights(last.getWeights());
      const x = numbers([2, 7, 6, 3]) as number[][][][];
      const moved = x.map((s) => [0, 1, 2].map((c) => s.map((row) => row.map((cell) => cell[c]))));
      const y = (await a.run(x)) as number[][][][];
      const wanted = y.map((s) => s[0][0].map((_, c) => s.map((row) => row.map((cell) => cell[c]))));
      close(await b.run(moved), wanted);
    },
  );

  it('causal: no output sees a later step', async () => {
    for (const options of [{}, { dilationRate: 3 }]) {
      const { run } = one(layers.conv1d({ filters: 2, kernelSize: 3, padding: 'causal', ...options }), [9, 2]);
      const x = numbers([1, 9, 2]) as number[][][];
      const before = (await run(x)) as number[][][];
      x[0][5] = [7, -7];
      const after = (await run(x)) as number[][][];
      expect(after[0].slice(0, 5)).toEqual(before[0].slice(0, 5));
      expect(after[0][5]).not.toEqual(before[0][5]);
    }
  });

  it('a separable convolution is a depthwise one and one of size 1', async () => {
    const separable = layers.separableConv2d({ filters: 4, kernelSize: 3, depthMultiplier: 2, activation: 'tanh' });
    const a = one(separable, [6, 6, 3]);
    const two = sequential([
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, useBias: false, inputShape: [6, 6, 3] }),
      layers.conv2d({ filters: 4, kernelSize: 1, activation: 'tanh' }),
    ]);
    two.setWeights(separable.getWeights());
    const x = numbers([2, 6, 6, 3]);
    close(await a.run(x), (await two.predict(array(x as number[]), { verbose: 0 })).toArray());
  });

  it('groups see their own channels only', async () => {
    const { run } = one(layers.conv1d({ filters: 4, kernelSize: 1, groups: 2 }), [1, 4]);
    const a = (await run([[[1, 2, 3, 4]]])) as number[][][];
    const b = (await run([[[1, 2, -3, 9]]])) as number[][][];
    expect(b[0][0].slice(0, 2)).toEqual(a[0][0].slice(0, 2));
    expect(b[0][0].slice(2)).not.toEqual(a[0][0].slice(2));
  });

  it('learns an edge detector', async () => {
    const x = numbers([64, 8, 8, 1]) as number[][][][];
    const y = x.map((s) => s.slice(0, 8).map((row) => row.slice(1).map((cell, j) => [cell[0] - row[j][0]])));
    const model = sequential([layers.conv2d({ filters: 1, kernelSize: [1, 2], inputShape: [8, 8, 1] })]);
    model.compile({ optimizer: { className: 'SGD', config: { learningRate: 0.5 } }, loss: 'mse' });
    const { history } = await model.fit(x, y, { epochs: 60, batchSize: 16, verbose: 0 });
    expect(history.loss.at(-1)).toBeLessThan(1e-6);
    close(model.getWeights()[0].toArray(), [-1, 1]);
  });
});

describe('errors', () => {
  it('name the option and what came', () => {
    expect(error(() => layers.conv2d({ filters: 0, kernelSize: 3 }))).toEqual(
      throwing('ERR_OUT_OF_RANGE', /'filters'.*Received: 0/),
    );
    expect(error(() => layers.conv2d({ filters: 2.5, kernelSize: 3 }))).toBeInstanceOf(TypeError);
    expect(error(() => layers.conv2d({ filters: 2 } as never))).toEqual(throwing('ERR_TYPE', /'kernelSize' is missing/));
    expect(error(() => layers.conv2d({ filters: 2, kernelSize: [3, 3, 3] }))).toEqual(
      throwing('ERR_OUT_OF_RANGE', /'kernelSize'/),
    );
    expect(error(() => layers.conv2d({ filters: 2, kernelSize: 0 }))).toEqual(throwing('ERR_OUT_OF_RANGE', /'kernelSize'/));
    expect(error(() => layers.conv2d({ filters: 2, kernelSize: 3, padding: 'causal' }))).toEqual(
      throwing('ERR_OUT_OF_RANGE', /'padding'.*'causal'/),
    );
    expect(error(() => layers.conv2d({ filters: 2, kernelSize: 3, strides: 2, dilationRate: 2 }))).toEqual(
      throwing('ERR_OUT_OF_RANGE', /strides and dilation/),
    );
    expect(error(() => layers.conv2d({ filters: 3, kernelSize: 3, groups: 2 }))).toEqual(
      throwing('ERR_OUT_OF_RANGE', /'groups' must divide 'filters'/),
    );
    expect(error(() => layers.conv2d({ filters: 3, kernelSize: 3, dataFormat: 'first' as never }))).toEqual(
      throwing('ERR_OUT_OF_RANGE', /'dataFormat'/),
    );
    expect(error(() => layers.conv2DTranspose({ filters: 3, kernelSize: 3, strides: 2, outputPadding: 2 }))).toEqual(
      throwing('ERR_OUT_OF_RANGE', /'outputPadding' must be below/),
    );
    expect(error(() => layers.conv2d({ filters: 3, kernelSize: 3, stride: 2 } as never))).toEqual(
      throwing('ERR_UNKNOWN_OPTION', /Did you mean 'strides'/),
    );
  });

  it('name the layer where the input does not fit', () => {
    const build = (layer: Layer, shape: number[]) => error(() => sequential([layer]).build([null, ...shape]));
    const name = 'eye';
    expect(build(layers.conv2d({ name, filters: 2, kernelSize: 5 }), [4, 9, 1])).toEqual(
      throwing('ERR_SHAPE', /layer 'eye': a kernel of \[5, 5\].*\[4, 9\]/),
    );
    expect(build(layers.conv2d({ name, filters: 2, kernelSize: 2, groups: 2 }), [4, 4, 3])).toEqual(
      throwing('ERR_SHAPE', /layer 'eye': 'groups'.*3 channels/),
    );
    expect(build(layers.conv2d({ name, filters: 2, kernelSize: 2 }), [4, 4])).toEqual(
      throwing('ERR_SHAPE', /layer 'eye' needs samples of rank 3/),
    );
    expect(
      build(layers.conv1DTranspose({ name, filters: 2, kernelSize: 2, strides: 2, padding: 'same', outputPadding: 0 }), [1, 1]),
    ).toEqual(throwing('ERR_SHAPE', /layer 'eye': its output would be empty/));
    expect(error(() => layers.conv1d({ name, filters: 2, kernelSize: 2 }).buildFor([4, null]))).toEqual(
      throwing('ERR_SHAPE', /layer 'eye': the channels/),
    );
  });
});
