import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callbacks } from '../../lib/callbacks/index.js';
import { crc32c } from '../../lib/callbacks/tensorboard/crc32c.js';
import { bucketsOf } from '../../lib/callbacks/tensorboard/histogram.js';
import { pngOf } from '../../lib/callbacks/tensorboard/png.js';
import type { TensorBoardOptions } from '../../lib/callbacks/tensorboard/tensorboard.js';
import { pictureOf } from '../../lib/callbacks/tensorboard/weights.js';
import { array } from '../../lib/data/ndarray.js';
import { layers } from '../../lib/layers/index.js';
import { metrics } from '../../lib/metrics/index.js';
import { setRandomSeed } from '../../lib/random.js';
import { Sequential, sequential } from '../../lib/sequential.js';
import type { FitOptions } from '../../lib/training/fit.js';
import { one, pointsOf, scalarsOf } from './event_files.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gemmfit-tensorboard-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const X = array(
  Float32Array.from({ length: 40 * 3 }, (_, i) => Math.sin(i)),
  [40, 3],
);
const Y = array(
  Float32Array.from({ length: 40 }, (_, i) => i % 2),
  [40, 1],
);

async function train(options: TensorBoardOptions, more: FitOptions = {}) {
  setRandomSeed(3);
  const model = new Sequential({
    name: 'stack',
    layers: [
      layers.dense({ units: 4, inputShape: [3], name: 'dense' }),
      layers.dense({ units: 1, activation: 'sigmoid', name: 'dense_1' }),
    ],
  });
  model.compile({ optimizer: 'adam', loss: 'binary_crossentropy', metrics: ['accuracy'] });
  const board = callbacks.tensorBoard(options);
  const history = await model.fit(X, Y, {
    epochs: 3,
    batchSize: 8,
    verbose: 0,
    validationSplit: 0.2,
    ...more,
    callbacks: [board, ...((more.callbacks as never[]) ?? [])],
  });
  return { model, history };
}

it('has the values of history, by epoch, under the tags of Keras', async () => {
  const logDir = join(root, 'epochs');
  const { history } = await train({ logDir: pathToFileURL(logDir) });
  const { loss, accuracy, val_loss, val_accuracy } = history.history as Record<string, number[]>;
  const expected = [0, 1, 2].flatMap((epoch) => [
    ['epoch_loss', epoch, Math.fround(loss[epoch])],
    ['epoch_accuracy', epoch, Math.fround(accuracy[epoch])],
    ['epoch_learning_rate', epoch, Math.fround(0.001)],
  ]);
  expect(scalarsOf(join(logDir, 'train'))).toEqual(expected);
  expect(scalarsOf(join(logDir, 'validation'))).toEqual(
    [0, 1, 2].flatMap((epoch) => [
      ['evaluation_loss_vs_iterations', 4 * (epoch + 1), Math.fround(val_loss[epoch])],
      ['evaluation_accuracy_vs_iterations', 4 * (epoch + 1), Math.fround(val_accuracy[epoch])],
      ['epoch_loss', epoch, Math.fround(val_loss[epoch])],
      ['epoch_accuracy', epoch, Math.fround(val_accuracy[epoch])],
    ]),
  );
  expect(pointsOf(join(logDir, 'train')).map(({ tag, plugin }) => [tag, plugin])).toEqual(
    expect.arrayContaining([
      ['keras', 'graph_keras_model'],
      ['model', 'text'],
    ]),
  );
});

it('has every second batch, counted over all epochs', async () => {
  const logDir = join(root, 'batches');
  const seen: number[] = [];
  const hear = { onTrainBatchEnd: (_: number, logs: { loss: number }) => void seen.push(Math.fround(logs.loss)) };
  await train({ logDir, updateFreq: 2, writeGraph: false, writeStepsPerSecond: true }, { callbacks: [hear] });
  const all = scalarsOf(join(logDir, 'train'));
  const of = (name: string) => all.filter(([tag]) => tag === name);
  expect(of('batch_loss')).toEqual([2, 4, 6, 8, 10, 12].map((step) => ['batch_loss', step, seen[step - 1]]));
  for (const name of ['batch_steps_per_second', 'epoch_steps_per_second']) {
    expect(of(name).length).toBe(name[0] === 'b' ? 6 : 3);
    for (const [, , speed] of of(name)) expect(speed).toBeGreaterThan(0);
  }
});

it('has a tag for each value of a metric that has several', async () => {
  const logDir = join(root, 'classes');
  const model = sequential([layers.dense({ units: 2, activation: 'softmax', inputShape: [3] })]);
  model.compile({ loss: 'categorical_crossentropy', metrics: [metrics.f1Score()] });
  const y = array(
    Float32Array.from({ length: 80 }, (_, i) => (i % 4 === 0 || i % 4 === 3 ? 1 : 0)),
    [40, 2],
  );
  const { history } = await model.fit(X, y, { verbose: 0, callbacks: [callbacks.tensorBoard({ logDir })] });
  const [values] = history.f1_score as unknown as number[][];
  expect(scalarsOf(join(logDir, 'train')).filter(([tag]) => tag.includes('f1'))).toEqual(
    [0, 1].map((k) => [`epoch_f1_score_${k}`, 0, Math.fround(values[k])]),
  );
});

