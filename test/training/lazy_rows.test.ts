// A large embedding is updated row by row, the rows without a gradient later: nobody may see the difference. The reference is the dense
// update, which the same model takes where gradients are clipped at a norm that none of them has.
import { describe, expect, it } from 'vitest';
import {
  callbacks,
  layers,
  optimizers,
  type Sequential,
  schedules,
  sequential,
  setRandomSeed,
  setThreads,
} from '../../lib/index.js';

const IDS = 20_000;
const STEPS = 10;
const ROWS = 160;
const x = Int32Array.from({ length: ROWS * STEPS }, (_, i) => (i % 4 === 0 ? i % 50 : (i * i * 7919) % IDS));
const y = Float32Array.from({ length: ROWS }, (_, i) => Math.sin(i) / 2);
const data = { data: x, shape: [ROWS, STEPS] };

interface Options {
  learningRate?: number | InstanceType<typeof schedules.ExponentialDecay>;
}

function text(dense: boolean, options: Options = {}): Sequential {
  setRandomSeed(5);
  const m = sequential([
    layers.embedding({ inputDim: IDS, outputDim: 16, inputShape: [STEPS], name: 'table' }),
    layers.globalAveragePooling1d({}),
    layers.dense({ units: 1 }),
  ]);
  const optimizer = new optimizers.Adam({ learningRate: 0.003, ...options, ...(dense && { clipnorm: 1e30 }) });
  m.compile({ optimizer, loss: 'mse' });
  return m;
}

const fit = async (m: Sequential, options = {}) =>
  (await m.fit(data, y, { batchSize: 16, epochs: 4, verbose: 0, ...options })).history;
const weightsOf = (m: Sequential) => m.getWeights().map((w) => w.data.slice());
const bits = (m: Sequential) => weightsOf(m).map((w) => Buffer.from(w.buffer).toString('base64'));

function expectSame(a: Sequential, b: Sequential, tolerance = 3e-6): void {
  const [left, right] = [weightsOf(a), weightsOf(b)];
  left.forEach((w, k) => {
    let most = 0;
    for (let i = 0; i < w.length; i++) most = Math.max(most, Math.abs(w[i] - right[k][i]));
    expect(most, `weight ${k}`).toBeLessThan(tolerance);
  });
}

/** The same done to both. */
async function both(what: (m: Sequential) => Promise<unknown>, options: Options = {}): Promise<void> {
  const [lazy, dense] = [text(false, options), text(true, options)];
  const before = bits(lazy);
  const results = [await what(lazy), await what(dense)];
  expectSame(lazy, dense);
  expect(JSON.stringify(results[0], rounded)).toBe(JSON.stringify(results[1], rounded));
  expect(bits(lazy)).not.toEqual(before);
  expect(bits(lazy), 'the two went the same way: nothing was compared').not.toEqual(bits(dense));
}
const rounded = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value);

describe('rows that are updated later', () => {
  it('a fit with validation', () => both((m) => fit(m, { validationSplit: 0.2, shuffle: true })));

  it('a schedule, and rates set between batches and epochs', async () => {
    await both((m) => fit(m), {
      learningRate: new schedules.ExponentialDecay({ initialLearningRate: 0.01, decaySteps: 7, decayRate: 0.5 }),
    });
    await both((m) => fit(m, { callbacks: [new callbacks.LearningRateScheduler((epoch: number) => 0.01 / (1 + epoch))] }));
    let batch = 0;
    await both((m) => {
      const onBatchEnd = () => {
        m.optimizer.learningRate = 0.001 * (1 + (batch++ % 3));
      };
      batch = 0;
      return fit(m, { callbacks: [{ onBatchEnd }] });
    });
  });

  it('batches one at a time, of many sizes', () =>
    both(async (m) => {
      const losses = [];
      for (let i = 0; i < 30; i++) {
        const rows = 1 + ((i * 37) % 60);
        const from = (i * 11) % (ROWS - rows);
        losses.push(
          await m.trainOnBatch(
            { data: x.slice(from * STEPS, (from + rows) * STEPS), shape: [rows, STEPS] },
            y.slice(from, from + rows),
          ),
        );
      }
      return losses;
    }));

  it('a table that is frozen for a while, and one that another model shares', () =>
    both(async (m) => {
      await fit(m);
      m.getLayer('table').trainable = false;
      m.compile({ optimizer: m.optimizer, loss: 'mse' });
      const frozen = bits(m)[0];
      await fit(m);
      expect(bits(m)[0]).toBe(frozen);
      m.getLayer('table').trainable = true;
      m.compile({ optimizer: m.optimizer, loss: 'mse' });
      await fit(m);
      setRandomSeed(9);
      const outer = sequential([m, layers.dense({ units: 1 })]);
      outer.compile({ optimizer: new optimizers.Adam({ learningRate: 0.002 }), loss: 'mse' });
      await fit(outer);
      const mean = sequential([m.getLayer('table'), layers.globalAveragePooling1d({})]);
      const seen = await mean.predict(data, { verbose: 0 });
      await fit(m);
      return [
        Array.from(seen.data.slice(0, 40), (v) => v.toFixed(3)),
        (await outer.predict(data, { verbose: 0 })).data[3].toFixed(3),
      ];
    }));

  it('looking on changes no bit: evaluate, predict, predictSync, getWeights', async () => {
    const [alone, watched] = [text(false), text(false)];
    await fit(alone);
    await fit(watched, {
      callbacks: [
        {
          onBatchEnd: () => {
            watched.getWeights();
            watched.predictSync(data);
          },
          onEpochEnd: async () => {
            await watched.evaluate(data, y, { verbose: 0 });
            await watched.predict(data, { verbose: 0 });
          },
        },
      ],
    });
    expect(bits(watched)).toEqual(bits(alone));
    const parts = text(false);
    for (let epoch = 0; epoch < 4; epoch++) await fit(parts, { epochs: epoch + 1, initialEpoch: epoch, shuffle: false });
    const whole = text(false);
    await fit(whole, { shuffle: false });
    expect(bits(parts)).toEqual(bits(whole));
  });

  it('predictions are those of the weights that are shown', async () => {
    const m = text(false);
    await fit(m);
    const copy = text(false);
    copy.setWeights(m.getWeights());
    expect((await copy.predict(data, { verbose: 0 })).data).toEqual((await m.predict(data, { verbose: 0 })).data);
    expect(await copy.evaluate(data, y, { verbose: 0 })).toBe(await m.evaluate(data, y, { verbose: 0 }));
  });

  it('weights that are set are trained from there', () =>
    both(async (m) => {
      await fit(m);
      m.setWeights(m.getWeights().map((w) => ({ data: w.data.map((v) => v / 2), shape: w.shape })));
      await fit(m);
    }));

  it('the same bits on one thread and on two; and after a fit that was stopped', async () => {
    const of = async (threads: number, options = {}) => {
      setThreads(threads);
      const m = text(false);
      await fit(m, options);
      await fit(m);
      return bits(m);
    };
    const stopped = () => {
      let batches = 0;
      return {
        callbacks: [
          {
            model: null as Sequential | null,
            setModel(model: Sequential) {
              this.model = model;
            },
            onBatchEnd() {
              if (++batches === 13 && this.model) this.model.stopTraining = true;
            },
          },
        ],
      };
    };
    try {
      expect(await of(2)).toEqual(await of(1));
      expect(await of(2, stopped())).toEqual(await of(1, stopped()));
    } finally {
      setThreads(2);
    }
  });
});
