import { describe, expect, it } from 'vitest';
import { array, layers, metrics, sequential, setRandomSeed } from '../../lib/index.js';
import type { CompileOptions } from '../../lib/model/compilation.js';
import { throwing } from '../layers/helpers.js';

// Where only the data tell the size of the output's last axis, loss and metrics are chosen when they come, as in Keras: the results are those
// of a model that knew the size all along.

const rows = 12;
const scores = (width: number, from = 1) =>
  array(
    Float32Array.from({ length: rows * width }, (_, i) => Math.sin(from + i * i * 0.37)),
    [rows, width],
  );
const oneHot = (width: number) =>
  array(
    Float32Array.from({ length: rows * width }, (_, i) => Number(i % width === (Math.floor(i / width) * 5) % width)),
    [rows, width],
  );
const classes = (width: number) => Int32Array.from({ length: rows }, (_, r) => (r * 5) % width);
const binary = (width: number) =>
  array(
    Float32Array.from({ length: rows * width }, (_, i) => ((i * 7) % 3 > 1 ? 1 : 0)),
    [rows, width],
  );

const made = (size: number | null, activation: string, compile: CompileOptions) => {
  setRandomSeed(2);
  const model = sequential([
    layers.prelu({ sharedAxes: [1], alphaInitializer: 'ones', inputShape: [size] }),
    layers.activation({ activation }),
  ]);
  model.compile({ optimizer: 'sgd', ...compile });
  return model;
};

const cases: [string, number, string, (width: number) => unknown, CompileOptions][] = [
  [
    'accuracy of one-hot labels',
    4,
    'softmax',
    oneHot,
    { loss: 'categorical_crossentropy', metrics: ['accuracy', 'crossentropy'] },
  ],
  ['accuracy of class numbers', 4, 'softmax', classes, { loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] }],
  ['accuracy of one number', 1, 'sigmoid', binary, { loss: 'binary_crossentropy', metrics: ['accuracy'] }],
  [
    'metrics of several classes',
    3,
    'softmax',
    oneHot,
    {
      loss: 'categorical_focal_crossentropy',
      metrics: [
        metrics.topKCategoricalAccuracy({ k: 2 }),
        metrics.precision({ classId: 2 }),
        metrics.recall({ topK: 2 }),
        metrics.f1Score({ average: null }),
        metrics.auc({ multiLabel: true, numLabels: 3 }),
        metrics.oneHotMeanIoU({ numClasses: 3 }),
      ],
    },
  ],
  [
    'regression',
    3,
    'linear',
    binary,
    { loss: 'huber', metrics: ['mae', 'cosine_similarity', metrics.r2Score({ classAggregation: null })] },
  ],
];

describe('an output whose last axis only the data tell', () => {
  it.each(cases)('%s', async (_, width, activation, labels, compile) => {
    const [told, untold] = [width, null].map((size) => made(size, activation, compile));
    const [x, y] = [scores(width), labels(width)];
    const results = [];
    for (const model of [told, untold]) {
      const { history } = await model.fit(x, y as never, {
        epochs: 2,
        batchSize: 5,
        shuffle: false,
        verbose: 0,
        validationSplit: 0.25,
      });
      results.push({
        history,
        keys: model.metricsNames,
        evaluated: await model.evaluate(x, y as never, { verbose: 0, returnDict: true }),
        batch: await model.trainOnBatch(x, y as never),
        weights: model.getWeights().map((w) => [...(w.data as Float32Array)]),
      });
    }
    expect(results[1]).toEqual(results[0]);
    expect(Object.values(results[0].evaluated).flat().every(Number.isFinite)).toBe(true);
  });

  it('may have another size later, where loss and metrics are the same', async () => {
    const compile = { loss: 'categorical_crossentropy', metrics: ['accuracy'] };
    const model = made(null, 'softmax', compile);
    for (const width of [3, 5]) {
      const want = await made(width, 'softmax', compile).evaluate(scores(width), oneHot(width), { verbose: 0 });
      expect(await model.evaluate(scores(width), oneHot(width), { verbose: 0 })).toEqual(want);
    }
    // In one go too.
    const batches = () => [3, 5].map((width) => [scores(width), oneHot(width)]);
    expect(await model.evaluate(batches, undefined, { verbose: 0 })).toHaveLength(2);
  });

  it('chooses anew for other data, but not in the middle of a sum', async () => {
    const compile = { loss: 'mse', metrics: [metrics.f1Score({ average: null })] };
    const model = made(null, 'softmax', compile);
    const f1 = async (width: number) =>
      ((await model.evaluate(scores(width), oneHot(width), { verbose: 0, returnDict: true })) as Record<string, unknown>)
        .f1_score;
    expect(await f1(3)).toHaveLength(3);
    expect(await f1(5)).toHaveLength(5);
    const batches = () => [3, 5].map((width) => [scores(width), oneHot(width)]);
    await expect(model.evaluate(batches, undefined, { verbose: 0 })).rejects.toEqual(
      throwing('ERR_SHAPE', /outputs of one size, and these of shape \[5\]/),
    );
    const one = made(null, 'softmax', { loss: 'mse', metrics: ['accuracy'] });
    const mixed = () => [3, 1].map((width) => [scores(width), oneHot(width)]);
    await expect(one.evaluate(mixed, undefined, { verbose: 0 })).rejects.toEqual(
      throwing('ERR_SHAPE', /last axis has 3 elements, as in the first batch. Received one of 1/),
    );
    await expect(one.fit(scores(3), oneHot(3), { verbose: 0, validationData: [scores(1), oneHot(1)] })).rejects.toEqual(
      throwing('ERR_SHAPE', /has 3 elements.*one of 1/),
    );
    expect(await f1(3)).toHaveLength(3);
  });

  it('still says what cannot be computed', async () => {
    const model = made(null, 'softmax', { loss: 'categorical_crossentropy' });
    await expect(model.fit(scores(1), scores(1), { verbose: 0 })).rejects.toEqual(throwing('ERR_SHAPE', /two or more classes/));
    const known = made(null, 'softmax', { loss: 'mse', metrics: [metrics.precision({ classId: 4 })] });
    await expect(known.evaluate(scores(3), oneHot(3), { verbose: 0 })).rejects.toEqual(throwing('ERR_OUT_OF_RANGE', /classId/));
    expect(Number.isFinite(((await known.evaluate(scores(5), oneHot(5), { verbose: 0 })) as number[])[1])).toBe(true);
  });

  it('predicts before anything is chosen', () => {
    const model = made(null, 'softmax', { loss: 'categorical_crossentropy', metrics: ['accuracy'] });
    expect(model.metricsNames).toEqual(['loss', 'accuracy']);
    expect(model.predictSync(scores(4)).shape).toEqual([rows, 4]);
    expect(model.predictSync(scores(1)).shape).toEqual([rows, 1]);
  });
});
