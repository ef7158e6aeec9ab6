import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type CallbackLike,
  layers,
  type NDArray,
  optimizers,
  type Sequential,
  sequential,
  array as toArray,
} from '../../lib/index.js';
import type { FitOptions } from '../../lib/training/fit.js';

/** Numbers that follow from a seed, so that Keras could be given the same. */
function rng(seed: number) {
  let s = seed;
  return () => {
    s = (s * 16807) % 2147483647;
    return s / 2147483647;
  };
}
function uniform(seed: number, n: number, low = -1, high = 1) {
  const next = rng(seed);
  return Float32Array.from({ length: n }, () => low + (high - low) * next());
}

const x = toArray(uniform(1, 48), [12, 4]);
const y = toArray(uniform(2, 12), [12, 1]);
const options: FitOptions = { epochs: 6, batchSize: 4, shuffle: false, verbose: 0 };

function make(): Sequential {
  const model = sequential([layers.dense({ units: 3, activation: 'tanh', inputShape: [4] }), layers.dense({ units: 1 })]);
  const next = rng(77);
  model.setWeights(
    model.weights.map((w) =>
      toArray(
        Float32Array.from({ length: w.variable.size }, () => 0.8 * (next() - 0.5)),
        [...w.shape],
      ),
    ),
  );
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.05 }), loss: 'mse' });
  return model;
}

function* batches() {
  for (let i = 0; i < 12; i += 4) yield [x.slice(i, i + 4), y.slice(i, i + 4)];
}
const never = () => new Promise<never>(() => {});
const later = (run: () => void, ms = 50) => setTimeout(run, ms);

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
  vi.restoreAllMocks();
});

const sources: [string, (o: FitOptions) => [unknown, unknown, FitOptions]][] = [
  ['arrays', (o) => [x, y, o]],
  [
    'arrays and a hook of batches',
    (o) => [x, y, { ...o, callbacks: [o.callbacks ?? [], { onTrainBatchEnd() {} }].flat() as CallbackLike[] }],
  ],
  ['a dataset', ({ batchSize: _, shuffle: __, ...o }) => [batches, null, o]],
];

describe.each(sources)('stopTraining is looked at after a batch, as in Keras: %s', (_, of) => {
  const fit = (model: Sequential, o: FitOptions) => model.fit(...(of({ ...options, ...o }) as [never, never, FitOptions]));

  it('set in onTrainBegin: one batch, whose epoch is closed', async () => {
    const model = make();
    const { epoch, history } = await fit(model, {
      callbacks: {
        onTrainBegin() {
          model.stopTraining = true;
        },
      },
    });
    expect(model.optimizer.iterations).toBe(1);
    expect(epoch).toEqual([0]);
    expect(history.loss).toHaveLength(1);
  });

  it('set in onEpochBegin: one batch of that epoch', async () => {
    const model = make();
    const { history } = await fit(model, {
      callbacks: {
        onEpochBegin(epoch: number) {
          if (epoch === 1) model.stopTraining = true;
        },
      },
    });
    expect(model.optimizer.iterations).toBe(4);
    expect(history.loss[0]).toBeCloseTo(0.5116253, 5);
    expect(history.loss[1]).toBeCloseTo(0.5539257, 5);
  });

  it('set in the tick after fit(): one batch', async () => {
    const model = make();
    const running = fit(model, { epochs: 200 });
    model.stopTraining = true;
    expect((await running).epoch).toEqual([0]);
    expect(model.optimizer.iterations).toBe(1);
  });

  it('set while a hook is waited for', async () => {
    const model = make();
    await fit(model, {
      callbacks: {
        async onEpochBegin(epoch: number) {
          if (epoch !== 1) return;
          await Promise.resolve();
          model.stopTraining = true;
        },
      },
    });
    expect(model.optimizer.iterations).toBe(4);
  });

  it('set while it validates: the validation goes on to its end, and the epoch is the last', async () => {
    const model = make();
    let seen = 0;
    const { history } = await fit(model, {
      validationData: async function* () {
        for (const batch of batches()) {
          if (seen++ === 1) model.stopTraining = true;
          await null;
          yield batch;
        }
      },
    });
    expect(seen).toBe(3);
    expect(history.loss).toHaveLength(1);
    expect(history.val_loss).toHaveLength(1);
  });

  it('set before fit is forgotten', async () => {
    const model = make();
    model.stopTraining = true;
    await fit(model, { epochs: 2 });
    expect(model.optimizer.iterations).toBe(6);
  });
});

describe('stopTraining', () => {
  it('set while a source is waited for: the batch that comes is the last', async () => {
    const model = make();
    await model.fit(
      async function* () {
        for (let i = 0; ; i++) {
          if (i === 2) model.stopTraining = true;
          await new Promise(setImmediate);
          yield [x, y];
        }
      },
      null,
      { verbose: 0, stepsPerEpoch: 10 },
    );
    expect(model.optimizer.iterations).toBeLessThanOrEqual(3);
  });
});

