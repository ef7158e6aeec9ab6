import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { array, layers, optimizers, type Sequential, sequential, setRandomSeed } from '../../lib/index.js';
import { Reading } from '../../lib/model/reading.js';

// Batches of a dataset are read ahead into a queue. What comes of it must not hang on how far ahead.

const rows = 8;
const width = 4;
const count = 300;
const at = (i: number) => ({
  x: Float32Array.from({ length: rows * width }, (_, k) => Math.sin(1 + i * 31 + k * k)),
  y: Float32Array.from({ length: rows }, (_, k) => Math.cos(i + k)),
});
const ready = Array.from({ length: count }, (_, i) => at(i));
const list = ready.map(({ x, y }) => ({ xs: x, ys: y }));

function make(metrics: string[] = ['mae']): Sequential {
  setRandomSeed(3);
  const model = sequential([
    layers.dense({ units: 8, activation: 'tanh', inputShape: [width] }),
    layers.dropout({ rate: 0.1 }),
    layers.dense({ units: 1 }),
  ]);
  model.compile({ optimizer: optimizers.adam(), loss: 'mse', metrics });
  return model;
}
const bits = (model: Sequential) => model.getWeights().map((w) => [...(w.data as Float32Array)]);
/** Batch by batch: a hook of batches has each trained before the next is read. */
const inOrder = { onTrainBatchEnd() {}, onTestBatchEnd() {} };

async function trained(source: unknown, more: object = {}) {
  const model = make();
  const { history } = await model.fit(source as never, null, { verbose: 0, epochs: 2, ...more });
  return { history, weights: bits(model), steps: model.optimizer.iterations };
}

const warned: unknown[] = [];
beforeEach(() => {
  warned.length = 0;
  vi.spyOn(process, 'emitWarning').mockImplementation((...args) => void warned.push(args));
});
afterEach(() => vi.restoreAllMocks());

describe('the bits of a training that reads ahead are those of one that does not', () => {
  it.each<[string, () => unknown]>([
    ['a list of batches', () => list],
    ['a function that gives a list', () => () => list],
    [
      'a generator function',
      () =>
        function* () {
          for (const { x, y } of ready) yield [x, y];
        },
    ],
    [
      'an async generator function',
      () =>
        async function* () {
          for (const { x, y } of ready) yield [x, y];
        },
    ],
    [
      'one that is slow now and then',
      () =>
        async function* () {
          for (const [i, { x, y }] of ready.entries()) {
            if (i % 50 === 7) await new Promise((resolve) => setTimeout(resolve, 2));
            yield [x, y];
          }
        },
    ],
    [
      'promises of batches',
      () =>
        function* () {
          for (const { x, y } of ready) yield Promise.resolve([x, y]);
        },
    ],
    [
      'one that fills the same arrays again and again',
      () =>
        function* () {
          const [x, y] = [new Float32Array(rows * width), new Float32Array(rows)];
          for (const one of ready) {
            x.set(one.x);
            y.set(one.y);
            yield [x, y];
          }
          x.fill(1e9);
        },
    ],
  ])('%s', async (_, source) => {
    const want = await trained(list, { callbacks: inOrder, validationData: list });
    expect(await trained(source(), { validationData: source() })).toEqual(want);
    expect(want.steps).toBe(2 * count);
  });

  it('batches of other sizes, element types and weights in between', async () => {
    const mixed = () =>
      ready.map(({ x, y }, i) => {
        const n = i % 5 === 0 ? 3 : rows;
        const xs = i % 7 === 0 ? Float64Array.from(x.subarray(0, n * width)) : x.subarray(0, n * width);
        const ys = i % 11 === 0 ? Int8Array.from(y.subarray(0, n), Math.round) : y.subarray(0, n);
        return i % 13 === 0 ? { xs, ys, weights: Float32Array.from({ length: n }, (_, k) => k) } : { xs, ys };
      });
    expect(await trained(mixed)).toEqual(await trained(mixed, { callbacks: inOrder }));
  });

  it('large batches, which are not copied', async () => {
    const samples = 2 ** 19 + 3;
    const source = function* () {
      const x = new Float32Array(samples * width);
      for (let i = 0; i < 4; i++) yield [x.fill(i / 4), new Float32Array(samples).fill(i)];
    };
    expect(await trained(source)).toEqual(await trained(source, { callbacks: inOrder }));
  });

  it('class weights', async () => {
    const labelled = ready.map(({ x, y }) => ({ xs: x, ys: Uint8Array.from(y, (v) => Number(v > 0)) }));
    const more = { classWeight: { 0: 1, 1: 3 } };
    expect(await trained(labelled, more)).toEqual(await trained(labelled, { ...more, callbacks: inOrder }));
  });

  it('a source that predicts with the model that it trains', async () => {
    const source = (model: Sequential) =>
      function* () {
        for (const { x } of ready) yield [x, Float32Array.from(model.predictSync(x).data as Float32Array, (v) => 0.5 * v + 0.1)];
      };
    const results = [];
    for (const callbacks of [null, inOrder]) {
      const model = make();
      await model.fit(source(model) as never, null, { verbose: 0, epochs: 2, callbacks });
      results.push(bits(model));
    }
    expect(results[0]).toEqual(results[1]);
  });

  it('evaluate', async () => {
    const model = make();
    const want = await model.evaluate(list as never, null, { verbose: 0, callbacks: inOrder });
    expect(await model.evaluate(list as never, null, { verbose: 0 })).toEqual(want);
    expect(await model.evaluate(() => list as never, null, { verbose: 0, steps: 200 })).not.toEqual(want);
  });
});

