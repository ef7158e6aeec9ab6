// A training that was put down where an epoch begins or ends goes on to the bits of one that was not, and ends where that one ended.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
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
  root = mkdtempSync(join(tmpdir(), 'gemmfit-ends-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const numbers = (n: number, k = 1) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 0.7 * k));
const X = array(numbers(24 * 5), [24, 5]);
const Y = array(
  numbers(24, 3).map((v) => (v > 0 ? 1 : 0)),
  [24, 1],
);
function* batches() {
  for (let i = 0; i < 24; i += 8) yield [X.slice(i, i + 8), Y.slice(i, i + 8)];
}
const rate = () => schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 2, decayRate: 0.9 });

interface Given {
  /** Default: a schedule. */
  learningRate?: number;
  x?: unknown;
  options: (interrupt: (when: boolean) => void) => FitOptions;
}

/** Trains in one go, then with an interruption; both as they came out. */
async function bothWays({ learningRate, x, options }: Given) {
  const train = async (seed: number, folder: string, interrupts: boolean) => {
    setRandomSeed(seed);
    const model = sequential([
      layers.dense({ units: 8, activation: 'relu', inputShape: [5] }),
      layers.dropout({ rate: 0.3 }),
      layers.dense({ units: 1, activation: 'sigmoid' }),
    ]);
    model.compile({
      optimizer: optimizers.sgd({ learningRate: learningRate ?? rate() }),
      loss: 'binary_crossentropy',
      metrics: ['AUC'],
    });
    const given = options((when) => {
      if (interrupts && when) process.emit('SIGTERM', 'SIGTERM');
    });
    const history = await model.fit((x ?? X) as never, x ? null : Y, {
      epochs: 4,
      ...(x ? {} : { batchSize: 8 }),
      verbose: 0,
      checkpoint: { path: folder, every: { epochs: 100 } },
      handleSignals: ['SIGTERM'],
      ...given,
    });
    return { model, history };
  };
  const whole = await train(7, join(root, `whole-${made}`), false);
  const folder = join(root, `stopped-${made++}`);
  const stopped = await train(7, folder, true);
  expect(stopped.history.stopReason).toBe('signal');
  expect(readdirSync(folder)).toHaveLength(1);
  return { whole, resumed: await train(99, folder, false), stopped };
}
const bits = (model: Sequential) => model.getWeights().map((w) => Buffer.from(w.data.buffer).toString('base64'));
const outcome = ({ model, history }: { model: Sequential; history: Awaited<ReturnType<Sequential['fit']>> }) => ({
  history: history.history,
  epoch: history.epoch,
  stopReason: history.stopReason,
  weights: bits(model),
  calls: model.optimizer.calls,
});

/** Validation data that interrupt the training when they are read for the `time`th time. */
const validating = (interrupt: (when: boolean) => void, time: number) => {
  let reads = 0;
  return function* () {
    interrupt(++reads === time);
    yield [X, Y];
  };
};

it('put down after the last batch of an epoch, with a schedule: there is no batch left to have a rate', async () => {
  const { whole, resumed } = await bothWays({ options: (interrupt) => ({ validationData: validating(interrupt, 2) }) });
  expect(resumed.history.resumedFrom).toMatchObject({ epoch: 1, step: 3 });
  expect(outcome(resumed)).toEqual(outcome(whole));
});

it('put down in the validation of an epoch that a callback ended: no further batch comes', async () => {
  let model: { stopTraining: boolean };
  let seen = 0;
  const stops = {
    setModel(m: never) {
      model = m;
      seen = 0;
    },
    onTrainBatchEnd() {
      if (++seen === 5) model.stopTraining = true;
    },
  };
  const { whole, resumed } = await bothWays({
    options: (interrupt) => ({ validationData: validating(interrupt, 2), callbacks: [stops as never] }),
  });
  expect(whole.history.epoch).toEqual([0, 1]);
  expect(resumed.history.resumedFrom).toMatchObject({ epoch: 1, step: 2 });
  expect(outcome(resumed)).toEqual(outcome(whole));
});

it('put down at the end of an epoch that a callback made the last: it is over', async () => {
  const { whole, resumed } = await bothWays({
    options: (interrupt) => ({
      callbacks: [
        callbacks.earlyStopping({ monitor: 'loss', minDelta: 100, patience: 2 }),
        { onEpochEnd: (epoch: number) => interrupt(epoch === 2) },
      ],
    }),
  });
  expect(whole.history.epoch).toEqual([0, 1, 2]);
  expect(outcome(resumed)).toEqual(outcome(whole));
});

it('put down in the validation of an epoch whose data ran out: it is the last', async () => {
  const { whole, resumed } = await bothWays({
    x: batches,
    options: (interrupt) => ({ stepsPerEpoch: 5, epochs: 3, validationData: validating(interrupt, 1) }),
  });
  expect(outcome(resumed)).toEqual(outcome(whole));
});

it('put down before the first batch of an epoch: callbacks that have heard of it hear nothing twice', async () => {
  const { whole, resumed, stopped } = await bothWays({
    learningRate: 0.1,
    options: (interrupt) => ({
      callbacks: [
        callbacks.learningRateScheduler((_, now) => now * 0.5),
        { onEpochBegin: (epoch: number) => interrupt(epoch === 2) },
      ],
    }),
  });
  expect(stopped.history.epoch).toEqual([0, 1]);
  expect(resumed.history.resumedFrom).toMatchObject({ epoch: 2, step: 0 });
  expect(outcome(resumed)).toEqual(outcome(whole));
});

it('a checkpoint that is due before the first batch of an epoch is written after it', async () => {
  const folder = join(root, 'due');
  const begun: number[] = [];
  const slow = {
    // Time enough for the checkpoint to come due.
    onEpochBegin: (epoch: number) => begun.push(epoch) && new Promise((resolve) => setTimeout(resolve, 80)),
  };
  setRandomSeed(1);
  const model = sequential([layers.dense({ units: 1, inputShape: [5] })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  await model.fit(X, Y, {
    epochs: 2,
    batchSize: 8,
    verbose: 0,
    callbacks: [slow as never],
    checkpoint: { path: folder, every: { seconds: 0.02 }, keep: 10 },
  });
  expect(readdirSync(folder)).toContain('checkpoint-00000000-00000001.safetensors');
  expect(readdirSync(folder)).not.toContain('checkpoint-00000001-00000000.safetensors');
});
