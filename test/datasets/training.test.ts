// Datasets in fit, evaluate, predict and adapt; and taken up again by a checkpoint.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NDArray } from '../../lib/data/ndarray.js';
import type { Dataset } from '../../lib/datasets/dataset.js';
import { array, data, layers, type Sequential, sequential, setRandomSeed } from '../../lib/index.js';
import { failure, fixture } from './support.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemmfit-datasets-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ROWS = 90;
const features = Float32Array.from({ length: ROWS * 3 }, (_, i) => Math.sin(i * i));
const labels = Float32Array.from({ length: ROWS }, (_, i) => features[3 * i] - features[3 * i + 1]);
const x = array(features, [ROWS, 3]);

const build = (seed = 1) => {
  setRandomSeed(seed);
  const model = sequential([
    layers.dense({ units: 4, activation: 'tanh', inputShape: [3] }),
    layers.dropout({ rate: 0.2 }),
    layers.dense({ units: 1 }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  return model;
};
const bits = (model: Sequential) => model.getWeights().map((w) => Buffer.from(w.data.buffer).toString('base64'));
const csvFile = () => {
  const path = join(folder, 'rows.csv');
  const lines = Array.from({ length: ROWS }, (_, i) => [...features.subarray(3 * i, 3 * i + 3), labels[i]].join());
  writeFileSync(path, `a,b,c,target\n${lines.join('\n')}\n`);
  return path;
};

describe('the bits of a training on arrays', () => {
  const arrays = async () => {
    const model = build();
    const { history } = await model.fit(x, labels, { epochs: 3, batchSize: 8, shuffle: false, verbose: 0 });
    return {
      history,
      bits: bits(model),
      evaluated: await model.evaluate(x, labels, { batchSize: 8, verbose: 0 }),
      predicted: Array.from((await model.predict(x, { verbose: 0 })).data),
    };
  };
  const sources: Record<string, () => Dataset<never>> = {
    arrays: () => data.fromArrays(x, labels) as never,
    'a CSV file': () => data.csv(csvFile(), { label: 'target' }).pack() as never,
    rows: () =>
      data
        .fromRows(
          Array.from({ length: ROWS }, (_, i) => ({
            a: features[3 * i],
            b: features[3 * i + 1],
            c: features[3 * i + 2],
            target: labels[i],
          })),
          { label: 'target' },
        )
        .pack() as never,
    'a generator': () =>
      data.fromGenerator(function* () {
        for (let i = 0; i < ROWS; i++) yield [features.slice(3 * i, 3 * i + 3), labels[i]];
      }) as never,
  };
  it.each(Object.entries(sources))('are those of one on a dataset of %s', async (_, make) => {
    const expected = await arrays();
    const dataset = make().batch(8).prefetch(2) as Dataset<[NDArray, NDArray]>;
    const model = build();
    const { history } = await model.fit(dataset, null, { epochs: 3, verbose: 0 });
    expect(bits(model)).toEqual(expected.bits);
    expect(history).toEqual(expected.history);
    expect(await model.evaluate(dataset, null, { verbose: 0 })).toEqual(expected.evaluated);
    expect(
      Array.from(
        (
          await model.predict(
            dataset.map(([rows]) => rows),
            { verbose: 0 },
          )
        ).data,
      ),
    ).toEqual(expected.predicted);
  });
});

it('normalization adapts to a dataset', async () => {
  const normalization = layers.normalization({ inputShape: [3] });
  normalization.adapt(x);
  const expected = normalization.getWeights().map((w) => Array.from(w.data));
  const other = layers.normalization({ inputShape: [3] });
  await other.adapt(data.fromArrays(x).batch(20) as Dataset<NDArray>);
  const found = other.getWeights().flatMap((w) => Array.from(w.data));
  for (const [k, value] of expected.flat().entries()) expect(found[k]).toBeCloseTo(value, 5);
});

describe('a training that is killed and taken up again', () => {
  const make: Record<string, () => Dataset<[NDArray, NDArray]>> = {
    'a shuffled file': () => data.csv(csvFile(), { label: 'target' }).pack().shuffle(20).batch(8) as never,
    'one drawn part of it': () =>
      data.csv(csvFile(), { label: 'target' }).split({ validation: 0.3 }).train.pack().shuffle(20).batch(8).prefetch(3) as never,
    'arrays, shuffled whole': () => data.fromArrays(x, labels).shuffle(ROWS).batch(8) as never,
  };
  it.each(Object.entries(make))('on %s has the bits of one that was not', async (name, source) => {
    const train = async (seed: number, path: string, callbacks: object[] = []) => {
      const model = build(seed);
      const history = await model.fit(source(), null, {
        epochs: 4,
        verbose: 0,
        checkpoint: { path: join(folder, path), every: { steps: 3 } },
        callbacks: callbacks as never,
      });
      return { history: history.history, bits: bits(model) };
    };
    const expected = await train(5, `${name}-whole`);
    for (const batches of [4, 13, 25]) {
      const path = `${name}-${batches}`;
      let done = 0;
      const killer = {
        onTrainBatchEnd() {
          if (++done === batches) throw new Error('killed');
        },
      };
      await expect(train(5, path, [killer])).rejects.toThrow('killed');
      // Another seed: all that was drawn comes out of the checkpoint.
      expect(await train(99, path)).toEqual(expected);
    }
  });
});

it('streams are read once', async () => {
  const rows = () => Readable.from(Array.from({ length: 10 }, (_, i) => ({ a: i, target: i })));
  const stream = data.fromRows(rows(), { label: 'target' });
  const model = sequential([layers.dense({ units: 1, inputShape: [1] })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  await model.fit(stream.pack().batch(5) as never, null, { verbose: 0 });
  const { message } = await failure(() => model.fit(stream.pack().batch(5) as never, null, { verbose: 0 }));
  expect(message).toContain('can be read once');
  const anew = data.fromRows(rows, { label: 'target' });
  await model.fit(anew.pack().batch(5) as never, null, { epochs: 2, verbose: 0 });
  const web = data.fromRows(Readable.toWeb(rows()) as AsyncIterable<object>, { label: 'target' });
  await model.fit(web.pack().batch(5) as never, null, { verbose: 0 });
});

it('a bad row ends the training with file and line', async () => {
  const path = join(folder, 'bad.csv');
  writeFileSync(path, `a,target\n${'1,2\n'.repeat(50)}1,x\n`);
  const model = sequential([layers.dense({ units: 1, inputShape: [1] })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const dataset = data.csv(path, { label: 'target', inferRows: 10 }).pack().batch(10);
  const error = await failure(() => model.fit(dataset, null, { verbose: 0 }));
  expect(error).toMatchObject({ code: 'ERR_DATASET', cause: { code: 'ERR_BAD_ROW' } });
  expect(error.message).toContain(`the dataset failed at batch 5: ${path}, line 52: column 2 'target' is "x"`);
});

it('columns that are not packed are told how to become numbers', async () => {
  const model = sequential([layers.dense({ units: 1, inputShape: [7] })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const dataset = data.csv(fixture('flowers.csv'), { label: 'target' }).batch(8);
  expect(await failure(() => model.fit(dataset as never, null, { verbose: 0 }))).toMatchObject({ code: 'ERR_UNKNOWN_NAME' });
});
