import { describe, expect, it, vi } from 'vitest';
import { built, lowering, plain, programOf, shapes, throwing } from './helpers.js';

vi.mock('../../lib/engine/addon.js', async () => ({
  addon: { ...(await import('./fake_addon.js')).addon, orthogonal: () => undefined },
}));
const { input, layers, layerRegistry } = await import('../../lib/layers/index.js');
const { modelFromJSON } = await import('../../lib/load_model.js');
const { Sequential } = await import('../../lib/sequential.js');
const { default: defaults } = await import('../parity/units/layer_defaults.json');

type Layer = InstanceType<(typeof layers)['LSTM']>;

describe('recurrent layers', () => {
  it.each([
    ['LSTM', [[3, 20], [5, 20], [20]]],
    [
      'GRU',
      [
        [3, 15],
        [5, 15],
        [2, 15],
      ],
    ],
    ['SimpleRNN', [[3, 5], [5, 5], [5]]],
  ] as const)("%s has Keras's options, defaults and weights", (name, weights) => {
    const Class = layers[name];
    const layer = new Class({ units: 5 });
    for (const version of ['keras3', 'tfkeras'] as const) {
      const config = defaults[version][name] as Record<string, unknown>;
      const read = layerRegistry.resolve({ class_name: name, config: { ...config, units: 5 } });
      expect(plain(read.getConfig())).toEqual(plain(layer.getConfig()));
    }
    built(layer as Layer, [7, 3]);
    expect(shapes(layer)).toEqual(weights);
    expect(layer.weights.map((w) => w.name)).toEqual(['kernel', 'recurrent_kernel', 'bias']);
    expect(layer.weights.every((w) => w.trainable)).toBe(true);
    expect(layer.computeOutputShape([7, 3])).toEqual([5]);
    expect(new Class({ units: 5, returnSequences: true }).computeOutputShape([null, 3])).toEqual([null, 5]);
    expect(shapes(built(new Class({ units: 5, useBias: false }) as Layer, [null, 3]))).toEqual(weights.slice(0, 2));
  });

  it('gives a GRU that resets before the product one bias', () => {
    expect(shapes(built(layers.gru({ units: 2, resetAfter: false }) as Layer, [4, 3]))).toEqual([[3, 6], [2, 6], [6]]);
  });

  it("starts a forget gate's bias at 1", () => {
    const bias = (options: object) =>
      Array.from(built(layers.lstm({ units: 2, ...options }) as Layer, [4, 3]).weights[2].read().data);
    expect(bias({})).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
    expect(bias({ unitForgetBias: false })).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(bias({ biasInitializer: { className: 'Constant', config: { value: 2 } } })).toEqual([2, 2, 1, 1, 2, 2, 2, 2]);
  });

  it('becomes one op, with the options of its cell and of the sequence', () => {
    const layer = built(
      layers.gru({ units: 2, goBackwards: true, dropout: 0.25, seed: 7, activityRegularizer: 'l2' }) as Layer,
      [4, 3],
    );
    expect(layer.lower([4, 3], lowering)).toEqual([
      {
        op: 'gru',
        units: 2,
        useBias: true,
        resetAfter: true,
        activation: { activation: 'tanh' },
        recurrentActivation: { activation: 'sigmoid' },
        dropout: 0.25,
        recurrentDropout: 0,
        seed: 7,
        goBackwards: true,
        returnSequences: false,
        zeroOutputForMask: false,
        weights: [0, 1, 2],
      },
    ]);
  });

  it.each([
    [{ units: 0 }, 'ERR_OUT_OF_RANGE', /LSTM: 'units' must be .* Received: 0/],
    [{}, 'ERR_TYPE', /LSTM: 'units' is missing/],
    [{ units: 2, dropout: 1 }, 'ERR_OUT_OF_RANGE', /LSTM: 'dropout'/],
    [{ units: 2, returnState: true }, 'ERR_OUT_OF_RANGE', /LSTM: 'returnState' gives several outputs/],
    [{ units: 2, activation: 'log_softmax' }, 'ERR_OUT_OF_RANGE', /LSTM: 'activation' must be a function of one element/],
    [{ units: 2, activation: 'glu' }, 'ERR_OUT_OF_RANGE', /LSTM: 'activation' must be a function of one element.*'glu'/],
    [{ units: 2, recurrentActivation: 'glu' }, 'ERR_OUT_OF_RANGE', /LSTM: 'recurrentActivation' must be a function of one/],
    [{ units: 2, returnSequence: true }, 'ERR_UNKNOWN_OPTION', /Did you mean 'returnSequences'/],
  ])('refuses %j', (options, code, message) => {
    expect(() => layers.lstm(options as never)).toThrow(throwing(code, message));
  });

  it('needs sequences of vectors', () => {
    expect(() => layers.lstm({ units: 2 }).computeOutputShape([4])).toThrow(throwing('ERR_SHAPE', /returnSequences: true/));
    expect(() => layers.lstm({ units: 2 }).computeOutputShape([4, 3, 2])).toThrow(throwing('ERR_SHAPE', /rank 2/));
    expect(() => layers.lstm({ units: 2 }).computeOutputShape([4, null])).toThrow(throwing('ERR_SHAPE', /last axis/));
  });
});

