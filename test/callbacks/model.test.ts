import { expect, it } from 'vitest';
import type { CallbackModel } from '../../lib/callbacks/index.js';
import { callbacks, layers, sequential } from '../../lib/index.js';

it("a hook's model has what Keras's has, and is the model itself", async () => {
  const model = sequential([layers.dense({ units: 2, name: 'only', inputShape: [3] })]);
  model.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['mae'] });
  const x = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const y = [
    [1, 2],
    [3, 4],
  ];
  const seen: unknown[] = [];
  class Looks extends callbacks.Callback {
    override async onEpochEnd() {
      const { model } = this;
      const results = (await model.evaluate(x, y, { verbose: 0, returnDict: true })) as Record<string, number>;
      const [kernel] = model.getWeights();
      seen.push(
        model.layers.map((l) => l.name),
        model.metricsNames,
        Object.keys(results),
        kernel.shape,
      );
      seen.push(
        model.weights.length,
        model.trainableWeights.length,
        model.optimizer.iterations,
        model.getLayer('only').className,
      );
      seen.push((await model.predict(x, { verbose: 0 })).shape, model.predictSync(x).shape, model.inputShape, model.outputShape);
      model.setWeights(model.getWeights().map((w) => ({ data: w.data.map(() => 0), shape: w.shape })));
      model.optimizer.learningRate = 0;
      model.stopTraining = true;
    }
  }
  const watcher = new Looks();
  const history = await model.fit(x, y, { epochs: 5, verbose: 0, callbacks: [watcher] });
  expect(seen).toEqual([
    ['only'],
    ['loss', 'mae'],
    ['loss', 'mae'],
    [3, 2],
    2,
    2,
    1,
    'Dense',
    [2, 2],
    [2, 2],
    [null, 3],
    [null, 2],
  ]);
  expect(history.epoch).toEqual([0]);
  expect(model.getWeights()[0].toArray()).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  const itself: CallbackModel = model;
  expect(watcher.model).toBe(itself);
});
