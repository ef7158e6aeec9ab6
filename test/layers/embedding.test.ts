import { describe, expect, it, vi } from 'vitest';
import type { Layer } from '../../lib/layers/layer.js';
import { lowering, throwing } from './helpers.js';

vi.mock('../../lib/engine/addon.js', () => import('./fake_addon.js'));
const { Embedding } = await import('../../lib/layers/embedding.js');
const { GlobalAveragePooling1D } = await import('../../lib/layers/global_pooling.js');
const { layerRegistry: registry } = await import('../../lib/layers/index.js');
const { default: defaults } = await import('../parity/units/layer_defaults.json');

describe('Embedding', () => {
  it("has Keras's options and defaults", () => {
    const { embeddingsInitializer, ...config } = new Embedding({ inputDim: 2, outputDim: 2 }).getConfig();
    expect(config).toEqual({
      name: undefined,
      trainable: true,
      dtype: 'float32',
      inputDim: 2,
      outputDim: 2,
      embeddingsRegularizer: null,
      activityRegularizer: null,
      embeddingsConstraint: null,
      maskZero: false,
    });
    expect(embeddingsInitializer).toMatchObject({ minval: -0.05, maxval: 0.05 });
  });

  it('reads the configs of both versions of Keras', () => {
    const options = { inputDim: 2, outputDim: 2 };
    const config = (layer: Layer) => {
      const { batchInputShape: _, ...rest } = layer.getConfig();
      return JSON.stringify(rest);
    };
    for (const version of ['keras3', 'tfkeras'] as const)
      expect(config(registry.resolve({ class_name: 'Embedding', config: defaults[version].Embedding }))).toBe(
        config(new Embedding(options)),
      );
    const old = { batch_input_shape: [null, 7], input_dim: 5, output_dim: 3, input_length: 7, mask_zero: true };
    const layer = registry.resolve({ class_name: 'Embedding', config: old });
    expect(layer.getConfig()).toMatchObject({ batchInputShape: [null, 7], inputDim: 5, maskZero: true });
  });

  it.each([
    [[], [4]],
    [[10], [10, 4]],
    [[null], [null, 4]],
    [
      [3, 5],
      [3, 5, 4],
    ],
  ])('of ids %j gives vectors %j', (input, output) => {
    expect(new Embedding({ inputDim: 9, outputDim: 4 }).computeOutputShape(input)).toEqual(output);
  });

  it('does not take inputDim for the shape of its input, but inputLength', () => {
    expect(new Embedding({ inputDim: 9, outputDim: 4 }).batchInputShape).toBeUndefined();
    expect(new Embedding({ inputDim: 9, outputDim: 4, inputLength: 6 }).batchInputShape).toEqual([null, 6]);
    expect(new Embedding({ inputDim: 9, outputDim: 4, inputLength: 6, inputShape: [null] }).batchInputShape).toEqual([
      null,
      null,
    ]);
  });

  it('has one weight, which may be given', () => {
    const layer = new Embedding({ inputDim: 3, outputDim: 2, activityRegularizer: 'l2' });
    layer.build([5]);
    expect(layer.weights.map((w) => [w.name, [...w.shape], w.trainable])).toEqual([['embeddings', [3, 2], true]]);
    expect(layer.lower([5], lowering)).toEqual([{ op: 'embedding', inputDim: 3, outputDim: 2, maskZero: false, weights: [0] }]);
    const table = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    for (const [inputDim, weights] of [
      [3, table],
      [3, [table]],
      [1, [[7, 8]]],
      [1, [[[7, 8]]]],
    ] as const) {
      const given = new Embedding({ inputDim, outputDim: 2, weights });
      given.build([5]);
      expect([...given.getWeights()[0].data]).toEqual(inputDim === 1 ? [7, 8] : [1, 2, 3, 4, 5, 6]);
    }
    expect(() => new Embedding({ inputDim: 4, outputDim: 2, weights: table }).build([5])).toThrow(
      throwing('ERR_SHAPE', /embeddings/),
    );
  });

  it('refuses what cannot be', () => {
    const options = (o: object) => () => new Embedding({ inputDim: 3, outputDim: 2, ...o });
    expect(options({ inputDim: 0 })).toThrow(throwing('ERR_OUT_OF_RANGE', /inputDim/));
    expect(options({ inputDim: 2 ** 24 + 1 })).toThrow(throwing('ERR_OUT_OF_RANGE', /16777216/));
    expect(options({ inputDim: 2.5 })).toThrow(TypeError);
    expect(options({ outputDim: '2' })).toThrow(TypeError);
    expect(() => registry.resolve({ className: 'Embedding', config: { inputDim: 3 } })).toThrow(/outputDim/);
    expect(options({ maskZero: 1 })).toThrow(TypeError);
    expect(options({ loraRank: 4 })).toThrow(throwing('ERR_UNSUPPORTED', /loraRank/));
    expect(options({ vocabularySize: 4 })).toThrow(throwing('ERR_UNKNOWN_OPTION', /vocabularySize/));
  });
});

describe('GlobalAveragePooling1D', () => {
  it.each([
    [{}, [null, 4], [4]],
    [{ keepdims: true }, [9, 4], [1, 4]],
    [{ dataFormat: 'channels_first' }, [9, 4], [9]],
    [{ dataFormat: 'channels_first', keepdims: true }, [9, 4], [9, 1]],
  ] as const)('with %j turns %j into %j', (options, input, output) => {
    const layer = new GlobalAveragePooling1D(options);
    expect(layer.computeOutputShape(input)).toEqual(output);
    expect(layer.lower()).toEqual([{ op: 'globalAveragePooling1d', dataFormat: layer.dataFormat, keepdims: layer.keepdims }]);
  });

  it("has Keras's names and defaults", () => {
    for (const name of ['GlobalAveragePooling1D', 'GlobalAvgPool1D', 'global_average_pooling1d'])
      expect(registry.resolve(name)).toBeInstanceOf(GlobalAveragePooling1D);
    expect(
      registry.resolve({ class_name: 'GlobalAveragePooling1D', config: defaults.keras3.GlobalAveragePooling1D }).getConfig(),
    ).toEqual(new GlobalAveragePooling1D().getConfig());
    expect(new GlobalAveragePooling1D().getConfig()).toMatchObject({ dataFormat: 'channels_last', keepdims: false });
  });

  it('refuses what cannot be', () => {
    for (const shape of [[4], [3, 4, 5]])
      expect(() => new GlobalAveragePooling1D().computeOutputShape(shape)).toThrow(throwing('ERR_SHAPE', /rank 2/));
    expect(() => new GlobalAveragePooling1D({ keepdims: 'no' as never })).toThrow(TypeError);
    expect(() => new GlobalAveragePooling1D({ dataFormat: 'NWC' as never })).toThrow(throwing('ERR_OUT_OF_RANGE', /dataFormat/));
  });
});
