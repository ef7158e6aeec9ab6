import { describe, expect, it, vi } from 'vitest';
import { built, lowering, plain, programOf, shapes, throwing } from './helpers.js';

vi.mock('../../lib/engine/addon.js', async () => ({
  addon: { ...(await import('./fake_addon.js')).addon, orthogonal: () => undefined },
}));
const { layers, layerRegistry } = await import('../../lib/layers/index.js');
const { modelFromJSON } = await import('../../lib/load_model.js');
const { Sequential } = await import('../../lib/sequential.js');
const { default: golden } = await import('../parity/units/conv_lstm.json');

type Layer = InstanceType<(typeof layers)['ConvLSTM2D']>;

describe('ConvLSTM', () => {
  it.each(['ConvLSTM1D', 'ConvLSTM2D'] as const)("%s has Keras's options and defaults", (name) => {
    const read = layerRegistry.resolve({ class_name: name, config: golden.keras3[name] });
    expect(plain(read.getConfig())).toEqual(plain(new layers[name]({ filters: 1, kernelSize: 1 }).getConfig()));
    // Every word of Keras's config is one of ours, but for the seed, which is left out where there is none.
    const words = Object.keys(golden.keras3[name]).map((key) => key.replace(/_(.)/g, (_, c: string) => c.toUpperCase()));
    expect(Object.keys({ ...read.getConfig(), seed: null })).toEqual(expect.arrayContaining(words));
  });

  it('has weights of a convolution for each gate', () => {
    const line = built(layers.convLSTM1D({ filters: 3, kernelSize: 5 }), [4, 9, 2]);
    expect(shapes(line)).toEqual([[5, 2, 12], [5, 3, 12], [12]]);
    expect(line.weights.map((w) => w.name)).toEqual(['kernel', 'recurrent_kernel', 'bias']);
    const first = layers.convLSTM2D({ filters: 3, kernelSize: [2, 3], dataFormat: 'channels_first', useBias: false });
    expect(shapes(built(first, [4, 2, 6, 7]))).toEqual([
      [2, 3, 2, 12],
      [2, 3, 3, 12],
    ]);
  });

  it("starts a forget gate's bias at 1", () => {
    const bias = (options: object) =>
      Array.from(built(layers.convLSTM1D({ filters: 2, kernelSize: 1, ...options }), [4, 3, 1]).weights[2].read().data);
    expect(bias({})).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
    expect(bias({ unitForgetBias: false })).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(bias({ biasInitializer: { className: 'Constant', config: { value: 2 } } })).toEqual([2, 2, 1, 1, 2, 2, 2, 2]);
  });

  it.each([
    [{}, [3, 7, 5, 2], [6, 4, 4]],
    [{ returnSequences: true }, [null, 7, 5, 2], [null, 6, 4, 4]],
    [{ padding: 'same', strides: [2, 1], returnSequences: true }, [3, 7, 5, 2], [3, 4, 5, 4]],
    [{ dilationRate: 2 }, [3, 7, 5, 2], [5, 3, 4]],
    [{ dataFormat: 'channels_first', returnSequences: true }, [3, 2, 7, 5], [3, 4, 6, 4]],
    [{}, [null, null, 5, 2], [null, 4, 4]],
  ])('with %j makes of %j %j', (options, input, output) => {
    expect(layers.convLSTM2D({ filters: 4, kernelSize: 2, ...options } as never).computeOutputShape(input)).toEqual(output);
  });

  it('becomes one op', () => {
    const options = {
      filters: 2,
      kernelSize: 3,
      strides: 2,
      padding: 'same',
      goBackwards: true,
      stateful: true,
      dropout: 0.25,
      seed: 7,
    } as const;
    const layer = built(layers.convLSTM1D({ ...options, activityRegularizer: 'l2' }), [4, 6, 3]);
    expect(layer.lower([4, 6, 3], lowering)).toEqual([
      {
        op: 'convLstm',
        filters: 2,
        kernel: [3],
        strides: [2],
        dilation: [1],
        padding: 'same',
        channelsFirst: false,
        useBias: true,
        activation: { activation: 'tanh' },
        recurrentActivation: { activation: 'sigmoid' },
        dropout: 0.25,
        recurrentDropout: 0,
        seed: 7,
        goBackwards: true,
        returnSequences: false,
        state: 0,
        zeroOutputForMask: false,
        weights: [0, 1, 2],
      },
    ]);
  });

  it.each([
    [{ filters: undefined }, 'ERR_TYPE', /ConvLSTM2D: 'filters' is missing/],
    [{ filters: 0 }, 'ERR_OUT_OF_RANGE', /ConvLSTM2D: 'filters' must be .* Received: 0/],
    [{ kernelSize: undefined }, 'ERR_TYPE', /ConvLSTM2D: 'kernelSize' is missing/],
    [{ kernelSize: [1, 2, 3] }, 'ERR_OUT_OF_RANGE', /ConvLSTM2D: 'kernelSize'/],
    [{ padding: 'causal' }, 'ERR_OUT_OF_RANGE', /ConvLSTM2D: 'padding' must be one of/],
    [{ strides: 2, dilationRate: 2 }, 'ERR_OUT_OF_RANGE', /strides and dilation cannot both/],
    [{ dropout: 1 }, 'ERR_OUT_OF_RANGE', /ConvLSTM2D: 'dropout'/],
    [{ recurrentDropout: -1 }, 'ERR_OUT_OF_RANGE', /ConvLSTM2D: 'recurrentDropout'/],
    [{ returnState: true }, 'ERR_OUT_OF_RANGE', /ConvLSTM2D: 'returnState' gives several outputs/],
    [{ activation: 'softmax' }, 'ERR_OUT_OF_RANGE', /ConvLSTM2D: 'activation' must be a function of one element/],
    [{ units: 2 }, 'ERR_UNKNOWN_OPTION', /'units'/],
    [{ returnSequence: true }, 'ERR_UNKNOWN_OPTION', /Did you mean 'returnSequences'/],
    [{ dtype: 'mixed_bfloat16' }, 'ERR_DTYPE', /not available for this layer/],
  ])('refuses %j', (options, code, message) => {
    expect(() => layers.convLSTM2D({ filters: 2, kernelSize: 2, ...options } as never)).toThrow(throwing(code, message));
  });

  it.each([
    [[5, 4, 2], /rank 4, \[steps, \.\.\.image\]\. Received .*\[5, 4, 2\].*returnSequences: true/],
    [[3, 5], /rank 4/],
    [[3, 5, 4, null], /channels of its input must be known/],
    [[3, 1, 4, 2], /does not fit into an input of \[1, 4\]/],
  ])('refuses samples of %j', (input, message) => {
    expect(() => layers.convLSTM2D({ filters: 2, kernelSize: 2 }).computeOutputShape(input)).toThrow(
      throwing('ERR_SHAPE', message),
    );
  });
});

