import { afterEach, describe, expect, it, vi } from 'vitest';
import { callbacks, layers, optimizers, type Sequential, schedules, sequential, setRandomSeed } from '../../lib/index.js';
import { Engine } from '../../lib/model/engine.js';
import type { FitOptions } from '../../lib/training/fit.js';

const rows = 52;
const x = new Float32Array(rows * 5).map((_, i) => Math.sin(i * 12.9898));
const y = new Float32Array(rows).map((_, i) => Number(x[i * 5] + x[i * 5 + 1] > 0));

function make(optimizer: unknown = 'adam'): Sequential {
  setRandomSeed(3);
  const model = sequential([
    layers.dense({ units: 6, activation: 'tanh', inputShape: [5] }),
    layers.dropout({ rate: 0.2 }),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ]);
  model.compile({ optimizer: optimizer as never, loss: 'binary_crossentropy', metrics: ['accuracy', 'auc'] });
  return model;
}

/** Weights and history of a training, and how many calls of the engine it took. */
async function train(options: FitOptions, optimizer?: unknown) {
  const model = make(optimizer);
  const run = vi.spyOn(Engine.prototype, 'train');
  const { history, epoch } = await model.fit(x, y, { batchSize: 8, verbose: 0, ...options });
  const calls = run.mock.calls.length;
  run.mockRestore();
  return {
    calls,
    result: { history, epoch, weights: model.getWeights().map((w) => [...w.data]), trained: model.optimizer.iterations },
  };
}

const listener = { onEpochEnd: () => undefined };

afterEach(() => vi.restoreAllMocks());

describe('epochs that nobody listens to', () => {
  it.each<[string, FitOptions, string | InstanceType<typeof schedules.ExponentialDecay>]>([
    ['whole passes', { epochs: 12 }, 'adam'],
    ['from a later epoch on', { epochs: 12, initialEpoch: 5 }, 'adam'],
    ['epochs that do not end with a pass', { epochs: 5, stepsPerEpoch: 5 }, 'adam'],
    ['data that run out within an epoch', { epochs: 3, stepsPerEpoch: 9 }, 'adam'],
    [
      'a learning rate schedule',
      { epochs: 12 },
      new schedules.ExponentialDecay({ initialLearningRate: 0.5, decaySteps: 7, decayRate: 0.8 }),
    ],
    ['class weights and batches that change places', { epochs: 6, shuffle: 'batch', classWeight: { 0: 1, 1: 3 } }, 'sgd'],
  ])('give the bits and the history of epochs run one by one: %s', async (_, options, rule) => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const optimizer = () => (typeof rule === 'string' ? rule : optimizers.sgd({ learningRate: rule }));
    const together = await train(options, optimizer());
    const single = await train({ ...options, callbacks: listener }, optimizer());
    expect(together.result).toEqual(single.result);
    expect(together.calls).toBeLessThan(single.calls);
  });

  it('are run one by one where a callback, the progress bar or a validation comes between them', async () => {
    class Own extends callbacks.History {
      override onEpochEnd(epoch: number, logs: Record<string, number>) {
        super.onEpochEnd(epoch, logs);
      }
    }
    const write = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
    const calls = async (options: FitOptions) => (await train({ epochs: 4, ...options })).calls;
    expect(await calls({ callbacks: listener })).toBe(4);
    expect(await calls({ callbacks: new Own() })).toBe(4);
    expect(await calls({ verbose: 2 })).toBe(4);
    expect(await calls({ validationSplit: 0.25 })).toBe(4);
    expect(await calls({ callbacks: { onTrainEnd: () => undefined } })).toBeLessThan(4);
    expect(await calls({ callbacks: new callbacks.History() })).toBeLessThan(4);
    write.mockRestore();
  });

  it('keep the results of those that ended before the training was stopped', async () => {
    const model = make();
    setTimeout(() => {
      model.stopTraining = true;
    }, 300);
    const { history, epoch } = await model.fit(x, y, { batchSize: 8, epochs: 1e6, verbose: 0 });
    expect(epoch.length).toBeGreaterThan(1);
    expect(epoch).toEqual(epoch.map((_, i) => i));
    expect(history.loss).toHaveLength(epoch.length);
    // Seven batches an epoch; the last one may have been cut short.
    expect(Math.ceil(model.optimizer.iterations / 7)).toBe(epoch.length);
    const again = make();
    const same = await again.fit(x, y, { batchSize: 8, epochs: epoch.length, verbose: 0, callbacks: listener });
    expect(history.loss.slice(0, -1)).toEqual(same.history.loss.slice(0, -1));
  });

  it('end when the signal says so', async () => {
    const model = make();
    const signal = AbortSignal.timeout(300);
    await expect(model.fit(x, y, { batchSize: 8, epochs: 1e6, verbose: 0, signal })).rejects.toThrow('timeout');
    expect(model.history?.epoch.length).toBeGreaterThan(0);
  });
});

describe('a fit that goes on with the next epoch', () => {
  const weights = (model: Sequential) => model.getWeights().map((w) => [...w.data]);

  it.each<[string, FitOptions]>([
    ['all samples shuffled', {}],
    ['whole batches', { shuffle: 'batch' }],
    ['one epoch at a time', { callbacks: listener }],
  ])('has the orders, the noise and the results of one training: %s', async (_, options) => {
    const o = { batchSize: 8, verbose: 0, ...options } as const;
    const whole = make();
    const { history } = await whole.fit(x, y, { ...o, epochs: 5 });
    const parts = make();
    const first = await parts.fit(x, y, { ...o, epochs: 2 });
    const second = await parts.fit(x, y, { ...o, initialEpoch: 2, epochs: 5 });
    expect([...first.history.loss, ...second.history.loss]).toEqual(history.loss);
    expect(weights(parts)).toEqual(weights(whole));
  });

  it('and one that does not draws others', async () => {
    const model = make();
    const order = async (options: FitOptions) => {
      const seen: number[] = [];
      const noted = { onTrainBatchEnd: (_: number, logs: { loss: number }) => void seen.push(logs.loss) };
      await model.fit(x, y, { batchSize: 8, verbose: 0, callbacks: noted, ...options });
      return seen;
    };
    model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: 'mse' });
    const first = await order({ epochs: 1 });
    expect(await order({ epochs: 1 })).not.toEqual(first);
    expect(await order({ initialEpoch: 1, epochs: 2 })).not.toEqual(await order({ initialEpoch: 1, epochs: 2 }));
  });
});
