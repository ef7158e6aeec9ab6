import { describe, expect, it } from 'vitest';
import { array, layers, type NDArray, type Sequential, sequential, setRandomSeed, setThreads } from '../../lib/index.js';

const rows = 2000;
const x = array(
  Float32Array.from({ length: rows * 8 }, (_, i) => Math.sin(i * i)),
  [rows, 8],
);
const y = array(
  Float32Array.from({ length: rows }, (_, i) => Math.cos(i)),
  [rows, 1],
);
const few = x.slice(0, 4);

function made(): Sequential {
  setRandomSeed(5);
  const model = sequential([
    layers.dense({ units: 32, inputShape: [8] }),
    layers.batchNormalization(),
    layers.activation({ activation: 'relu' }),
    layers.dense({ units: 1 }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  return model;
}
const bits = (all: readonly NDArray[]) => all.map((w) => [...(w.data as Float32Array)]);
const code = (error: unknown) => (error as { code?: string }).code;
const thrown = async (f: () => unknown) => {
  try {
    await f();
    return null;
  } catch (error) {
    return code(error);
  }
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a model that is being trained', () => {
  it.each([1, 2])(
    'predicts and evaluates from the same tick on, in any number, and trains to the same bits: %i threads',
    async (threads) => {
      setThreads(threads);
      try {
        const alone = made();
        const { history } = await alone.fit(x, y, { epochs: 6, verbose: 0 });
        const model = made();
        let over = false;
        const training = model.fit(x, y, { epochs: 6, verbose: 0 }).finally(() => {
          over = true;
        });
        const first = model.predictSync(few);
        const calls: Promise<unknown>[] = [model.predict(x, { verbose: 0 }), model.evaluate(x, y, { verbose: 0 })];
        calls.push(model.predictOnBatch(few), model.testOnBatch(few, y.slice(0, 4)));
        let served = 0;
        while (!over) {
          const now = model.predictSync(few).data as Float32Array;
          expect(now.every(Number.isFinite)).toBe(true);
          if (served++ % 20 === 0 && served < 400)
            calls.push(model.predict(few, { verbose: 0 }), model.evaluate(few, y.slice(0, 4), { verbose: 0 }));
          await turn();
        }
        expect(first.shape).toEqual([4, 1]);
        expect((await training).history).toEqual(history);
        await Promise.all(calls);
        expect(bits(model.getWeights())).toEqual(bits(alone.getWeights()));
        expect([...(model.predictSync(few).data as Float32Array)]).toEqual([...(alone.predictSync(few).data as Float32Array)]);
      } finally {
        setThreads(2);
      }
    },
  );

  it('predicts with the weights after some whole batch, batch normalization included', async () => {
    // Labels that are 0, from weights that give 0: nothing but the moving statistics changes, and they alone move the predictions.
    const seen = new Set<string>();
    const answer = (m: Sequential) => [...(m.predictSync(few).data as Float32Array)].join();
    const watched = made();
    seen.add(answer(watched));
    await watched.fit(x, y, {
      epochs: 1,
      verbose: 0,
      shuffle: false,
      callbacks: [{ onTrainBatchEnd: () => void seen.add(answer(watched)) }],
    });
    expect(seen.size).toBeGreaterThan(50);
    const model = made();
    let over = false;
    const training = model.fit(x, y, { epochs: 1, verbose: 0, shuffle: false }).finally(() => {
      over = true;
    });
    while (!over) {
      expect(seen).toContain(answer(model));
      const all = (await model.predict(few, { verbose: 0, batchSize: 1 })).data as Float32Array;
      expect(seen).toContain([...all].join());
      await turn();
    }
    await training;
  });

  it('refuses by name what must wait, and goes on', async () => {
    const model = made();
    const before = bits(model.getWeights());
    const weights = model.getWeights();
    const training = model.fit(x, y, { epochs: 3, verbose: 0 });
    const refused = async () => [
      await thrown(() => model.setWeights(weights)),
      await thrown(() => model.compile({ optimizer: 'sgd', loss: 'mse' })),
      await thrown(() => model.add(layers.dense({ units: 1 }))),
      await thrown(() => model.pop()),
    ];
    const late = [model.fit(x, y, { verbose: 0 }), model.trainOnBatch(few, y.slice(0, 4))].map((p) => thrown(() => p));
    await expect(thrown(() => model.setWeights(weights))).resolves.toBe('ERR_BUSY');
    expect(await refused()).toEqual(['ERR_BUSY', 'ERR_BUSY', 'ERR_BUSY', 'ERR_BUSY']);
    expect(await Promise.all(late)).toEqual(['ERR_BUSY', 'ERR_BUSY']);
    expect((await training).epoch).toHaveLength(3);
    expect(bits(model.getWeights())).not.toEqual(before);
    model.setWeights(weights);
    expect(bits(model.getWeights())).toEqual(before);
  });

  it('reads the weights as they are in a hook, and lets it change them', async () => {
    const model = made();
    const weights = model.getWeights();
    const seen: string[] = [];
    const { history } = await model.fit(x, y, {
      epochs: 2,
      verbose: 0,
      validationData: [x, y],
      callbacks: [
        {
          async onEpochEnd() {
            const [loss] = (await model.evaluate(x, y, { verbose: 0 })) as number[];
            seen.push(String(loss));
            model.setWeights(weights);
            expect(bits(model.getWeights())).toEqual(bits(weights));
          },
        },
      ],
    });
    expect(history.val_loss.map(String)).toEqual(seen);
  });
});

describe('models that share layers', () => {
  const pair = () => {
    setRandomSeed(2);
    const shared = layers.dense({ units: 16, activation: 'tanh', inputShape: [8] });
    const both = [0, 1].map(() => {
      const model = sequential([shared, layers.dense({ units: 1 })]);
      model.compile({ optimizer: 'sgd', loss: 'mse' });
      return model;
    });
    return both as [Sequential, Sequential];
  };

  it('predict while the other trains; a second training is refused, and the first goes on', async () => {
    const [model, other] = pair();
    const training = model.fit(x, y, { epochs: 3, verbose: 0 });
    const second = thrown(() => other.fit(x, y, { epochs: 3, verbose: 0 }));
    expect((await other.predict(x, { verbose: 0 })).shape).toEqual([rows, 1]);
    expect(other.predictSync(few).shape).toEqual([4, 1]);
    expect(await second).toBe('ERR_BUSY');
    expect((await training).epoch).toHaveLength(3);
  });

  it('a training that begins in a hook of the first is waited for', async () => {
    const [model, other] = pair();
    const later: Promise<unknown>[] = [];
    const { epoch } = await model.fit(x, y, {
      epochs: 4,
      verbose: 0,
      callbacks: [{ onEpochEnd: (e: number) => void (e < 2 && later.push(other.trainOnBatch(x, y))) }],
    });
    expect(epoch).toHaveLength(4);
    expect(await Promise.allSettled(later).then((all) => all.map((r) => r.status))).toEqual(['fulfilled', 'fulfilled']);
  });
});

describe('an evaluation', () => {
  it('keeps its sums whatever its hooks call', async () => {
    const model = made();
    const plain = await model.evaluate(x, y, { verbose: 0, batchSize: 100 });
    const hooks = {
      async onTestBatchEnd(i: number) {
        if (i % 5 === 0) await model.evaluate(few, y.slice(0, 4), { verbose: 0 });
        if (i % 3 === 0) model.predictSync(few);
        if (i === 4) await model.predict(x, { verbose: 0, callbacks: [{ onPredictEnd: () => void model.predictSync(few) }] });
        if (i === 6) await model.testOnBatch(few, y.slice(0, 4));
      },
      async onTestEnd() {
        await model.predict(few, { verbose: 0 });
      },
    };
    expect(await model.evaluate(x, y, { verbose: 0, batchSize: 100, callbacks: [hooks] })).toEqual(plain);
    const many = await Promise.all(Array.from({ length: 12 }, () => model.evaluate(x, y, { verbose: 0, batchSize: 100 })));
    for (const one of many) expect(one).toEqual(plain);
  });

  it('sees the same weights to its end, also when its hooks train', async () => {
    const model = made();
    const plain = await model.evaluate(x, y, { verbose: 0, batchSize: 500 });
    const hooks = { onTestBatchEnd: async () => void (await model.trainOnBatch(x, y)) };
    expect(await model.evaluate(x, y, { verbose: 0, batchSize: 500, callbacks: [hooks] })).toEqual(plain);
    expect(await model.evaluate(x, y, { verbose: 0, batchSize: 500 })).not.toEqual(plain);
  });

  it('of a model with states runs hooks that predict, and is refused by name within a training', async () => {
    const model = sequential([layers.lstm({ units: 3, stateful: true, batchInputShape: [4, 5, 2] }), layers.dense({ units: 1 })]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const steps = array(
      Float32Array.from({ length: 400 * 10 }, (_, i) => Math.sin(i)),
      [400, 5, 2],
    );
    const targets = y.slice(0, 400);
    const hooks = { onTestEnd: async () => void (await model.predict(steps, { batchSize: 4, verbose: 0 })) };
    await model.evaluate(steps, targets, { batchSize: 4, verbose: 0, callbacks: [hooks] });
    const training = model.fit(steps, targets, { batchSize: 4, epochs: 300, verbose: 0 });
    const calls = [
      () => model.predict(steps, { batchSize: 4, verbose: 0 }),
      () => model.evaluate(steps, targets, { batchSize: 4, verbose: 0 }),
      () => model.testOnBatch(steps.slice(0, 4), targets.slice(0, 4)),
      () => model.predictSync(steps.slice(0, 4)),
    ];
    for (const call of calls) expect(await thrown(call)).toBe('ERR_BUSY');
    await turn();
    for (const call of calls) expect(await thrown(call)).toBe('ERR_BUSY');
    expect((await training).epoch).toHaveLength(300);
  });
});