describe('wrappers around it', () => {
  it('goes both ways', () => {
    const inner = layers.convLSTM2D({ filters: 2, kernelSize: 2, returnSequences: true });
    const layer = built(layers.bidirectional({ layer: inner }) as never as Layer, [3, 5, 4, 1]);
    expect(shapes(layer)).toEqual([[2, 2, 1, 8], [2, 2, 2, 8], [8], [2, 2, 1, 8], [2, 2, 2, 8], [8]]);
    expect(layer.computeOutputShape([3, 5, 4, 1])).toEqual([3, 4, 3, 4]);
    expect(layers.bidirectional({ layer: inner, mergeMode: 'ave' }).computeOutputShape([3, 5, 4, 1])).toEqual([3, 4, 3, 2]);
    expect(programOf(layer, [3, 5, 4, 1])).toMatchObject([
      { op: 'convLstm', goBackwards: false, zeroOutputForMask: true, weights: [0, 1, 2] },
      { op: 'convLstm', goBackwards: true, zeroOutputForMask: true, weights: [3, 4, 5] },
      { op: 'flip', axis: 1 },
      { op: 'concatenate' },
    ]);
  });

  it('refuses directions whose outputs do not fit together', () => {
    const inner = layers.convLSTM1D({ filters: 2, kernelSize: 2 });
    const other = layers.convLSTM1D({ filters: 2, kernelSize: 3, goBackwards: true });
    for (const mergeMode of ['concat', 'sum'] as const) {
      const layer = layers.bidirectional({ layer: inner, backwardLayer: other, mergeMode });
      expect(() => layer.computeOutputShape([3, 5, 1])).toThrow(
        throwing('ERR_SHAPE', /fit together. Received: \[4, 2\] and \[3, 2\]/),
      );
    }
    // Side by side on the last axis, which here is that of cells.
    const first = { dataFormat: 'channels_first' } as const;
    const layer = layers.bidirectional({
      layer: layers.convLSTM1D({ filters: 2, kernelSize: 2, ...first }),
      backwardLayer: layers.convLSTM1D({ filters: 2, kernelSize: 3, goBackwards: true, ...first }),
    });
    expect(layer.computeOutputShape([3, 1, 5])).toEqual([2, 7]);
  });

  it('is applied to every step of a sequence of sequences', () => {
    const layer = layers.timeDistributed({ layer: layers.convLSTM1D({ filters: 3, kernelSize: 2 }) });
    expect(layer.computeOutputShape([2, 4, 5, 1])).toEqual([2, 4, 3]);
    const stateful = layers.convLSTM1D({ filters: 3, kernelSize: 2, stateful: true });
    expect(() => layers.timeDistributed({ layer: stateful })).toThrow(throwing('ERR_LAYER', /stateful/));
  });
});

