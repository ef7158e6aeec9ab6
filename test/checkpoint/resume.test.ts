// A training that was put down and taken up again, by another model that knows nothing of it, comes to the bits of one that was not.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callbacks } from '../../lib/callbacks/index.js';
import { array } from '../../lib/data/ndarray.js';
import { layers } from '../../lib/layers/index.js';
import { optimizers } from '../../lib/optimizers/index.js';
import { setRandomSeed } from '../../lib/random.js';
import { schedules } from '../../lib/schedules/index.js';
import { type Sequential, sequential } from '../../lib/sequential.js';
import type { FitOptions } from '../../lib/training/fit.js';

let root: string;
let made = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gemmfit-resume-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const numbers = (n: number, k = 1) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 0.7 * k));
const X = array(numbers(44 * 5), [44, 5]);
const Y = array(
  numbers(44, 3).map((v) => (v > 0 ? 1 : 0)),
  [44, 1],
);
const IDS = array(
  Int32Array.from({ length: 44 * 3 }, (_, i) => (i * 37) % 900),
  [44, 3],
);

interface Case {
  make: () => Sequential;
  x?: unknown;
  y?: unknown;
  options?: () => FitOptions;
}
const dense = (...more: ReturnType<typeof layers.dense>[]) => [
  layers.dense({ units: 8, activation: 'relu', inputShape: [5] }),
  ...more,
  layers.dense({ units: 1, activation: 'sigmoid' }),
];
const compiled = (stack: unknown[], optimizer: unknown = 'adam', metrics: unknown = ['accuracy', 'AUC']) => {
  const model = sequential(stack as never);
  model.compile({ optimizer: optimizer as never, loss: 'binary_crossentropy', metrics: metrics as never });
  return model;
};

const cases: Record<string, Case> = {
  'dropout and noise': {
    make: () =>
      compiled([
        layers.dense({ units: 8, inputShape: [5] }),
        layers.dropout({ rate: 0.4 }),
        layers.gaussianNoise({ stddev: 0.1 }),
        layers.batchNormalization(),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ]),
  },
  'no shuffling': { make: () => compiled(dense()), options: () => ({ shuffle: false }) },
  'shuffling batches': { make: () => compiled(dense()), options: () => ({ shuffle: 'batch' }) },
  'more steps than a pass': { make: () => compiled(dense()), options: () => ({ stepsPerEpoch: 8, epochs: 3 }) },
  'a schedule': {
    make: () =>
      compiled(
        dense(),
        optimizers.sgd({
          momentum: 0.9,
          learningRate: schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 3, decayRate: 0.9 }),
        }),
      ),
  },
  'averages and accumulation': {
    make: () => compiled(dense(), optimizers.adam({ useEma: true, emaOverwriteFrequency: 4, gradientAccumulationSteps: 3 })),
  },
  'rows of a large table': {
    make: () =>
      compiled([
        // Smaller ones are updated whole.
        layers.embedding({ inputDim: 20000, outputDim: 16, inputShape: [3] }),
        layers.flatten(),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ]),
    x: IDS,
  },
  'stateful layers': {
    make: () => {
      const model = sequential([
        layers.lstm({ units: 4, stateful: true, inputShape: [5, 1] }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ]);
      model.compile({ optimizer: 'adam', loss: 'mse' });
      return model;
    },
    x: array(numbers(44 * 5), [44, 5, 1]),
    options: () => ({ batchSize: 11, shuffle: false }),
  },
  'validation, weights and callbacks': {
    make: () => compiled(dense()),
    options: () => ({
      validationSplit: 0.25,
      classWeight: { 0: 1, 1: 3 },
      sampleWeight: numbers(44, 5).map(Math.abs),
      callbacks: [
        callbacks.earlyStopping({ patience: 1, restoreBestWeights: true }),
        callbacks.reduceLROnPlateau({ patience: 1, factor: 0.5, minDelta: 0.5 }),
        callbacks.learningRateScheduler((e, lr) => (e === 2 ? lr * 0.5 : lr)),
      ],
    }),
  },
  'batches of another size each epoch, and several validation sets': {
    make: () => compiled(dense(layers.dropout({ rate: 0.2 }) as never)),
    options: () => ({
      batchSize: (epoch) => [8, 11, 22, 5][epoch] ?? 8,
      validationData: { first: [X.slice(0, 9), Y.slice(0, 9)], rest: [X.slice(9, 44), Y.slice(9, 44)] },
      trainingLoss: 'epochEnd',
    }),
  },
  'a sampler of classes': { make: () => compiled(dense()), options: () => ({ sampler: 'balanced' }) },
  'a sampler by weights': {
    make: () => compiled(dense()),
    options: () => ({ sampler: { weights: numbers(44, 9).map(Math.abs), samples: 30 } }),
  },
  'hooks of batches': { make: () => compiled(dense()), options: () => ({ callbacks: [{ onTrainBatchEnd() {} }] }) },
  'a dataset': {
    make: () => compiled(dense()),
    x: () => {
      return (function* () {
        for (let i = 0; i < 44; i += 7) yield [X.slice(i, i + 7), Y.slice(i, i + 7)];
      })();
    },
    y: null,
    options: () => ({ batchSize: null }),
  },
  // Loss and metrics are chosen by the first batch: that is after the training was taken up.
  'a dataset that alone tells the width of the output': {
    make: () => {
      const model = sequential([layers.prelu({ sharedAxes: [1], alphaInitializer: 'zeros', inputShape: [null] })]);
      model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae', 'accuracy'] });
      return model;
    },
    x: () => {
      return (function* () {
        for (let i = 0; i < 44; i += 7) yield [X.slice(i, i + 7), X.slice(i, i + 7)];
      })();
    },
    y: null,
    options: () => ({ batchSize: null }),
  },
};

