import diagnostics from 'node:diagnostics_channel';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type CallbackHooks, layers, sequential, setRandomSeed } from '../../lib/index.js';

// biome-ignore lint/suspicious/noExplicitAny: what a channel brings has no type
type Message = any;
const listening: [string, (message: Message) => void][] = [];

/** What comes on a channel from now on. */
function hear(name: string): Message[] {
  const heard: Message[] = [];
  const listen = (message: Message) => heard.push(message);
  diagnostics.subscribe(`gemmfit:${name}`, listen);
  listening.push([`gemmfit:${name}`, listen]);
  return heard;
}
afterEach(() => {
  for (const [name, listen] of listening.splice(0)) diagnostics.unsubscribe(name, listen);
});

const x = Float32Array.from({ length: 500 * 2 }, (_, i) => Math.sin(i));
const y = Float32Array.from({ length: 500 }, (_, i) => Math.cos(i));
function made() {
  setRandomSeed(1);
  const model = sequential([layers.dense({ units: 3, activation: 'tanh', inputShape: [2] }), layers.dense({ units: 1 })]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  return model;
}

test('epochs come with their logs, as the history has them', async () => {
  const epochs = hear('epoch');
  const model = made();
  const { history } = await model.fit(x, y, {
    epochs: 3,
    validationSplit: 0.2,
    verbose: 0,
    callbacks: {
      onEpochEnd(_epoch, logs) {
        logs.more = 7;
      },
    },
  });
  expect(epochs.map((m) => [m.epoch, m.epochs])).toEqual([
    [0, 3],
    [1, 3],
    [2, 3],
  ]);
  expect(epochs.map((m) => m.logs.val_loss)).toEqual(history.val_loss);
  expect(epochs[0].logs.more).toBe(7);
  expect(epochs[0].model).toBe(model);
});

test.each([false, true])('every hundredth batch comes, and changes no bit (with hooks of batches: %s)', async (hooks) => {
  const callbacks = hooks ? { onTrainBatchEnd: () => undefined } : null;
  const options = { batchSize: 2, epochs: 2, verbose: 0, callbacks } as const;
  const quiet = await made().fit(x, y, options);
  const batches = hear('batch');
  const heard = await made().fit(x, y, options);
  expect(batches.map((m) => [m.epoch, m.batch, m.steps])).toEqual([
    [0, 99, 250],
    [0, 199, 250],
    [1, 99, 250],
    [1, 199, 250],
  ]);
  expect(batches.every((m) => Number.isFinite(m.logs.loss))).toBe(true);
  expect(heard.history.loss).toEqual(quiet.history.loss);
});

test('batches of a dataset too', async () => {
  const batches = hear('batch');
  function* all() {
    for (let i = 0; i < 250; i++) yield [x.subarray(4 * i, 4 * i + 4), y.subarray(2 * i, 2 * i + 2)] as never;
  }
  await made().fit(all, undefined, { epochs: 1, verbose: 0 });
  expect(batches.map((m) => m.batch)).toEqual([99, 199]);
});

test('checkpoints come with their file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gemmfit-events-'));
  try {
    const written = hear('checkpoint');
    await made().fit(x, y, { epochs: 2, verbose: 0, checkpoint: { path: folder, keep: 5 } });
    expect(written.length).toBeGreaterThan(0);
    expect(existsSync(written.at(-1).file)).toBe(true);
    expect(written.at(-1)).toMatchObject({ epoch: 2, step: 0 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what ends a training early is told, and its end is not', async () => {
  const aborts = hear('abort');
  const stopping: CallbackHooks = {
    onEpochEnd() {
      this.model.stopTraining = true;
    },
  };
  await made().fit(x, y, { epochs: 2, verbose: 0 });
  expect(aborts).toEqual([]);
  await made().fit(x, y, { epochs: 2, verbose: 0, callbacks: stopping });
  const failing = {
    onEpochEnd: () => {
      throw new Error('mine');
    },
  };
  await expect(made().fit(x, y, { epochs: 2, verbose: 0, callbacks: failing })).rejects.toThrow('mine');
  const signal = AbortSignal.timeout(20);
  await expect(made().fit(x, y, { epochs: 1e6, verbose: 0, signal })).rejects.toThrow();
  expect(aborts.map((m) => [m.reason, m.error?.message ?? null])).toEqual([
    ['stopTraining', null],
    ['failed', 'mine'],
    ['aborted', expect.any(String)],
  ]);
});
