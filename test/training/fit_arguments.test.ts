import { describe, expect, it, vi } from 'vitest';
import type { Logs } from '../../lib/callbacks/callback.js';
import { array, input, layers, type Sequential, sequential, setRandomSeed, setThreads } from '../../lib/index.js';

const N = 20;
const x = () => Array.from({ length: N }, (_, i) => [Math.sin(i), Math.cos(2 * i), (i % 5) / 5]);
const y = () => Array.from({ length: N }, (_, i) => Math.sin(i) - (i % 5) / 5);

function model(seed = 3): Sequential {
  setRandomSeed(seed);
  const m = sequential([layers.dense({ units: 4, activation: 'tanh', inputShape: [3] }), layers.dense({ units: 1 })]);
  m.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  return m;
}
const weightsOf = (m: Sequential) => m.getWeights().map((w) => Array.from(w.data));
const fitted = async (given: unknown, labels: unknown, options: object, m = model()) => {
  const history = await m.fit(given as never, labels as never, {
    verbose: 0,
    shuffle: false,
    batchSize: 8,
    epochs: 3,
    ...options,
  });
  return { history: history.history, weights: weightsOf(m) };
};

describe('forms of data give the same training', () => {
  const forms: Record<string, () => [unknown, unknown]> = {
    'typed arrays': () => [Float32Array.from(x().flat()), Float32Array.from(y())],
    'double precision': () => [Float64Array.from(x().flat().map(Math.fround)), Float64Array.from(y().map(Math.fround))],
    NDArray: () => [array(x()), array(y())],
    'data and shape': () => [
      { data: Float32Array.from(x().flat()), shape: [N, 3] },
      { data: Float32Array.from(y()), shape: [N, 1] },
    ],
    'dictionaries by name': () => [{ input_layer: x() }, { dense_1: y() }],
    'one-element lists': () => [[array(x())], [array(y())]],
    'labels with an axis more': () => [x(), y().map((v) => [v])],
  };
  for (const [name, make] of Object.entries(forms))
    it(name, async () => {
      expect(await fitted(...make(), {})).toEqual(await fitted(x(), y(), {}));
    });

  it('small integer types are widened to what they say', async () => {
    const bytes = Uint8Array.from({ length: N * 3 }, (_, i) => (i * 37) % 256);
    const results = [];
    for (const type of [
      Uint8Array,
      Uint8ClampedArray,
      Uint16Array,
      Int16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
    ])
      results.push((await fitted(type.from(bytes), y(), {})).weights);
    for (const r of results) expect(r).toEqual(results[0]);
  });
});

describe('datasets', () => {
  const batches = () => [0, 8, 16].map((from) => [array(x().slice(from, from + 8)), array(y().slice(from, from + 8))] as const);
  async function* stream() {
    for (const b of batches()) yield b;
  }
  const options = { batchSize: undefined, shuffle: true };
  const reference = () => fitted(x(), y(), {});

  it.each([
    ['a function that returns an iterable', () => batches],
    ['a function that returns an async iterable', () => () => stream()],
    ['an iterable that can be iterated anew', () => new Set(batches())],
    ['batches as { xs, ys }', () => () => batches().map(([xs, ys]) => ({ xs, ys }))],
  ])('%s', async (_, make) => {
    expect(await fitted(make(), undefined, options)).toEqual(await reference());
  });

  it('weights of batches count', async () => {
    const w = Float32Array.from({ length: N }, (_, i) => i % 3);
    const weighted = () => batches().map(([a, b], i) => [a, b, w.subarray(i * 8, i * 8 + 8)]);
    expect(await fitted(weighted, undefined, options)).toEqual(await fitted(x(), y(), { sampleWeight: w }));
  });

  it('a source of the input layer', async () => {
    setRandomSeed(3);
    const m = sequential([
      input({ shape: [3], source: batches }),
      layers.dense({ units: 4, activation: 'tanh' }),
      layers.dense({ units: 1 }),
    ]);
    m.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
    const history = await m.fit(null, null, { epochs: 3, verbose: 0 });
    expect(history.history).toEqual((await reference()).history);
    expect(await m.evaluate(null, null, { verbose: 0 })).toHaveLength(2);
  });

  it('an iterator that runs dry ends the training with a warning, and no empty epoch is recorded', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const m = model();
    const history = await m.fit(stream(), undefined, { epochs: 5, verbose: 0 });
    expect(history.epoch).toEqual([0]);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('ran out'), expect.anything());
    warn.mockRestore();
  });

  it('stepsPerEpoch cuts an epoch; what a function gave is closed, a generator object stays open', async () => {
    let closed = 0;
    function* endless() {
      try {
        for (;;) yield* batches();
      } finally {
        closed++;
      }
    }
    const history = await model().fit(endless(), undefined, { epochs: 2, stepsPerEpoch: 4, verbose: 0 });
    expect(history.history.loss).toHaveLength(2);
    expect(history.params).toMatchObject({ steps: 4, epochs: 2 });
    expect(closed).toBe(0);
    await model().fit(endless, undefined, { epochs: 2, stepsPerEpoch: 4, verbose: 0 });
    expect(closed).toBe(2);
  });

  it('validates on a dataset', async () => {
    const a = await fitted(x(), y(), { validationData: batches });
    const b = await fitted(x(), y(), { validationData: [x(), y()], validationBatchSize: 8 });
    expect(a).toEqual(b);
    const c = await fitted(x(), y(), { validationData: batches, validationSteps: 1 });
    expect(c.history.val_loss).not.toEqual(a.history.val_loss);
  });

  it('errors of the source reach the caller, and the model works on', async () => {
    const m = model();
    const failing = async function* () {
      yield batches()[0];
      throw new Error('disk on fire');
    };
    await expect(m.fit(failing, undefined, { verbose: 0 })).rejects.toThrow(/disk on fire/);
    expect((await m.fit(x(), y(), { verbose: 0 })).epoch).toEqual([0]);
  });

  it('predicts batch by batch', async () => {
    const m = model();
    const whole = await m.predict(x(), { verbose: 0 });
    const parts = await m.predict(() => batches().map(([a]) => a), { verbose: 0 });
    expect(parts.shape).toEqual([N, 1]);
    whole.data.forEach((v, i) => {
      expect(parts.data[i]).toBeCloseTo(v, 6);
    });
  });
});