describe('a source is read ahead', () => {
  it('by a bounded number of batches', async () => {
    const optimizer = optimizers.sgd({ learningRate: 1e-6 });
    const slow = sequential([
      layers.dense({ units: 1024, inputShape: [width] }),
      layers.dense({ units: 1024 }),
      layers.dense({ units: 1 }),
    ]);
    slow.compile({ optimizer, loss: 'mse' });
    let given = 0;
    const stop = () => {
      slow.stopTraining = true;
    };
    const source = (function* () {
      for (; ; given++) {
        if (given === 200) setImmediate(stop);
        yield [ready[given % count].x, ready[given % count].y];
      }
    })();
    await slow.fit(source as never, null, { verbose: 0, stepsPerEpoch: 1_000_000 });
    // All that were given and not trained were in the queue.
    expect(given).toBeGreaterThanOrEqual(200);
    expect(given - optimizer.iterations).toBeLessThanOrEqual(64);
  });

  it('by no more than an epoch takes, so that the next finds the others', async () => {
    const source = (function* () {
      for (let i = 0; ; i++) yield [at(i).x, at(i).y];
    })();
    const model = make();
    await model.fit(source as never, null, { verbose: 0, epochs: 2, stepsPerEpoch: 100 });
    expect([...(source.next().value as Float32Array[])[0]]).toEqual([...at(200).x]);
  });

  it('and what was not trained is there for the next, copied', async () => {
    const given: Float32Array[] = [];
    const x = new Float32Array(rows * width);
    const source = (function* () {
      for (let i = 0; ; i++) {
        x.set(at(i).x);
        given.push(at(i).x);
        yield [x, at(i).y];
      }
    })();
    const model = make();
    setTimeout(() => {
      model.stopTraining = true;
    }, 5);
    await model.fit(source as never, null, { verbose: 0, stepsPerEpoch: 1_000_000 });
    const done = model.optimizer.iterations;
    expect(given.length).toBeLessThanOrEqual(done + 65);
    const other = make();
    const next = await other.predict(source as never, { verbose: 0, steps: 2 });
    const want = [done, done + 1].flatMap((i) => [...(other.predictSync(at(i).x).data as Float32Array)]);
    expect([...(next.data as Float32Array)]).toEqual(want);
  });

  it.each<[string, unknown, { message: RegExp; code?: string }]>([
    ['throws', new RangeError('disk on fire'), { code: 'ERR_DATASET', message: /failed at batch 150: disk on fire/ }],
    ['gives a batch that does not fit', [new Float32Array(3), new Float32Array(1)], { code: 'ERR_SHAPE', message: /batch 150/ }],
    [
      'gives a batch that is not finite',
      [new Float32Array(width).fill(Number.NaN), new Float32Array(1)],
      { message: /batch 150/ },
    ],
  ])(
    'and where it %s, the batches before are trained first',
    async (_, what, { message, ...rest }: { message: RegExp; code?: string }) => {
      for (const callbacks of [null, inOrder]) {
        const model = make();
        const source = function* () {
          for (let i = 0; i < 150; i++) yield [at(i).x, at(i).y];
          if (what instanceof Error) throw what;
          yield what;
          yield [at(0).x, at(0).y];
        };
        const error = await model.fit(source as never, null, { verbose: 0, callbacks }).catch((e) => e);
        expect(error).toMatchObject(rest);
        expect(error.message).toMatch(message);
        expect(model.optimizer.iterations).toBe(150);
      }
    },
  );

  it('until a signal comes, at once and without a leak', async () => {
    const open = { now: 0 };
    const source = function* () {
      open.now++;
      try {
        for (let i = 0; ; i++) yield [ready[i % count].x, ready[i % count].y];
      } finally {
        open.now--;
      }
    };
    const model = make();
    const signal = AbortSignal.timeout(20);
    await expect(model.fit(source as never, null, { verbose: 0, signal })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(open.now).toBe(0);
    expect((await model.fit(list as never, null, { verbose: 0 })).epoch).toEqual([0]);
  });

  it('while timers have their turn', async () => {
    const model = make();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    let turns = 0;
    await model.fit(
      function* () {
        for (let i = 0; ticks < 5 && i < 1e7; i++) {
          turns = i;
          yield [ready[i % count].x, ready[i % count].y];
        }
      } as never,
      null,
      { verbose: 0 },
    );
    clearInterval(timer);
    expect(turns).toBeLessThan(1e7 - 1);
  });
});

describe('predict reads a dataset as fit does', () => {
  const xs = ready.map(({ x }) => x);
  const all = Float32Array.from(xs.flatMap((x) => [...x]));
  const told = { onPredictBatchEnd() {} };
  const wanted = async (model: Sequential) => [
    ...((await model.predict(all, { verbose: 0, batchSize: rows })).data as Float32Array),
  ];
  const source = (batches: readonly Float32Array[]) =>
    function* () {
      for (const x of batches) yield [x];
    };

  it.each<[string, object]>([
    ['nobody hears of the batches', {}],
    ['somebody hears of each', { callbacks: told }],
  ])('to the bits of arrays, where %s', async (_, more) => {
    const model = make();
    const { data, shape } = await model.predict(source(xs) as never, { verbose: 0, ...more });
    expect(shape).toEqual([count * rows, 1]);
    expect([...(data as Float32Array)]).toEqual(await wanted(model));
  });

  it('in fewer calls of the engine than there are batches', async () => {
    const model = make();
    const calls = vi.spyOn(Reading.prototype, 'predict');
    await model.predict(source(xs) as never, { verbose: 0 });
    expect(calls.mock.calls.length).toBeLessThan(count / 4);
  });

  it('which fills one array again and again', async () => {
    const model = make();
    const buffer = new Float32Array(rows * width);
    const again = function* () {
      for (const x of xs) {
        buffer.set(x);
        yield [buffer];
      }
    };
    const { data } = await model.predict(again as never, { verbose: 0 });
    expect([...(data as Float32Array)]).toEqual(await wanted(model));
  });

  it('whose batches have different numbers of rows', async () => {
    const model = make();
    const sizes = [3, 3, 8, 1, 8, 8, 8, 5];
    let at = 0;
    const parts = sizes.map((n) => {
      at += n;
      return all.subarray((at - n) * width, at * width);
    });
    const { data, shape } = await model.predict(source(parts) as never, { verbose: 0 });
    expect(shape).toEqual([at, 1]);
    expect([...(data as Float32Array)]).toEqual((await wanted(model)).slice(0, at));
  });

  it('and stops, takes so many steps, and says what is wrong in its place', async () => {
    const model = make();
    const seen: number[] = [];
    const stopping = {
      onPredictBatchEnd(batch: number, { outputs }: { outputs: { shape: number[] } }) {
        seen.push(outputs.shape[0]);
        if (batch === 2) model.stopPredicting = true;
      },
    };
    expect((await model.predict(source(xs) as never, { verbose: 0, callbacks: stopping as never })).shape).toEqual([3 * rows, 1]);
    expect(seen).toEqual([rows, rows, rows]);
    expect((await model.predict(source(xs) as never, { verbose: 0, steps: 70 })).shape).toEqual([70 * rows, 1]);
    const spoilt = xs.slice(0, 9).map((x, i) => (i === 8 ? x.map(() => Number.NaN) : x));
    await expect(model.predict(source(spoilt) as never, { verbose: 0 })).rejects.toThrow('x, batch 8: x[0][0] is NaN');
    await expect(model.predict((() => []) as never, { verbose: 0 })).rejects.toMatchObject({ code: 'ERR_EMPTY' });
  });

  it('whose outputs have shapes that only data tell', async () => {
    const model = sequential([layers.lstm({ units: 2, returnSequences: true, inputShape: [null, width] })]);
    const batch = (steps: number) => array(all.subarray(0, 2 * steps * width), [2, steps, width]);
    const alike = await model.predict((() => Array.from({ length: 9 }, () => [batch(3)])) as never, { verbose: 0 });
    expect(alike.shape).toEqual([18, 3, 2]);
    await expect(model.predict((() => [[batch(3)], [batch(3)], [batch(4)]]) as never, { verbose: 0 })).rejects.toThrow(
      'outputs of different shapes',
    );
  });
});