const bits = (model: Sequential) => model.getWeights().map((w) => Buffer.from(w.data.buffer).toString('base64'));

async function train(c: Case, seed: number, folder: string, more: FitOptions) {
  setRandomSeed(seed);
  const model = c.make();
  const x = c.x ?? X;
  const options: FitOptions = { epochs: 4, batchSize: 8, verbose: 0, ...c.options?.(), ...more };
  if (options.batchSize === null) delete options.batchSize;
  const history = await model.fit(x as never, (c.y === undefined ? Y : c.y) as never, {
    ...options,
    checkpoint: { path: folder, every: { steps: 4 }, ...(more.checkpoint as object) },
  });
  return { model, history };
}

/** Ends a fit as a crash does, as far as one process can show: nothing that comes after is kept. */
const killedAfter = (batches: number) => {
  let done = 0;
  return {
    onTrainBatchEnd() {
      if (++done === batches) throw new Error('killed');
    },
  };
};

describe.each(Object.entries(cases))('%s', (_, c) => {
  it.each([1, 5, 6, 10, 13, 15])('killed after batch %i', async (batches) => {
    const whole = await train(c, 7, join(root, `w${made}`), {});
    const folder = join(root, `k${made++}`);
    const given = c.options?.().callbacks;
    const killed = train(c, 7, folder, { callbacks: [...((given as never[]) ?? []), killedAfter(batches)] });
    await expect(killed).rejects.toThrow('killed');
    // Another process draws other numbers, but for those that the checkpoint brings.
    const { model, history } = await train(c, batches < 5 ? 7 : 1000 + batches, folder, {});
    expect(history.history).toEqual(whole.history.history);
    expect(history.epoch).toEqual(whole.history.epoch);
    expect(bits(model)).toEqual(bits(whole.model));
    expect(history.resumedFrom === null).toBe(batches < 5);
  });

  // No batch is left then, which could bring the rows of a large table up to date.
  it('taken up when it is over: what is read is what it came to', async () => {
    const folder = join(root, `o${made++}`);
    const whole = await train(c, 7, folder, {});
    const { model, history } = await train(c, 1007, folder, {});
    expect(bits(model)).toEqual(bits(whole.model));
    expect(history.history).toEqual(whole.history.history);
    const x = c.x && typeof c.x !== 'function' ? c.x : X;
    const [here, there] = [model, whole.model].map((m) => m.predictSync((x as typeof X).slice(0, 11)).data);
    expect(here).toEqual(there);
  });
});

it('put down after the last batch of an epoch: its results are those of the whole epoch', async () => {
  const hooked = { ...cases['hooks of batches'], options: () => ({ callbacks: [{ onTrainBatchEnd() {} }] }) };
  const whole = await train(hooked, 7, join(root, 'last-whole'), {});
  const folder = join(root, 'last');
  let batches = 0;
  const signal = {
    onTrainBatchEnd() {
      if (++batches === 12) process.kill(process.pid, 'SIGTERM');
      return batches === 12 ? new Promise((resolve) => setTimeout(resolve, 50)) : undefined;
    },
  };
  const stopped = await train(hooked, 7, folder, { callbacks: [signal], handleSignals: ['SIGTERM'] });
  expect(stopped.history.stopReason).toBe('signal');
  expect((await train(hooked, 99, folder, {})).history.history).toEqual(whole.history.history);
});