describe('a signal', () => {
  const abort = async (start: (signal: AbortSignal) => Promise<unknown>, ms?: number) => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = start(controller.signal);
    if (ms === undefined) controller.abort(reason);
    else later(() => controller.abort(reason), ms);
    await expect(running).rejects.toBe(reason);
  };
  const works = async (model: Sequential) => expect((await model.fit(x, y, options)).epoch).toHaveLength(6);

  it.each(sources)('ends a fit that has not begun: %s', async (_, of) => {
    const model = make();
    await abort((signal) => model.fit(...(of({ ...options, epochs: 200, signal }) as [never, never, FitOptions])));
    expect(model.optimizer.iterations).toBe(0);
    await works(model);
  });

  const hooks = ['onTrainBegin', 'onEpochBegin', 'onTrainBatchBegin', 'onTrainBatchEnd', 'onTestBegin', 'onTestBatchBegin'];
  it.each([...hooks, 'onTestBatchEnd', 'onTestEnd', 'onEpochEnd', 'onTrainEnd'])(
    'releases a fit whose %s never resolves, and no hook is called any more',
    async (hook) => {
      const model = make();
      const calls: string[] = [];
      const second = Object.fromEntries([[hook, () => void calls.push(hook)]]);
      let release: () => void = () => {};
      const first = { [hook]: () => new Promise<void>((resolve) => (release = resolve)) };
      await abort((signal) => model.fit(x, y, { ...options, validationData: [x, y], callbacks: [first, second], signal }), 50);
      release();
      await works(model);
      expect(calls).toEqual([]);
    },
  );

  it('forgets what the hook comes to later', async () => {
    const model = make();
    let fail: (error: Error) => void = () => {};
    const callbacks = { onEpochEnd: () => new Promise((_, reject) => (fail = reject)) };
    await abort((signal) => model.fit(x, y, { ...options, callbacks, signal }), 50);
    fail(new Error('too late'));
    await works(model);
  });

  it('that comes in a batch calls the hooks that end the training, and waits for none', async () => {
    const model = make();
    const controller = new AbortController();
    const calls: string[] = [];
    const callbacks = {
      onTrainBatchEnd: (batch: number) => batch === 1 && controller.abort(),
      onEpochEnd: async () => {
        calls.push('onEpochEnd');
        await null;
      },
      onTrainEnd: () => {
        calls.push('onTrainEnd');
        return never();
      },
    };
    await expect(model.fit(x, y, { ...options, callbacks, signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(model.optimizer.iterations).toBe(2);
    await works(model);
    expect(calls).toEqual(['onEpochEnd', 'onTrainEnd']);
  });
});

describe('stopEvaluating', () => {
  it.each<[string, unknown, unknown, object]>([
    ['arrays', x, y, { batchSize: 4 }],
    ['a dataset', batches, null, {}],
  ])('ends evaluate after the batch: %s', async (_, data, labels, o) => {
    const model = make();
    const first = await model.evaluate(x.slice(0, 4), y.slice(0, 4), { verbose: 0 });
    const all = await model.evaluate(data as never, labels as never, { verbose: 0, ...o });
    expect(all).not.toBe(first);
    const stop = () => {
      model.stopEvaluating = true;
    };
    for (const callbacks of [{ onTestBegin: stop }, { onTestBatchBegin: stop }, { onTestBatchEnd: stop }])
      expect(await model.evaluate(data as never, labels as never, { verbose: 0, ...o, callbacks })).toBe(first);
    // Forgotten at the next.
    expect(await model.evaluate(data as never, labels as never, { verbose: 0, ...o })).toBe(all);
  });

  it('ends the validation of a fit, which goes on', async () => {
    const model = make();
    let seen = 0;
    const callbacks = {
      onTestBatchEnd() {
        seen++;
        model.stopEvaluating = true;
      },
    };
    const { history } = await model.fit(x, y, { ...options, epochs: 3, validationData: [x, y], callbacks });
    expect(history.val_loss).toHaveLength(3);
    expect(seen).toBe(3);
  });
});

describe('stopPredicting', () => {
  it.each<[string, unknown, object]>([
    ['arrays', x, { batchSize: 4 }],
    [
      'a dataset',
      function* () {
        for (const [rows] of batches()) yield rows;
      },
      {},
    ],
  ])('ends predict after the batch, with the predictions so far: %s', async (_, data, o) => {
    const model = make();
    const all = await model.predict(x, { verbose: 0 });
    const stop = () => {
      model.stopPredicting = true;
    };
    for (const callbacks of [{ onPredictBegin: stop }, { onPredictBatchBegin: stop }, { onPredictBatchEnd: stop }]) {
      const part: NDArray = await model.predict(data as never, { verbose: 0, ...o, callbacks });
      expect(part.shape).toEqual([4, 1]);
      expect([...part.data]).toEqual([...all.data.subarray(0, 4)]);
    }
    expect((await model.predict(data as never, { verbose: 0, ...o })).shape).toEqual([12, 1]);
  });
});

describe('a flag that is set while the engine is in the middle of many batches', () => {
  const rows = 200_000;
  const many = new Float32Array(rows * 64);
  const wide = () => {
    const model = sequential([
      layers.dense({ units: 256, inputShape: [64] }),
      layers.dense({ units: 256 }),
      layers.dense({ units: 1 }),
    ]);
    model.compile({ loss: 'mse' });
    return model;
  };

  it('ends predict', async () => {
    const model = wide();
    later(() => {
      model.stopPredicting = true;
    });
    const { shape } = await model.predict(many, { verbose: 0 });
    expect(shape[0]).toBeGreaterThan(0);
    expect(shape[0]).toBeLessThan(rows);
  });

  it('ends evaluate', async () => {
    const model = wide();
    // All labels but the first ones are 1, where predictions are 0: the mean tells how far it came.
    const labels = new Float32Array(rows).fill(1, 32);
    const whole = await model.evaluate(many, labels, { verbose: 0 });
    later(() => {
      model.stopEvaluating = true;
    });
    expect(await model.evaluate(many, labels, { verbose: 0 })).toBeLessThan(whole as number);
  });
});