it('has histograms and pictures of weights', async () => {
  const logDir = join(root, 'weights');
  const { model } = await train({ logDir, histogramFreq: 2, writeImages: true });
  const points = pointsOf(join(logDir, 'train')).filter(({ plugin }) => plugin === 'histograms');
  expect(points.map(({ tag, step }) => `${tag} ${step}`)).toEqual(
    [0, 2].flatMap((step) =>
      ['dense/kernel', 'dense/bias', 'dense_1/kernel', 'dense_1/bias'].map((tag) => `${tag}/histogram ${step}`),
    ),
  );
  const content = one(points[4].tensor, 4);
  const rows = Array.from({ length: content.length / 8 }, (_, i) => content.readDoubleLE(8 * i));
  expect(rows).toEqual([...bucketsOf(model.layers[0].getWeights()[0].data as Float32Array)]);
  const pictures = pointsOf(join(logDir, 'train')).filter(({ plugin }) => plugin === 'images');
  // A weight of one number has no picture.
  expect(pictures.map(({ tag, step }) => `${tag} ${step}`)).toEqual(
    [0, 2].flatMap((step) => ['dense/kernel', 'dense/bias', 'dense_1/kernel'].map((tag) => `${tag}/image ${step}`)),
  );
  expect(pictures[0].tensor.filter(({ field }) => field === 8).map(({ value }) => String(value).slice(0, 4))).toEqual([
    '4',
    '3',
    '\ufffdPNG',
  ]);
});

it('goes on after a crash without double points', async () => {
  const options = (name: string): TensorBoardOptions => ({ logDir: join(root, name), updateFreq: 'batch', histogramFreq: 1 });
  const checkpoint = (name: string) => ({ checkpoint: { path: join(root, `${name}-checkpoints`), every: { steps: 3 } } });
  await train(options('whole'), checkpoint('whole'));
  let batches = 0;
  const kill = {
    onTrainBatchEnd() {
      if (++batches === 8) throw new Error('killed');
    },
  };
  await expect(train(options('resumed'), { ...checkpoint('resumed'), callbacks: [kill] })).rejects.toThrow('killed');
  const { history } = await train(options('resumed'), checkpoint('resumed'));
  expect(history.resumedFrom).toMatchObject({ epoch: 1, step: 2 });
  for (const part of ['train', 'validation']) {
    const [whole, resumed] = ['whole', 'resumed'].map((name) => pointsOf(join(root, name, part)));
    expect(resumed).toEqual(whole);
    expect(readdirSync(join(root, 'resumed', part)).length).toBe(1);
  }
  const file = join(root, 'resumed/train', readdirSync(join(root, 'resumed/train'))[0]);
  writeFileSync(file, readFileSync(file).subarray(0, 50));
  await expect(train(options('resumed'), checkpoint('resumed'))).rejects.toMatchObject({ code: 'ERR_FILE' });
});

it('names the folder that cannot be written', async () => {
  const file = join(root, 'a file');
  writeFileSync(file, '');
  await expect(train({ logDir: join(file, 'logs') })).rejects.toMatchObject({
    name: 'RuntimeError',
    code: 'ERR_FILE',
    message: expect.stringContaining(join(file, 'logs')),
  });
});

it('writes what the projector of embeddings reads', async () => {
  const logDir = join(root, 'projector');
  const model = sequential([layers.embedding({ inputDim: 9, outputDim: 2, inputShape: [3] }), layers.flatten()]);
  model.compile({ loss: 'mse' });
  const x = array(
    Int32Array.from({ length: 12 }, (_, i) => i % 9),
    [4, 3],
  );
  const fit = (embeddingsMetadata: TensorBoardOptions['embeddingsMetadata']) =>
    model.fit(x, new Float32Array(24), {
      verbose: 0,
      callbacks: [callbacks.tensorBoard({ logDir, embeddingsFreq: 1, embeddingsMetadata })],
    });
  await fit({ embedding: 'words.tsv' });
  expect(readFileSync(join(logDir, 'projector_config.pbtxt'), 'utf8')).toContain('metadata_path: "words.tsv"');
  expect(readdirSync(join(logDir, 'train'))).toContain('keras_embedding.ckpt-0.weights.h5');
  await expect(fit({ dense: 'words.tsv' })).rejects.toMatchObject({
    code: 'ERR_OUT_OF_RANGE',
    message: expect.stringContaining('embedding'),
  });
});

it.each([
  [{ logDir: '' }, 'logDir'],
  [{ profileBatch: 2 }, 'profile'],
  [{ updateFreq: 0 }, 'updateFreq'],
  [{ histogramFreq: -1 }, 'histogramFreq'],
  [{ embeddingsMetadata: { a: 1 } }, 'embeddingsMetadata'],
  [{ histogramFrequency: 1 }, 'histogramFreq'],
])('refuses %j', (options, named) => {
  expect(() => callbacks.tensorBoard(options as never)).toThrow(named);
});

it('counts numbers as TensorFlow does', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  const buckets = bucketsOf(Float32Array.of(0, 1, 2, 3, Number.NaN));
  expect([buckets.length, buckets[0], buckets[88], buckets[2], buckets[89]]).toEqual([90, 0, 3, 1, 1]);
  expect([...bucketsOf(Float32Array.of(5, 5)).slice(-3)]).toEqual([5, 5, 2]);
  expect(bucketsOf(new Float32Array(0)).length).toBe(0);
});

it('draws weights as Keras does', () => {
  const numbers = Float32Array.of(0, 0.25, 0.5, 1, 2, -1);
  expect(pictureOf({ data: numbers, shape: [3, 2] })).toEqual({
    data: Float32Array.of(0, 0.5, 2, 0.25, 1, -1),
    shape: [1, 2, 3, 1],
  });
  expect(pictureOf({ data: numbers, shape: [1, 2, 3, 1] })?.shape).toEqual([1, 2, 3, 1]);
  const png = Buffer.from(pngOf(numbers, 2, 3, 1));
  const at = png.indexOf('IDAT');
  const lines = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
  expect([...lines]).toEqual([0, 0, 63, 127, 0, 255, 255, 0]);
});
