import { expect, it, vi } from 'vitest';
import { layers, optimizers, sequential, version } from '../lib/index.js';

it('warns once a kind, not once a model', () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  for (let i = 0; i < 50; i++)
    layers.timeDistributed({ layer: layers.dense({ units: 1 + i, activityRegularizer: 'l2' }), inputShape: [2, 3] });
  expect(warn).toHaveBeenCalledTimes(1);
  layers.timeDistributed({ layer: layers.conv1D({ filters: 1, kernelSize: 1, activityRegularizer: 'l2' }) });
  expect(warn).toHaveBeenCalledTimes(2);
  warn.mockRestore();
});

it('the fit of fifty models with a class without a weight warns once', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  for (let i = 0; i < 50; i++) {
    const model = sequential([layers.dense({ units: 3, activation: 'softmax', inputShape: [1] })]);
    model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' });
    await model.fit([[1], [2]], i % 2 ? [[0], [1]] : [[1], [2]], { verbose: 0, classWeight: { 0: 2 } });
  }
  expect(warn.mock.calls.filter(([message]) => /classWeight/.test(String(message)))).toHaveLength(1);
  warn.mockRestore();
});

it("names the processor's instructions as everyone does, and refuses Lion's beta1 of 0, as Keras does", () => {
  expect(version.simd).not.toMatch(/AVX3/);
  expect(() => optimizers.lion({ beta1: 0 })).toThrow(/'beta1'/);
  expect(optimizers.lion({ beta1: 1 }).beta1).toBe(1);
});
