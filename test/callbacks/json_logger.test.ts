import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { callbacks, layers, sequential, setRandomSeed } from '../../lib/index.js';

const folder = mkdtempSync(join(tmpdir(), 'gemmfit-json-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);
const rows = (name: string) =>
  readFileSync(path(name), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

const x = Float32Array.from({ length: 40 * 2 }, (_, i) => Math.sin(i));
const y = Float32Array.from({ length: 40 }, (_, i) => i % 2);
function made() {
  setRandomSeed(1);
  const model = sequential([layers.dense({ units: 1, activation: 'sigmoid', inputShape: [2] })]);
  model.compile({ loss: 'mse' });
  return model;
}

test('a line an epoch, with the time', async () => {
  const { history } = await made().fit(x, y, { epochs: 3, verbose: 0, callbacks: callbacks.jsonLogger(path('a.jsonl')) });
  const lines = rows('a.jsonl');
  expect(lines.map((line) => [line.event, line.epoch, line.loss])).toEqual(history.loss.map((loss, i) => ['epoch', i, loss]));
  expect(new Date(lines[0].time).toISOString()).toBe(lines[0].time);
});

test('batches where they are wanted, by their epochs', async () => {
  await made().fit(x, y, {
    epochs: 2,
    batchSize: 10,
    verbose: 0,
    callbacks: callbacks.jsonLogger({ filename: path('b.jsonl'), every: 2 }),
  });
  expect(rows('b.jsonl').map(({ event, epoch, batch }) => [event, epoch, batch])).toEqual([
    ['batch', 0, 1],
    ['batch', 0, 3],
    ['epoch', 0, undefined],
    ['batch', 1, 1],
    ['batch', 1, 3],
    ['epoch', 1, undefined],
  ]);
});

test('what is not finite is null, arrays are lists, and append goes on', async () => {
  const logger = () => callbacks.jsonLogger({ filename: path('c.jsonl'), append: true });
  const log = async (logs: object) => {
    const one = logger();
    await one.onTrainBegin({});
    one.onEpochEnd(0, logs as never);
    await one.onTrainEnd({});
  };
  await log({ loss: Number.NaN, f1: Float32Array.of(0.5, 1), nd: { data: Float32Array.of(2), shape: [1] } });
  await log({ loss: 1 });
  expect(rows('c.jsonl')).toEqual([
    expect.objectContaining({ loss: null, f1: [0.5, 1], nd: [2] }),
    expect.objectContaining({ loss: 1 }),
  ]);
});

test('a training that goes on goes on with the file, without double lines', async () => {
  const fit = (epochs: number) =>
    made().fit(x, y, {
      ...{ epochs, verbose: 0, checkpoint: path('points') },
      callbacks: callbacks.jsonLogger(path('d.jsonl')),
    });
  await fit(2);
  // A line of an epoch that no checkpoint knows of.
  writeFileSync(path('d.jsonl'), '{"event":"epoch","epoch":2}\n', { flag: 'a' });
  await fit(4);
  expect(rows('d.jsonl').map((line) => line.epoch)).toEqual([0, 1, 2, 3]);
});

test('a folder that is not there is told', async () => {
  const wrong = callbacks.jsonLogger(path('none/a.jsonl'));
  await expect(made().fit(x, y, { verbose: 0, callbacks: wrong })).rejects.toMatchObject({ code: 'ERR_FILE' });
  expect(() => callbacks.jsonLogger('')).toThrow('filename');
  expect(() => callbacks.jsonLogger({ filename: 'a', evry: 1 } as never)).toThrow("Did you mean 'every'?");
});
