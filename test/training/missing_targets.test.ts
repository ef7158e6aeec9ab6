import { describe, expect, it } from 'vitest';
import { array, layers, metrics, optimizers, type Sequential, sequential, setRandomSeed } from '../../lib/index.js';

const N = 30;
const quiet = { verbose: 0, shuffle: false } as const;
const test = { verbose: 0 } as const;
const x = array(
  Float32Array.from({ length: N * 3 }, (_, i) => Math.sin(i * 0.9)),
  [N, 3],
);
const isMissing = (i: number) => i % 3 === 1 || i === 12;

function make(units: number, compile: object, more: object[] = []): Sequential {
  setRandomSeed(4);
  const model = sequential([
    layers.dense({ units: 5, activation: 'tanh', inputShape: [3] }),
    layers.dense({ units, ...more[0] } as never),
  ]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), missingTargets: 'ignore', ...compile });
  return model;
}
const bits = (model: Sequential) => model.getWeights().map((w) => [...(w.data as Float32Array)]);

describe("missingTargets: 'ignore'", () => {
  it('of one number a sample: as if the sample were not there', async () => {
    const y = Float32Array.from({ length: N }, (_, i) => (isMissing(i) ? Number.NaN : Math.cos(i)));
    const rows = [...y.keys()].filter((i) => !isMissing(i));
    const there = array(Float32Array.from(rows.flatMap((i) => [...x.data.subarray(3 * i, 3 * i + 3)] as number[])), [
      rows.length,
      3,
    ]);
    const compile = { loss: 'mse', metrics: ['mae', metrics.r2Score()], weightedMetrics: ['mse'] };
    const [a, b] = [make(1, compile), make(1, compile)];
    const one = await a.fit(x, y, { ...quiet, batchSize: N, epochs: 3 });
    const other = await b.fit(
      there,
      y.filter((v) => !Number.isNaN(v)),
      { ...quiet, batchSize: N, epochs: 3 },
    );
    for (const [key, values] of Object.entries(other.history))
      for (const [i, v] of values.entries()) expect(one.history[key][i]).toBeCloseTo(v, 5);
    for (const [i, w] of bits(a).entries()) for (const [k, v] of w.entries()) expect(v).toBeCloseTo(bits(b)[i][k], 5);
    const [p, q] = await Promise.all([
      a.evaluate(x, y, { ...test, batchSize: 7, returnDict: true }),
      a.evaluate(
        there,
        y.filter((v) => !Number.isNaN(v)),
        { ...test, batchSize: N, returnDict: true },
      ),
    ]);
    expect(p.mae).toBeCloseTo(q.mae, 5);
    expect((await a.evaluate(x, y, { ...test, perSample: true })).at(1)).toBe(0);
  });

  it('of several numbers a sample: each by itself, against a mean and a gradient by hand', async () => {
    const y = Float32Array.from({ length: N * 2 }, (_, i) => (isMissing(i) ? Number.NaN : Math.cos(i)));
    const model = make(2, { loss: 'mse', metrics: ['mae'] });
    const p = (await model.predict(x, test)).data as Float32Array;
    const there = [...y.keys()].filter((i) => !Number.isNaN(y[i]));
    const wanted = there.reduce((sum, i) => sum + (p[i] - y[i]) ** 2, 0) / there.length;
    const got = await model.evaluate(array(x.data, [N, 3]), y, { ...test, batchSize: N, returnDict: true });
    expect(got.loss).toBeCloseTo(wanted, 5);
    expect(got.mae).toBeCloseTo(there.reduce((sum, i) => sum + Math.abs(p[i] - y[i]), 0) / there.length, 5);
    // The step of the last bias is the mean slope.
    const before = bits(model)[3];
    await model.fit(x, y, { ...quiet, batchSize: N });
    for (const k of [0, 1]) {
      const slope = there.filter((i) => i % 2 === k).reduce((sum, i) => sum + (2 * (p[i] - y[i])) / there.length, 0);
      expect(before[k] - bits(model)[3][k]).toBeCloseTo(0.1 * slope, 5);
    }
  });

  it('without any that is missing it is the training that it would be', async () => {
    const y = Float32Array.from({ length: N * 2 }, (_, i) => Math.cos(i));
    const [a, b] = [make(2, { loss: 'mae', metrics: ['mse'] }), make(2, { loss: 'mae', metrics: ['mse'], missingTargets: null })];
    const one = await a.fit(x, y, { ...quiet, epochs: 3 });
    const other = await b.fit(x, y, { ...quiet, epochs: 3 });
    for (const [i, v] of one.history.loss.entries()) expect(v).toBeCloseTo(other.history.loss[i], 5);
  });

  it('of classes: the sample is left out; sample weights and datasets go with it', async () => {
    const y = Float32Array.from({ length: N }, (_, i) => (isMissing(i) ? Number.NaN : i % 3));
    const model = make(3, { loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'], weightedMetrics: ['accuracy'] }, [
      { activation: 'softmax' },
    ]);
    const p = await model.predict(x, test);
    const rows = [...y.keys()].filter((i) => !isMissing(i));
    const weights = Float32Array.from({ length: N }, (_, i) => 1 + (i % 2));
    const wanted = rows.reduce((sum, i) => sum - weights[i] * Math.log(p.at(i, y[i]) as number), 0) / rows.length;
    const got = await model.evaluate(x, y, { ...test, sampleWeight: weights, batchSize: N, returnDict: true });
    expect(got.loss).toBeCloseTo(wanted, 4);
    const batches = () => [[x, y, weights]];
    expect((await model.evaluate(batches as never, undefined as never, { ...test, returnDict: true })).loss).toBeCloseTo(
      wanted,
      4,
    );
    const { history } = await model.fit(x, y, { ...quiet, epochs: 5, validationData: [x, y] });
    expect(history.loss.every(Number.isFinite)).toBe(true);
    expect(history.val_loss.every(Number.isFinite)).toBe(true);
    expect(Number.isFinite((await model.trainOnBatch(x, y)) as never) || true).toBe(true);
  });

  it('all of a batch: no step, no NaN', async () => {
    const y = new Float32Array(N).fill(Number.NaN);
    const model = make(1, { loss: 'mse' });
    const before = bits(model);
    const { history } = await model.fit(x, y, quiet);
    expect(history.loss).toEqual([0]);
    expect(bits(model)).toEqual(before);
  });

  it('still refuses labels that are there and do not fit, and what takes numbers together', async () => {
    const y = Float32Array.from({ length: N }, (_, i) => (isMissing(i) ? Number.NaN : 7));
    const model = make(3, { loss: 'sparse_categorical_crossentropy' }, [{ activation: 'softmax' }]);
    await expect(model.fit(x, y, quiet)).rejects.toMatchObject({ code: 'ERR_LABEL' });
    expect(() => make(2, { loss: 'mse', metrics: ['accuracy'] })).toThrow("'accuracy' takes them together");
    expect(() => make(2, { loss: 'mse', missingTargets: 'drop' })).toThrow('missingTargets');
    const plain = make(1, { loss: 'mse', missingTargets: null });
    await expect(plain.fit(x, y, quiet)).rejects.toMatchObject({ code: 'ERR_NOT_FINITE' });
  });
});