describe('JSON', () => {
  it("reads Keras's model, and writes what it read", () => {
    const model = modelFromJSON(golden.model);
    expect(model.name).toBe('movie');
    expect(shapes(model)).toEqual(golden.modelWeights.map((w) => w.shape));
    const again = plain(model.toJSON());
    // Keys that say nothing, such as a seed of null, may be left out.
    expect(golden.model.config.layers.slice(0, 3)).toMatchObject(again.config.layers.slice(0, 3));
    expect(plain(modelFromJSON(again).toJSON())).toEqual(again);
  });

  it('goes there and back with every option', () => {
    const options = { filters: 2, kernelSize: [2, 3], padding: 'same', returnSequences: true, dropout: 0.2, seed: 3 } as const;
    const model = new Sequential([
      layers.bidirectional({
        layer: layers.convLSTM2D({ ...options, recurrentActivation: 'hard_sigmoid' }),
        inputShape: [3, 4, 5, 2],
      }),
      layers.timeDistributed({ layer: layers.reshape({ targetShape: [20, 4] }) }),
      layers.convLSTM1D({
        filters: 1,
        kernelSize: 3,
        strides: 2,
        goBackwards: true,
        recurrentConstraint: 'max_norm',
        zeroOutputForMask: true,
      }),
    ]);
    expect(model.layers.map((l) => l.name)).toEqual(['bidirectional', 'time_distributed', 'conv_lstm1d']);
    const json = plain(model.toJSON());
    const again = modelFromJSON(json);
    expect(plain(again.toJSON())).toEqual(json);
    expect(shapes(again)).toEqual(shapes(model));
  });

  it("reads tf.keras's hard sigmoid as its own curve", () => {
    const config = {
      name: 'c',
      filters: 1,
      kernel_size: [1, 1],
      recurrent_activation: 'hard_sigmoid',
      batch_input_shape: [null, 2, 3, 3, 1],
    };
    const json = {
      class_name: 'Sequential',
      keras_version: '2.15.0',
      config: { name: 's', layers: [{ class_name: 'ConvLSTM2D', config }] },
    };
    expect(plain(modelFromJSON(json).layers[0].lower([2, 3, 3, 1], lowering))).toMatchObject([
      { recurrentActivation: { activation: 'hardSigmoidKeras2' } },
    ]);
  });
});
