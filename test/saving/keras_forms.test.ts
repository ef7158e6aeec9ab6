import { describe, expect, it } from 'vitest';
import { activations, array, layers, modelFromJSON, sequential } from '../../lib/index.js';
import forms from '../parity/units/activation_layers.json';
import numpy from '../parity/units/numpy_values.json';

// biome-ignore lint/suspicious/noExplicitAny: JSON of the files
type Json = any;

const close = (got: ArrayLike<number>, want: readonly number[]) => {
  expect(got.length).toBe(want.length);
  want.forEach((v, i) => {
    expect(got[i]).toBeCloseTo(v, 6);
  });
};
/** How a model of one layer writes that layer's activation. */
const written = (activation: unknown): Json =>
  (sequential([layers.dense({ units: 2, activation: activation as never, inputShape: [3] })]).toJSON() as Json).config.layers[1]
    .config.activation;

describe('activations with options of their own', () => {
  const { x, keras: _, ...cases } = forms;
  it.each(Object.entries(cases))('%s: read as Keras wrote it, computed and written as Keras does', async (_name, c) => {
    const model = modelFromJSON(c.model);
    close((await model.predict(array(x.data, x.shape), { verbose: 0 })).data, c.y);
    const again = (model.toJSON() as Json).config.layers[1].config.activation;
    expect(again).toEqual(c.bare);
    // And the bare form as a part.
    close((await modelFromJSON(model.toJSON()).predict(array(x.data, x.shape), { verbose: 0 })).data, c.y);
  });

  it('are layers where Keras has them, whatever they came from', () => {
    const leaky = { module: 'keras.layers', class_name: 'LeakyReLU', config: { negative_slope: 0.5 }, registered_name: null };
    for (const same of [
      activations.leakyRelu({ negativeSlope: 0.5 }),
      layers.leakyReLU({ negativeSlope: 0.5 }),
      { className: 'leaky_relu', config: { negativeSlope: 0.5 } },
      { class_name: 'keras.layers>LeakyReLU', config: { name: 'l', dtype: 'float32', alpha: 0.5 } },
    ])
      expect(written(same)).toEqual(leaky);
    expect(written(activations.relu({ maxValue: 4 }))).toEqual({
      module: 'keras.layers',
      class_name: 'ReLU',
      config: { negative_slope: 0, max_value: 4, threshold: 0 },
      registered_name: null,
    });
  });

  it('go by name where the options are the usual ones', () => {
    expect(written(activations.leakyRelu({ negativeSlope: 0.2 }))).toBe('leaky_relu');
    expect(written(layers.relu())).toBe('relu');
    expect(written(activations.softmax({ axis: -1 }))).toBe('softmax');
    expect(written('swish')).toBe('silu');
  });

  it('the layer LeakyReLU has a slope of its own, also by its name', () => {
    for (const layer of [
      layers.leakyReLU(),
      { class_name: 'LeakyReLU', config: {} },
      { className: 'LeakyReLU', config: {} },
      'LeakyReLU',
    ])
      expect(written(layer).config).toEqual({ negative_slope: 0.3 });
    expect(() => written({ class_name: 'LeakyReLU', config: { slope: 1 } })).toThrow(/'slope'/);
  });

  it('keep their own form where Keras has none, and come back from it', () => {
    for (const activation of [
      activations.celu({ alpha: 2 }),
      activations.gelu({ approximate: true }),
      activations.threshold({ threshold: 1, defaultValue: -2 }),
      activations.leakyRelu({ negativeSlope: -1 }),
      activations.relu({ threshold: -1 }),
    ]) {
      const json = written(activation);
      expect(json.module).toBe('keras.activations');
      expect(written(json)).toEqual(json);
    }
  });
});

it('options that are arrays of numpy are read', async () => {
  const model = modelFromJSON(numpy.model);
  const y = await model.predict(
    array([
      [1, 2],
      [3, 4],
    ]),
    { verbose: 0 },
  );
  expect(y.toArray()).toEqual(numpy.y);
});
