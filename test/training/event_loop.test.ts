import { describe, expect, it } from 'vitest';
import { callbacks, layers, type Sequential, sequential, setRandomSeed, setThreads } from '../../lib/index.js';

function data(rows: number, width: number) {
  const x = new Float32Array(rows * width).map((_, i) => Math.sin(i * 12.9898) * 0.5);
  const y = new Float32Array(rows).map((_, i) => (x[i * width] + x[i * width + 1] > 0 ? 1 : 0));
  return { x, y };
}

function mlp(width: number, hidden: number): Sequential {
  const model = sequential([
    layers.dense({ units: hidden, activation: 'relu', inputShape: [width] }),
    layers.dense({ units: hidden, activation: 'relu' }),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'binary_crossentropy', metrics: ['accuracy'] });
  return model;
}

describe('while fit runs', () => {
  it('the event loop has its turns within an epoch', async () => {
    const { x, y } = data(20000, 64);
    const model = mlp(64, 256);
    let turns = 0;
    const turn = () => {
      if (++turns === 10) model.stopTraining = true;
      else setTimeout(turn, 1);
    };
    setTimeout(turn, 1);
    // The one epoch, a call into the engine, has more batches than anybody would wait for: it ends because timers were heard.
    const steps = 10_000_000;
    const { epoch } = await model.fit(x, y, { stepsPerEpoch: steps, batchSize: 32, epochs: 20_000, verbose: 0 });
    expect(epoch).toEqual([0]);
    expect(turns).toBe(10);
    expect(model.optimizer.iterations).toBeLessThan(steps);
  });

  it('stopTraining ends it at the next batch, with the history so far', async () => {
    const { x, y } = data(20000, 64);
    const model = mlp(64, 256);
    setTimeout(() => {
      model.stopTraining = true;
    }, 20);
    const history = await model.fit(x, y, { epochs: 1000, verbose: 0 });
    expect(history.epoch.length).toBeGreaterThan(0);
    expect(history.epoch.length).toBeLessThan(1000);
    // As usable as before.
    expect((await model.fit(x, y, { epochs: 1, verbose: 0, stepsPerEpoch: 2, batchSize: 8 })).epoch).toEqual([0]);
  });

  it('stopTraining in a callback ends the epoch after that batch', async () => {
    const { x, y } = data(64, 4);
    const model = mlp(4, 8);
    const seen: number[] = [];
    await model.fit(x, y, {
      epochs: 3,
      batchSize: 8,
      verbose: 0,
      callbacks: {
        onTrainBatchEnd(batch: number) {
          seen.push(batch);
          if (batch === 2) model.stopTraining = true;
        },
      },
    });
    expect(seen).toEqual([0, 1, 2]);
    expect(model.optimizer.iterations).toBe(3);
  });

  it('an AbortSignal ends it with its reason', async () => {
    const { x, y } = data(20000, 64);
    const model = mlp(64, 256);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    await expect(model.fit(x, y, { epochs: 1000, verbose: 0, signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    await expect(model.fit(x, y, { verbose: 0, signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect((await model.fit(x.subarray(0, 640), y.subarray(0, 10), { verbose: 0 })).epoch).toEqual([0]);
  });

  it('a second training and changes of the model are refused, and nothing is harmed', async () => {
    const { x, y } = data(20000, 64);
    const model = mlp(64, 256);
    const running = model.fit(x, y, { epochs: 2, verbose: 0 });
    await expect(model.fit(x, y, { verbose: 0 })).rejects.toMatchObject({ name: 'RuntimeError', code: 'ERR_BUSY' });
    await expect(model.trainOnBatch(x, y)).rejects.toMatchObject({ name: 'RuntimeError', code: 'ERR_BUSY' });
    const weights = Array.from({ length: 6 }, (_, i) => new Float32Array(model.weights[i].variable.size));
    expect(() => model.setWeights(weights.map((w, i) => ({ data: w, shape: model.weights[i].shape })))).toThrow(
      expect.objectContaining({ name: 'RuntimeError', code: 'ERR_BUSY' }),
    );
    expect(() => model.compile({ loss: 'mse' })).toThrow(expect.objectContaining({ code: 'ERR_BUSY' }));
    expect(() => model.add(layers.dense({ units: 1 }))).toThrow(expect.objectContaining({ code: 'ERR_BUSY' }));
    expect((await running).history.loss).toHaveLength(2);
    await model.fit(x, y, { epochs: 1, stepsPerEpoch: 1, verbose: 0 });
  });

  it('different models train side by side, with the results they have alone', async () => {
    const { x, y } = data(2000, 16);
    const train = async (seed: number) => {
      setRandomSeed(seed);
      const model = mlp(16, 32);
      return [model, model.fit(x, y, { epochs: 3, verbose: 0 })] as const;
    };
    const alone: number[][] = [];
    for (const seed of [1, 2, 3]) alone.push((await (await train(seed))[1]).history.loss as number[]);
    const started = [];
    for (const seed of [1, 2, 3]) started.push((await train(seed))[1]);
    const together = await Promise.all(started);
    expect(together.map((h) => h.history.loss)).toEqual(alone);
  });

  it('a short job does not wait for the epoch of another model', async () => {
    setThreads(2);
    const { x, y } = data(4096, 64);
    const small = mlp(4, 8);
    const model = mlp(64, 512);
    let began = () => {};
    const beginning = new Promise<void>((resolve) => {
      began = resolve;
    });
    // An epoch that ends when it is told to.
    const long = model.fit(x, y, {
      epochs: 1e6,
      stepsPerEpoch: 1e6,
      batchSize: 256,
      verbose: 0,
      callbacks: { onEpochBegin: began },
    });
    await beginning;
    expect((await small.predict(x.subarray(0, 40), { verbose: 0 })).shape).toEqual([10, 1]);
    model.stopTraining = true;
    expect((await long).epoch).toEqual([0]);
  });

  it('predictions and evaluations of one model wait for each other', async () => {
    const { x, y } = data(500, 16);
    const model = mlp(16, 32);
    const [a, b, c] = await Promise.all([
      model.predict(x, { verbose: 0 }),
      model.predict(x, { verbose: 0 }),
      model.evaluate(x, y, { verbose: 0 }),
    ]);
    expect(a.data).toEqual(b.data);
    expect(c).toHaveLength(2);
  });

  it('callbacks may evaluate, predict and change weights between batches', async () => {
    const { x, y } = data(64, 4);
    const plain = async (disturb: boolean) => {
      setRandomSeed(5);
      const model = mlp(4, 8);
      const callback = {
        async onTrainBatchEnd() {
          if (!disturb) return;
          await model.evaluate(x, y, { verbose: 0 });
          await model.predict(x, { verbose: 0 });
          model.setWeights(model.getWeights());
        },
      };
      return (await model.fit(x, y, { epochs: 2, batchSize: 8, verbose: 0, callbacks: [callback] })).history;
    };
    expect(await plain(true)).toEqual(await plain(false));
  });

  it('the learning rate may be changed in between', async () => {
    const { x, y } = data(64, 4);
    const model = mlp(4, 8);
    const before = model.getWeights().map((w) => Array.from(w.data));
    await model.fit(x, y, {
      verbose: 0,
      callbacks: new callbacks.LambdaCallback({
        onTrainBatchBegin: () => {
          model.optimizer.learningRate = 0;
        },
      }),
    });
    expect(model.getWeights().map((w) => Array.from(w.data))).toEqual(before);
  });
});