describe('RNN', () => {
  const cells = () => [new layers.GRUCell({ units: 2 }), new layers.LSTMCell({ units: 3, useBias: false })];

  it('stacks cells', () => {
    const layer = built(layers.rnn({ cell: cells(), goBackwards: true, zeroOutputForMask: true }) as never as Layer, [4, 5]);
    expect(shapes(layer)).toEqual([
      [5, 6],
      [2, 6],
      [2, 6],
      [2, 12],
      [3, 12],
    ]);
    expect(layer.computeOutputShape([4, 5])).toEqual([3]);
    expect(layer.lower([4, 5], lowering)).toMatchObject([
      { op: 'gru', returnSequences: true, goBackwards: true, zeroOutputForMask: false, weights: [0, 1, 2] },
      { op: 'lstm', returnSequences: false, goBackwards: false, zeroOutputForMask: true, weights: [3, 4] },
    ]);
  });

  it('refuses what is no cell, and a cell outside of it', () => {
    expect(() => layers.rnn({ cell: layers.lstm({ units: 2 }) as never })).toThrow(throwing('ERR_TYPE', /'cell' must be a cell/));
    expect(() => new Sequential([input({ shape: [3] }), new layers.LSTMCell({ units: 2 })])).toThrow(
      throwing('ERR_LAYER', /one step of a sequence/),
    );
  });
});

describe('Bidirectional', () => {
  it('has a layer for each direction', () => {
    const inner = layers.lstm({ units: 2, returnSequences: true, name: 'lstm' });
    const layer = built(layers.bidirectional({ layer: inner }) as never as Layer, [4, 3]);
    expect(shapes(layer)).toEqual([[3, 8], [2, 8], [8], [3, 8], [2, 8], [8]]);
    expect(inner.weights).toEqual([]);
    expect(layer.computeOutputShape([4, 3])).toEqual([4, 4]);
    expect(programOf(layer, [4, 3])).toMatchObject([
      { op: 'lstm', goBackwards: false, zeroOutputForMask: true, weights: [0, 1, 2], inputs: [0], output: 1, stream: [1, 1, 0] },
      { op: 'lstm', goBackwards: true, zeroOutputForMask: true, weights: [3, 4, 5], inputs: [0], output: 2, stream: [1, 2, 0] },
      { op: 'flip', axis: 1, inputs: [2], output: 3 },
      { op: 'concatenate', inputs: [1, 3], output: 4 },
    ]);
    expect(layer.getConfig()).toMatchObject({
      mergeMode: 'concat',
      layer: { name: 'forward_lstm' },
      backwardLayer: { name: 'backward_lstm' },
    });
    expect(layers.bidirectional({ layer: inner, mergeMode: 'sum' }).computeOutputShape([4, 3])).toEqual([4, 2]);
    const wider = layers.gru({ units: 5, returnSequences: true, goBackwards: true });
    expect(layers.bidirectional({ layer: inner, backwardLayer: wider }).computeOutputShape([4, 3])).toEqual([4, 7]);
  });

  it.each([
    [{ layer: () => layers.dense({ units: 2 }) }, 'ERR_TYPE', /must be a recurrent layer/],
    [{ mergeMode: null }, 'ERR_OUT_OF_RANGE', /'mergeMode' null gives two outputs/],
    [{ mergeMode: 'max' }, 'ERR_OUT_OF_RANGE', /'mergeMode' must be one of/],
    [{ backwardLayer: () => layers.lstm({ units: 2 }) }, 'ERR_LAYER', /'goBackwards' must differ/],
    [
      { backwardLayer: () => layers.lstm({ units: 2, goBackwards: true, stateful: true }) },
      'ERR_LAYER',
      /'stateful' must be the same/,
    ],
    [{ mergeMode: 'mul', backwardLayer: () => layers.lstm({ units: 3, goBackwards: true }) }, 'ERR_LAYER', /same units/],
  ])('refuses %#', (options, code, message) => {
    const made = Object.fromEntries(Object.entries(options).map(([k, v]) => [k, typeof v === 'function' ? v() : v]));
    expect(() => layers.bidirectional({ layer: layers.lstm({ units: 2 }), ...made } as never)).toThrow(throwing(code, message));
  });
});

it('a model of them comes back from its JSON', () => {
  const model = new Sequential([
    layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true, recurrentDropout: 0.1 }), inputShape: [4, 3] }),
    layers.timeDistributed({ layer: layers.dense({ units: 3 }) }),
    layers.rnn({
      cell: [new layers.GRUCell({ units: 2 }), new layers.SimpleRNNCell({ units: 4, activation: 'relu' })],
      returnSequences: true,
    }),
    layers.bidirectional({
      layer: layers.gru({ units: 2 }),
      mergeMode: 'ave',
      backwardLayer: layers.lstm({ units: 2, goBackwards: true }),
    }),
  ]);
  const json = plain(model.toJSON());
  const again = modelFromJSON(json);
  expect(plain(again.toJSON())).toEqual(json);
  expect(shapes(again)).toEqual(shapes(model));
});
