import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  array,
  callbacks,
  layers,
  NDArray,
  optimizers,
  type Sequential,
  schedules,
  sequential,
  setRandomSeed,
} from '../../lib/index.js';
import { captured, warnings } from '../callbacks/fakes.js';

const N = 40;
const x = () => new Float32Array(2 * N).map((_, i) => Math.sin(i));
const y = () => new Float32Array(N).map((_, i) => Math.cos(i));

function model(learningRate = 0.01): Sequential {
  setRandomSeed(1);
  const m = sequential([layers.dense({ units: 4, activation: 'relu', inputShape: [2] }), layers.dense({ units: 1 })]);
  m.compile({ optimizer: { className: 'SGD', config: { learningRate } }, loss: 'mse' });
  return m;
}
const weightsOf = (m: Sequential) => m.getWeights().map((w) => [...w.data]);
const quiet = { verbose: 0 } as const;
const spoilt = <T extends { [index: number]: number }>(data: T, index: number, value = Number.NaN): T => {
  data[index] = value;
  return data;
};
const refused = (place: string) => ({
  name: 'ValueError',
  code: 'ERR_NOT_FINITE',
  message: expect.stringMatching(
    new RegExp(`^${place.replace(/[[\]]/g, '\\$&')} is (NaN|-?Infinity|1e\\+39), .*checkFinite: false`),
  ),
});

