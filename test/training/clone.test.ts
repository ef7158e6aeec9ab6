import { describe, expect, it } from 'vitest';
import { coreOf } from '../../lib/faces.js';
import { input, layers, modelFromJSON, optimizers, Sequential, sequential } from '../../lib/index.js';
import type { Model } from '../../lib/model/model.js';
import { throwing } from '../layers/helpers.js';

const wave = (n: number, seed: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.7 + seed));
const x = { data: wave(60, 1), shape: [5, 4, 3] };
const y = { data: wave(10, 2), shape: [5, 2] };

/** Layers inside layers of every kind. */
const make = () =>
  new Sequential({
    name: 'whole',
    layers: [
      input({ shape: [4, 3], name: 'signal' }),
      layers.timeDistributed({ layer: layers.dense({ units: 3 }) }),
      sequential([layers.dense({ units: 3, trainable: false }), layers.batchNormalization()]),
      layers.bidirectional({ layer: layers.gru({ units: 2, returnSequences: true }) }),
      layers.rnn({ cell: [new layers.LSTMCell({ units: 2 }), new layers.GRUCell({ units: 3 })] }),
      layers.spectralNormalization({ layer: layers.dense({ units: 2, kernelRegularizer: 'l2' }) }),
    ],
  });

describe('clone', () => {
  it('has the layers, names, weights and compile options, and shares none of them', async () => {
    const model = make();
    const optimizer = optimizers.adam({ learningRate: 0.02 });
    model.compile({ optimizer, loss: 'mse', metrics: ['mae'] });
    await model.fit(x, y, { verbose: 0 });
    const copy = model.clone();
    expect(copy.toJSON()).toEqual(model.toJSON());
    expect(copy.name).toBe('whole');
    expect(copy.getWeights()).toEqual(model.getWeights());
    expect(copy.predictSync(x)).toEqual(model.predictSync(x));
    expect(copy.optimizer.iterations).toBe(0);
    expect(await copy.evaluate(x, y, { verbose: 0 })).toEqual(await model.evaluate(x, y, { verbose: 0 }));
    const before = model.getWeights();
    copy.optimizer.learningRate = 0.5;
    await copy.fit(x, y, { verbose: 0 });
    expect(model.getWeights()).toEqual(before);
    expect([optimizer.learningRate, optimizer.iterations]).toEqual([0.02, 1]);
    expect(copy.weights.some((w) => model.weights.includes(w))).toBe(false);
  });

  it('draws other weights where it is told to', () => {
    const model = make();
    const copy = model.clone({ weights: false });
    expect(copy.weights.map((w) => w.shape)).toEqual(model.weights.map((w) => w.shape));
    expect(copy.getWeights()).not.toEqual(model.getWeights());
    expect(() => model.clone({ weights: 1 as never })).toThrow(throwing('ERR_TYPE', /weights/));
    expect(() => model.clone({ weight: true } as never)).toThrow(throwing('ERR_UNKNOWN_OPTION', /weights/));
  });

  it('keeps what is frozen, what is not built, and that a model came from Keras 2', () => {
    const model = sequential([layers.dense({ units: 2, trainable: false }), layers.dense({ units: 1 })]);
    model.trainable = false;
    model.layers[1].trainable = true;
    const copy = model.clone();
    expect([copy.built, copy.compiled, copy.trainable]).toEqual([false, false, false]);
    expect(copy.layers.map((l) => l.trainable)).toEqual([false, true]);
    copy.build([null, 3]);
    expect(model.built).toBe(false);
    const old = modelFromJSON({ class_name: 'Sequential', keras_version: '2.2.4', config: [] });
    expect(coreOf<Model>(old.clone())?.dialect).toBe('keras2');
  });
});