describe('shuffle', () => {
  const seen = async (shuffle: boolean | 'batch') => {
    // One weight that learns nothing: the labels of a batch come back as its mean loss.
    setRandomSeed(9);
    const m = sequential([layers.dense({ units: 1, useBias: false, kernelInitializer: 'zeros', inputShape: [1] })]);
    m.compile({ optimizer: { className: 'SGD', config: { learningRate: 0 } }, loss: 'mae' });
    const rows = Array.from({ length: 11 }, (_, i) => 2 ** i);
    const epochs: number[][] = [[], []];
    let epoch = 0;
    await m.fit(rows, rows, {
      batchSize: 1,
      epochs: 2,
      verbose: 0,
      shuffle,
      callbacks: {
        onEpochBegin: (e: number) => {
          epoch = e;
        },
        onTrainBatchEnd: (i: number, logs: { loss: number }) =>
          void epochs[epoch].push(Math.round(Math.log2(logs.loss * (i + 1) - epochs[epoch].reduce((s, v) => s + 2 ** v, 0)))),
      },
    });
    return epochs;
  };
  const inOrder = Array.from({ length: 11 }, (_, i) => i);

  it('false keeps the order', async () => {
    expect(await seen(false)).toEqual([inOrder, inOrder]);
  });
  it('true draws a new order each epoch, of every row once', async () => {
    const [first, second] = await seen(true);
    expect([...first].sort((a, b) => a - b)).toEqual(inOrder);
    expect([...second].sort((a, b) => a - b)).toEqual(inOrder);
    expect(first).not.toEqual(inOrder);
    expect(second).not.toEqual(first);
    expect(await seen(true)).toEqual([first, second]);
  });
  it("'batch' moves whole chunks and the rows within them", async () => {
    const [first] = await seen('batch');
    expect([...first].sort((a, b) => a - b)).toEqual(inOrder);
    expect(first).not.toEqual(inOrder);
  });
});