describe('numbers that are not finite are refused with their place, before anything is trained', () => {
  test.each<[string, string, (m: Sequential) => Promise<unknown>]>([
    ['x of fit', 'x[17][1]', (m) => m.fit(spoilt(x(), 35), y(), quiet)],
    ['the first of several', 'x[3][0]', (m) => m.fit(spoilt(spoilt(x(), 6), 70), y(), quiet)],
    [
      'nested arrays',
      'x[1][0]',
      (m) =>
        m.fit(
          [
            [1, 2],
            [Number.POSITIVE_INFINITY, 1],
          ],
          [1, 2],
          quiet,
        ),
    ],
    [
      'an array of arrays',
      'x[1][1]',
      (m) =>
        m.fit(
          [[1, 2], new Float32Array([0, Number.NaN])].map((r) => Float32Array.from(r)),
          [1, 2],
          quiet,
        ),
    ],
    ['doubles', 'x[0][1]', (m) => m.fit(spoilt(Float64Array.from(x()), 1, Number.NEGATIVE_INFINITY), y(), quiet)],
    ['doubles beyond float32', 'x[2][0]', (m) => m.fit(spoilt(Float64Array.from(x()), 4, 1e39), y(), quiet)],
    ['y', 'y[39][0]', (m) => m.fit(x(), spoilt(y(), 39), quiet)],
    ['weights', 'sampleWeight[5]', (m) => m.fit(x(), y(), { ...quiet, sampleWeight: spoilt(new Float32Array(N), 5) })],
    ['rows held out', 'x[39][1]', (m) => m.fit(spoilt(x(), 79), y(), { ...quiet, validationSplit: 0.5 })],
    ['validationData', 'validationData: y[4][0]', (m) => m.fit(x(), y(), { ...quiet, validationData: [x(), spoilt(y(), 4)] })],
    [
      'a dataset',
      'x, batch 1: x[0][1]',
      (m) =>
        m.fit(
          () => [
            [array(x(), [N, 2]), y()],
            [array(spoilt(x(), 1), [N, 2]), y()],
          ],
          null,
          quiet,
        ),
    ],
    ['evaluate', 'x[30][1]', (m) => m.evaluate(spoilt(x(), 61), y(), quiet)],
    ['y of evaluate', 'y[30][0]', (m) => m.evaluate(x(), spoilt(y(), 30), quiet)],
    ['predict', 'x[39][0]', (m) => m.predict(spoilt(x(), 78), { ...quiet, batchSize: 8 })],
    ['predict of doubles', 'x[0][0]', (m) => m.predict(spoilt(Float64Array.from(x()), 0, 1e39), quiet)],
    [
      'predict, told of each batch',
      'x[39][0]',
      (m) => m.predict(spoilt(x(), 78), { ...quiet, callbacks: { onPredictBatchEnd() {} } }),
    ],
    ['predict of a dataset', 'x, batch 0: x[1][0]', (m) => m.predict(() => [array(spoilt(x(), 2), [N, 2])], quiet)],
    ['predictSync', 'x[0][1]', async (m) => m.predictSync(spoilt(x(), 1))],
    ['predictOnBatch', 'x[0][1]', (m) => m.predictOnBatch(spoilt(x(), 1))],
    ['trainOnBatch', 'y[0][0]', (m) => m.trainOnBatch(x(), spoilt(y(), 0))],
    ['testOnBatch', 'x[0][0]', (m) => m.testOnBatch(spoilt(x(), 0), y())],
  ])('%s', async (name, place, run) => {
    const m = model();
    const before = weightsOf(m);
    await expect(run(m)).rejects.toMatchObject(refused(place));
    if (name !== 'a dataset') expect(weightsOf(m)).toEqual(before);
    const { history } = await m.fit(x(), y(), quiet);
    expect(history.loss[0]).toBeGreaterThan(0);
  });

  test('in data of millions too, while the event loop goes on', async () => {
    const large = new Float32Array(2 * 2_500_000);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await expect(model().fit(spoilt(large, 4_999_999), new Float32Array(2_500_000), quiet)).rejects.toMatchObject(
      refused('x[2499999][1]'),
    );
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  test('by every way of reading a batch: in place, gathered, widened, and wide enough for several tasks', async () => {
    setRandomSeed(1);
    const wide = sequential([layers.dense({ units: 300, inputShape: [500] }), layers.dense({ units: 1 })]);
    wide.compile({ loss: 'mse' });
    for (const rows of [1, 33, 256])
      for (const kind of [Float32Array, Float64Array]) {
        const data = () => new kind(500 * rows);
        expect((await wide.predict(data(), quiet)).shape).toEqual([rows, 1]);
        for (const at of [0, 499, 500 * rows - 1])
          await expect(wide.predict(spoilt(data(), at), { ...quiet, batchSize: 64 })).rejects.toMatchObject(
            refused(`x[${Math.floor(at / 500)}][${at % 500}]`),
          );
      }
  });

  test('checkFinite: false computes with them, as Keras does', async () => {
    const m = model();
    const lenient = { ...quiet, checkFinite: false } as const;
    expect((await m.predict(spoilt(x(), 2), lenient)).toArray()).toContainEqual([Number.NaN]);
    expect(m.predictSync(spoilt(x(), 0), { checkFinite: false }).at(0, 0)).toBeNaN();
    expect((await m.predictOnBatch(spoilt(x(), 0), { checkFinite: false })).at(0, 0)).toBeNaN();
    expect(await m.evaluate(x(), spoilt(y(), 1), lenient)).toBeNaN();
    expect(await m.testOnBatch(x(), spoilt(y(), 1), { checkFinite: false })).toBeNaN();
    const { history } = await m.fit(x(), spoilt(y(), 1), lenient);
    expect(history.loss[0]).toBeNaN();
    expect(await m.trainOnBatch(x(), spoilt(y(), 1), { checkFinite: false })).toBeNaN();
    await expect(m.fit(x(), y(), { checkFinite: 1 as unknown as boolean })).rejects.toThrow(
      /'checkFinite' must be true or false/,
    );
  });

  test('weights that are not finite are no fault of the data', async () => {
    const m = model();
    m.setWeights(m.getWeights().map((w) => new NDArray(new Float32Array(w.size).fill(Number.NaN), w.shape)));
    expect((await m.predict(x(), quiet)).at(0, 0)).toBeNaN();
  });
});

describe('a loss that is not finite', () => {
  const heard: Error[] = [];
  const listen = (w: Error) => heard.push(w);
  beforeEach(() => {
    heard.length = 0;
    process.on('warning', listen);
  });
  afterEach(() => {
    process.off('warning', listen);
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  // The same epochs run several in one call, one a call, and batch by batch.
  const ways = { ahead: {}, epochs: { callbacks: { onEpochEnd() {} } }, batches: { callbacks: { onTrainBatchEnd() {} } } };

  test('is told of once, with batch, epoch and learning rate, alike however the batches are run', async () => {
    const told: string[] = [];
    for (const options of Object.values(ways)) {
      heard.length = 0;
      const m = model(40);
      await m.fit(x(), y(), { ...quiet, ...options, epochs: 8, batchSize: 16, shuffle: false });
      await settled();
      expect(heard.map((w) => (w as Error & { code: string }).code)).toEqual(['GEMMFIT_LOSS_NOT_FINITE']);
      told.push(heard[0].message);
    }
    expect(told[0]).toMatch(
      /^fit: the loss of model 'sequential[_\d]*' is no finite number from batch \d+ of epoch \d+ on .*learning rate 40\)/,
    );
    const place = (text: string) => /batch (\d+) of epoch (\d+)/.exec(text)?.slice(1).map(Number);
    expect(new Set(told.map((text) => String(place(text)))).size).toBe(1);

    // What training batch by batch says of it.
    const m = model(40);
    let first: number[] | undefined;
    for (let step = 0; !first; step++) {
      const rows = (step % 3) * 16;
      const loss = await m.trainOnBatch(x().subarray(2 * rows, 2 * (rows + 16)), y().subarray(rows, rows + 16));
      if (!Number.isFinite(loss)) first = [step % 3, Math.floor(step / 3)];
    }
    expect(place(told[0])).toEqual(first);
  });

  test('counts epochs from initialEpoch, and batches of a dataset', async () => {
    const wrong = () => [
      [array(x(), [N, 2]), y()],
      [array(x(), [N, 2]), spoilt(y(), 0)],
    ];
    await model().fit(wrong, null, { ...quiet, epochs: 5, initialEpoch: 3, checkFinite: false });
    await settled();
    expect(heard.map((w) => w.message)).toEqual([expect.stringContaining('from batch 1 of epoch 3 on')]);
  });

  test('is placed in a call of very many steps too, whose learning rates come in pieces', async () => {
    const m = model();
    const learningRate = schedules.piecewiseConstantDecay({ boundaries: [5000], values: [0, 1e30] });
    m.compile({ optimizer: optimizers.sgd({ learningRate }), loss: 'mse' });
    await m.fit(new Float32Array(12_000).fill(1), new Float32Array(6000), { ...quiet, batchSize: 1 });
    await settled();
    expect(heard.map((w) => w.message)).toEqual([expect.stringMatching(/from batch 500\d of epoch 0 on .*learning rate 1e\+30/)]);
  });

  test('no word where all is well', async () => {
    await model().fit(x(), y(), { ...quiet, epochs: 3 });
    await settled();
    expect(heard).toEqual([]);
  });
});

describe('history.stopReason', () => {
  test('is null where a training runs to its end', async () => {
    expect((await model().fit(x(), y(), quiet)).stopReason).toBeNull();
  });

  test('names who ended it', async () => {
    const m = model();
    const fit = async (options: object, data: unknown = x(), labels: unknown = y()) =>
      (await m.fit(data as never, labels as never, { ...quiet, epochs: 9, ...options })).stopReason;
    expect(await fit({ callbacks: callbacks.earlyStopping({ monitor: 'loss', minDelta: 1e9 }) })).toBe('earlyStopping');
    expect(await fit({ callbacks: { onEpochEnd: () => (m.stopTraining = true) } })).toBe('stopTraining');
    expect(await fit({ callbacks: { onEpochEnd: () => (m.stopTraining = false) } })).toBeNull();
    let reason: unknown;
    const said = await captured(async () => {
      const given = [x(), spoilt(y(), 3)];
      reason = await fit({ callbacks: callbacks.terminateOnNaN(), checkFinite: false }, ...given);
    });
    expect(reason).toBe('terminateOnNaN');
    expect(said).toBe(`Batch 0: Invalid loss, terminating training of model '${m.name}'\n`);
  });

  test('tells data that ran out from an end that was meant', async () => {
    const m = model();
    const batches = [[array(x(), [N, 2]), y()]] as const;
    const once = batches[Symbol.iterator]();
    let history: Awaited<ReturnType<Sequential['fit']>> | undefined;
    await warnings(async () => {
      history = await m.fit(once, null, { ...quiet, epochs: 3, stepsPerEpoch: 1 });
    });
    expect(history?.stopReason).toBe('dataRanOut');
    expect((await m.fit(() => batches, null, { ...quiet, epochs: 2 })).stopReason).toBeNull();
  });

  test("of a fit that was aborted is 'aborted'", async () => {
    const m = model();
    const controller = new AbortController();
    const run = m.fit(x(), y(), {
      ...quiet,
      epochs: 9,
      signal: controller.signal,
      callbacks: { onEpochEnd: () => controller.abort() },
    });
    await expect(run).rejects.toThrow(/abort/i);
    expect(m.history?.stopReason).toBe('aborted');
  });
});
