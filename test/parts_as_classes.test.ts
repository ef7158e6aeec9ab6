import { expect, it } from 'vitest';
import {
  callbacks,
  constraints,
  initializers,
  layers,
  losses,
  metrics,
  optimizers,
  RuntimeError,
  regularizers,
  sequential,
} from '../lib/index.js';

it('takes classes in place of instances', async () => {
  const model = sequential([
    layers.dense({
      units: 2,
      inputShape: [2],
      kernelInitializer: initializers.Ones,
      kernelRegularizer: regularizers.L2,
      kernelConstraint: constraints.NonNeg,
    }),
    layers.Flatten,
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ]);
  model.compile({
    optimizer: optimizers.Adam,
    loss: losses.BinaryCrossentropy,
    metrics: [metrics.AUC, losses.Huber],
    weightedMetrics: [metrics.Recall],
  });
  expect(model.optimizer).toBeInstanceOf(optimizers.Adam);
  const { history } = await model.fit(
    [
      [0, 1],
      [1, 0],
    ],
    [[0], [1]],
    { verbose: 0 },
  );
  expect(Object.keys(history)).toEqual(['loss', 'auc', 'huber_loss', 'recall']);
});

it('says that a class needs options, and that a factory is to be called', () => {
  const compile = (options: object) => () => sequential([layers.dense({ units: 1, inputShape: [1] })]).compile(options);
  expect(compile({ loss: 'mse', metrics: [metrics.MeanIoU] })).toThrow(/'numClasses'/);
  expect(compile({ loss: 'mse', optimizer: optimizers.adam })).toThrow(/Received: function adam. Call it/);
  class Foreign {}
  expect(compile({ loss: 'mse', optimizer: Foreign })).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_TYPE' }));
});

it("terminateOnNaN({ raiseError: true }) rejects fit, Keras's option", async () => {
  const model = sequential([layers.dense({ units: 1, inputShape: [1] })]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: 1e30 }), loss: 'mse' });
  const fit = (raiseError: boolean) =>
    model.fit([[1e30], [1e30]], [[1], [1]], { epochs: 3, verbose: 0, callbacks: [callbacks.terminateOnNaN({ raiseError })] });
  const error = await fit(true).catch((e) => e);
  expect(error).toBeInstanceOf(RuntimeError);
  expect(error).toMatchObject({ code: 'ERR_NOT_FINITE' });
  expect((await fit(false)).epoch).toEqual([0]);
});
