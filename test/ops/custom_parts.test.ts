// Losses and metrics of one's own: functions and classes made of ops, beside the engine's.
import { beforeEach, describe, expect, it } from 'vitest';
import { type Loss, layers, losses, type Metric, metrics, ops, sequential, setRandomSeed, type Tensor } from '../../lib/index.js';

const x = Array.from({ length: 50 }, (_, i) => Array.from({ length: 5 }, (_, j) => Math.sin(i * 5 + j)));
const y = x.map((row) => [row[0] * row[1], row[2] + 0.5]);
const weights = Float32Array.from({ length: 50 }, (_, i) => (i % 3) / 2);

const huber = (yTrue: Tensor, yPred: Tensor) => {
  const error = ops.subtract(yPred, yTrue);
  const size = ops.abs(error);
  return ops.mean(ops.where(ops.lessEqual(size, 1), ops.multiply(0.5, ops.square(error)), ops.subtract(size, 0.5)), -1);
};

async function trained(loss: unknown, metric: unknown, options = {}) {
  setRandomSeed(3);
  const model = sequential([layers.dense({ units: 6, activation: 'tanh', inputShape: [5] }), layers.dense({ units: 2 })]);
  model.compile({ optimizer: 'adam', loss: loss as never, metrics: [metric as never] });
  const { history } = await model.fit(x, y, { epochs: 5, verbose: 0, batchSize: 16, validationSplit: 0.2, ...options });
  return { history, weights: model.getWeights().flatMap((w) => [...w.data]), model };
}

describe('a loss of ops', () => {
  beforeEach(() => setRandomSeed(3));

  for (const options of [{}, { sampleWeight: weights }])
    it(`trains as the engine's own ${'sampleWeight' in options ? 'with weights' : ''}`, async () => {
      const own = await trained(huber, (t: Tensor, p: Tensor) => ops.mean(ops.abs(ops.subtract(t, p)), -1), options);
      const built = await trained('huber', 'mae', options);
      own.weights.forEach((w, i) => {
        expect(w).toBeCloseTo(built.weights[i], 4);
      });
      for (const key of ['loss', 'val_loss'])
        own.history[key].forEach((v, i) => {
          expect(v).toBeCloseTo(built.history[key][i], 5);
        });
      const [key] = Object.keys(own.history).filter((k) => !k.includes('loss'));
      own.history[key].forEach((v, i) => {
        expect(v).toBeCloseTo(built.history.mae[i], 5);
      });
    });

  it('may be a class, with options and by itself', async () => {
    class Quartic extends losses.Loss {
      static override readonly className = 'Quartic';
      override call(yTrue: Tensor, yPred: Tensor) {
        return ops.mean(ops.power(ops.subtract(yTrue, yPred), 4), -1);
      }
    }
    const loss: Loss = new Quartic({ reduction: 'sum' });
    expect([...loss.call([[0, 0]], [[1, 2]]).data]).toEqual([8.5]);
    const { model } = await trained(loss, 'mae');
    const predicted = await model.predict(x);
    const value = await model.evaluate(x, y, { verbose: 0, returnDict: true, batchSize: 50 });
    const expected = y.reduce(
      (s, row, r) => s + ((row[0] - predicted.at(r, 0)) ** 4 + (row[1] - predicted.at(r, 1)) ** 4) / 2,
      0,
    );
    expect((value as { loss: number }).loss).toBeCloseTo(expected, 3);
  });

  it('may be one number for the batch', async () => {
    const spread = (t: Tensor, p: Tensor) => ops.sqrt(ops.mean(ops.square(ops.subtract(t, p))));
    const { history } = await trained(spread, 'mse', { batchSize: 50, validationSplit: 0, epochs: 1 });
    expect(history.loss[0]).toBeCloseTo(Math.sqrt(history.mean_squared_error?.[0] ?? history.mse[0]), 5);
  });
});

describe('a metric of ops', () => {
  it('keeps sums and makes a result of them', async () => {
    class Ratio extends metrics.Metric {
      static override readonly className = 'Ratio';
      hits = this.addVariable({ name: 'hits', shape: [2] });
      all = this.addVariable({ name: 'all' });
      override updateState(yTrue: Tensor, yPred: Tensor) {
        const hit = ops.cast(ops.less(ops.abs(ops.subtract(yTrue, yPred)), 0.5), 'float32');
        this.hits.assignAdd(ops.sum(hit, { axis: 0 }));
        this.all.assign(ops.add(this.all, ops.sum(ops.onesLike(ops.take(hit, [0], 1)))));
      }
      override result() {
        return ops.mean(ops.divide(this.hits, this.all));
      }
    }
    const { history, model } = await trained('mse', new Ratio({ name: 'near' }), { epochs: 2, validationSplit: 0 });
    const predicted = await model.predict(x);
    const value = (await model.evaluate(x, y, { verbose: 0, returnDict: true })) as { near: number };
    const hits = y.flatMap((row, r) => row.map((v, k) => Math.abs(v - predicted.at(r, k)) < 0.5));
    expect(value.near).toBeCloseTo(hits.filter(Boolean).length / 100, 5);
    expect(history.near).toHaveLength(2);
    const alone: Metric = new Ratio();
    alone.updateState([[0, 0]], [[0.1, 3]]);
    alone.updateState([[0, 0]], [[0.1, 0.2]]);
    expect(alone.result()).toBeCloseTo(0.75, 6);
    alone.resetState();
    alone.updateState([[0, 0]], [[5, 5]]);
    expect(alone.result()).toBe(0);
  });
});