describe('epochs, seeds and threads', () => {
  it('a second fit goes on where the first ended', async () => {
    const m = model();
    await fitted(x(), y(), { epochs: 2 }, m);
    const parts = await fitted(x(), y(), { epochs: 1 }, m);
    expect(parts.weights).toEqual((await fitted(x(), y(), { epochs: 3 })).weights);
    expect(m.optimizer.iterations).toBe(9);
  });

  it('compiling with the same optimizer object goes on, with a new one begins anew', async () => {
    const m = model();
    await fitted(x(), y(), {}, m);
    const { optimizer } = m;
    m.compile({ optimizer, loss: 'mse' });
    expect(m.optimizer.iterations).toBe(9);
    m.compile({ optimizer: 'adam', loss: 'mse' });
    expect(m.optimizer.iterations).toBe(0);
  });

  it('the same seed gives the same bits for any number of threads', async () => {
    const run = async (threads: number) => {
      setThreads(threads);
      setRandomSeed(21);
      const m = sequential([
        layers.dense({ units: 200, activation: 'gelu', inputShape: [120] }),
        layers.dropout({ rate: 0.3 }),
        layers.batchNormalization(),
        layers.dense({ units: 150, activation: 'relu' }),
        layers.gaussianNoise({ stddev: 0.1 }),
        layers.dense({ units: 10, activation: 'softmax' }),
      ]);
      m.compile({
        optimizer: { className: 'Adam', config: { clipnorm: 1 } },
        loss: 'sparse_categorical_crossentropy',
        metrics: ['accuracy'],
      });
      const data = new Float32Array(700 * 120).map((_, i) => Math.sin(i * i));
      const labels = Uint8Array.from({ length: 700 }, (_, i) => i % 10);
      const history = await m.fit(data, labels, { epochs: 2, batchSize: 128, verbose: 0, validationSplit: 0.2 });
      return [history.history, weightsOf(m)];
    };
    const one = await run(1);
    expect(await run(2)).toEqual(one);
    expect(await run(4)).toEqual(one);
  });

  it('initialEpoch at or beyond epochs trains nothing', async () => {
    const m = model();
    const before = weightsOf(m);
    const events: string[] = [];
    const history = await m.fit(x(), y(), {
      initialEpoch: 4,
      epochs: 2,
      verbose: 0,
      callbacks: { onTrainBegin: () => void events.push('begin'), onTrainEnd: () => void events.push('end') },
    });
    expect([history.epoch, history.history, events]).toEqual([[], {}, ['begin', 'end']]);
    expect(weightsOf(m)).toEqual(before);
  });

  it('what callbacks add to the logs of an epoch is in history, not in the logs of onTrainEnd', async () => {
    const ends: string[][] = [];
    const m = model();
    const h = await m.fit(x(), y(), {
      verbose: 0,
      callbacks: [
        { onEpochEnd: (_: number, logs: Logs) => void Object.assign(logs, { extra: 7 }) },
        { onTrainEnd: (logs: Logs) => void ends.push(Object.keys(logs)) },
      ],
    });
    expect(h.history.extra).toEqual([7]);
    expect(ends).toEqual([['loss', 'mae']]);
  });

  it('an order belongs to its epoch: beginning at epoch 2 shuffles as the third of a whole run does', async () => {
    const order = async (initialEpoch: number) => {
      setRandomSeed(5);
      const m = sequential([layers.dense({ units: 1, kernelInitializer: 'zeros', inputShape: [1] })]);
      m.compile({ optimizer: { className: 'SGD', config: { learningRate: 0 } }, loss: 'mse' });
      const losses: number[] = [];
      let epoch = 0;
      await m.fit(y(), y(), {
        batchSize: 1,
        epochs: 3,
        initialEpoch,
        verbose: 0,
        callbacks: {
          onEpochBegin: (e: number) => {
            epoch = e;
          },
          onTrainBatchEnd: (_: number, l: { loss: number }) => void (epoch === 2 && losses.push(l.loss)),
        },
      });
      return losses;
    };
    expect(await order(2)).toEqual(await order(0));
  });
});

describe('results', () => {
  it('history has the loss first, then metrics, then validation', async () => {
    const { history } = await fitted(x(), y(), { validationSplit: 0.25 });
    expect(Object.keys(history)).toEqual(['loss', 'mae', 'val_loss', 'val_mae']);
  });

  it('evaluate gives a number, a list or an object', async () => {
    const m = model();
    expect(await m.evaluate(x(), y(), { verbose: 0 })).toEqual([expect.any(Number), expect.any(Number)]);
    expect(await m.evaluate(x(), y(), { verbose: 0, returnDict: true })).toEqual({
      loss: expect.any(Number),
      mae: expect.any(Number),
    });
    m.compile({ loss: 'mse' });
    expect(await m.evaluate(x(), y(), { verbose: 0 })).toEqual(expect.any(Number));
  });

  it('predict, predictOnBatch and predictSync agree', async () => {
    const m = model();
    const a = await m.predict(x(), { verbose: 0, batchSize: N });
    expect((await m.predictOnBatch(x())).data).toEqual(a.data);
    expect(m.predictSync(x()).data).toEqual(a.data);
    expect(a.shape).toEqual([N, 1]);
  });

  it('a model without input shape is built by its first data', async () => {
    setRandomSeed(3);
    const m = sequential([layers.dense({ units: 4, activation: 'tanh' }), layers.dense({ units: 1 })]);
    m.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
    expect(m.inputShape).toBe(null);
    const deferred = await fitted(x(), y(), {}, m);
    expect(m.inputShape).toEqual([null, 3]);
    expect(deferred.history.loss).toHaveLength(3);
    expect(m.countParams()).toBe(21);
  });

  it('a class that classWeight leaves out weighs 1, and a warning says so', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const m = sequential([layers.dense({ units: 3, activation: 'softmax', inputShape: [3] })]);
    m.compile({ loss: 'sparse_categorical_crossentropy' });
    await m.fit(
      x(),
      y().map((_, i) => i % 3),
      { verbose: 0, classWeight: { 0: 2, 1: 1 } },
    );
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/classes 2/), expect.anything());
    warn.mockRestore();
  });
});
