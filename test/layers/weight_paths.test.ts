import { expect, it } from 'vitest';
import { layers, sequential } from '../../lib/index.js';

const paths = (model: ReturnType<typeof sequential>) => model.weights.map((w) => w.path);

it('a weight has a path: layers and attributes that hold it, then its own name', () => {
  const model = sequential([
    layers.bidirectional({ layer: layers.lstm({ units: 2, name: 'words' }), name: 'both', inputShape: [3, 4] }),
    layers.dense({ units: 1, name: 'out' }),
  ]);
  expect(paths(model)).toEqual([
    ...['kernel', 'recurrent_kernel', 'bias'].map((name) => `both/forward_layer/cell/${name}`),
    ...['kernel', 'recurrent_kernel', 'bias'].map((name) => `both/backward_layer/cell/${name}`),
    'out/kernel',
    'out/bias',
  ]);
  expect(new Set(paths(model)).size).toBe(model.weights.length);
});

it("in the model that its layer was first added to: that of an inner model is the inner model's", () => {
  const inner = sequential({ name: 'encoder', layers: [layers.dense({ units: 2, name: 'deep', inputShape: [3] })] });
  const outer = sequential([inner, layers.dense({ units: 1, name: 'head' })]);
  expect(paths(outer)).toEqual(['deep/kernel', 'deep/bias', 'head/kernel', 'head/bias']);
});

it('of a layer that stands alone it begins with the layer', () => {
  const dense = layers.dense({ units: 2, name: 'alone' });
  dense.build([null, 3]);
  expect(dense.weights.map((w) => w.path)).toEqual(['alone/kernel', 'alone/bias']);
});
