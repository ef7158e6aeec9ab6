import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { array, callbacks, layers, metrics, optimizers, type Sequential, sequential, setRandomSeed } from '../../lib/index.js';

const folder = mkdtempSync(join(tmpdir(), 'gemmfit-sets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const N = 60;
const numbers = (n: number, k = 1) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 0.7 * k));
const x = array(numbers(N * 3), [N, 3]);
const y = array(
  numbers(N, 3).map((v) => (v > 0 ? 1 : 0)),
  [N, 1],
);
const quiet = { verbose: 0 } as const;

function make(dropout = 0, optimizer: unknown = 'adam'): Sequential {
  setRandomSeed(5);
  const model = sequential([
    layers.dense({ units: 6, activation: 'relu', inputShape: [3] }),
    layers.dropout({ rate: dropout }),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ]);
  model.compile({ optimizer: optimizer as 'adam', loss: 'binary_crossentropy', metrics: ['accuracy'] });
  return model;
}
const bits = (model: Sequential) => model.getWeights().map((w) => [...(w.data as Float32Array)]);

describe('several validation sets by name', () => {
  const recent = [x.slice(0, 20), y.slice(0, 20)] as const;
  const abroad = () => [[x.slice(20, 40), y.slice(20, 40)] as [typeof x, typeof y]];

  it('give what evaluate gives, under their names', async () => {
    const model = make(0.3);
    const seen: Record<string, number>[] = [];
    const evaluating = {
      async onEpochEnd() {
        const [[ax, ay]] = abroad();
        seen.push({
          ...rename('recent', await model.evaluate(...recent, { ...quiet, returnDict: true })),
          ...rename('abroad', await model.evaluate(ax, ay, { ...quiet, returnDict: true })),
        });
      },
    };
    const { history } = await model.fit(x, y, {
      ...quiet,
      epochs: 3,
      validationData: { recent, abroad },
      callbacks: evaluating,
    });
    expect(Object.keys(history)).toEqual([
      'loss',
      'accuracy',
      'recent_loss',
      'recent_accuracy',
      'abroad_loss',
      'abroad_accuracy',
    ]);
    for (const [epoch, results] of seen.entries())
      for (const [key, value] of Object.entries(results)) expect(history[key][epoch]).toBe(value);
    expect(bits(model)).toEqual(bits(await fitted(make(0.3), { epochs: 3 })));
  });

  const rename = (name: string, results: Record<string, number>) =>
    Object.fromEntries(Object.entries(results).map(([key, value]) => [`${name}_${key}`, value]));

  it('can be watched by callbacks, also where they come every other epoch', async () => {
    const model = make();
    const stopping = callbacks.earlyStopping({ monitor: 'recent_accuracy', patience: 0, minDelta: 2 });
    const record = await model.fit(x, y, {
      ...quiet,
      epochs: 9,
      validationData: { recent, abroad },
      validationFreq: 2,
      callbacks: stopping,
    });
    expect(record.stopReason).toBe('earlyStopping');
    expect(record.history.recent_accuracy).toHaveLength(2);
    expect(stopping.best).toBe(Math.max(...record.history.recent_accuracy.slice(0, 1)));
    expect(model.metricDirection('recent_accuracy')).toBe('max');
    expect(model.metricDirection('abroad_loss')).toBe('min');
    expect(model.metricDirection('abroad_other')).toBeUndefined();
  });

  it('must be sets, whose results have names of their own', async () => {
    const model = make();
    const fit = (validationData: unknown) => model.fit(x, y, { ...quiet, validationData: validationData as never });
    await expect(fit({ recent: [x] })).rejects.toMatchObject({
      code: 'ERR_VALIDATION_DATA',
      message: expect.stringContaining('recent'),
    });
    await expect(fit({})).rejects.toMatchObject({ code: 'ERR_VALIDATION_DATA' });
    await expect(fit({ recent: [x, x] })).rejects.toThrow('validationData.recent');
    model.compile({ loss: 'mse', metrics: [metrics.meanAbsoluteError({ name: 'recent_loss' })] });
    await expect(fit({ recent })).rejects.toMatchObject({ code: 'ERR_VALIDATION_DATA' });
  });
});

async function fitted(model: Sequential, options: object, from = x, to = y): Promise<Sequential> {
  await model.fit(from, to, { ...quiet, ...options });
  return model;
}

describe('batchSize by epoch', () => {
  const sizes = [7, 20, 64];

  it.each([true, false, 'batch'] as const)('is that of one fit an epoch, shuffle %s', async (shuffle) => {
    const one = await fitted(make(0.2), { shuffle, epochs: 3, batchSize: (epoch: number) => sizes[epoch] });
    const many = make(0.2);
    for (const [epoch, batchSize] of sizes.entries())
      await many.fit(x, y, { ...quiet, shuffle, batchSize, initialEpoch: epoch, epochs: epoch + 1 });
    expect(bits(one)).toEqual(bits(many));
    expect(one.optimizer.iterations).toBe(9 + 3 + 1);
  });

  it('tells the bar of each epoch how long it is', async () => {
    let text = '';
    const stream = {
      write(part: string) {
        text += part;
        return true;
      },
    };
    await make().fit(x, y, {
      epochs: 3,
      batchSize: (epoch) => sizes[epoch] ?? 1,
      callbacks: callbacks.progbarLogger({ stream: stream as never }),
    });
    expect(text.match(/\d+\/\d+ \[/g)).toEqual(['9/9 [', '3/3 [', '1/1 [']);
  });

  it('is refused where it cannot be', async () => {
    const batchSize = () => 8;
    await expect(make().fit(x, y, { ...quiet, batchSize, stepsPerEpoch: 3 })).rejects.toMatchObject({ code: 'ERR_OPTIONS' });
    await expect(make().fit(x, y, { ...quiet, batchSize: () => 1.5 })).rejects.toThrow('batchSize(0)');
    await expect(make().fit((() => []) as never, null, { ...quiet, batchSize })).rejects.toMatchObject({
      code: 'ERR_DATASET_ARGUMENT',
    });
    const stateful = sequential([layers.gru({ units: 2, stateful: true, inputShape: [3, 1] }), layers.dense({ units: 1 })]);
    stateful.compile({ loss: 'mse' });
    await expect(stateful.fit(array(x.data, [N, 3, 1]), y, { ...quiet, batchSize })).rejects.toMatchObject({
      code: 'ERR_STATEFUL',
    });
  });
});

describe("trainingLoss: 'epochEnd'", () => {
  it.each([
    ['arrays', x, y, {}],
    ['arrays with some held out', x, y, { validationSplit: 0.25 }],
    [
      'a dataset',
      () => [
        [x.slice(0, 30), y.slice(0, 30)],
        [x.slice(30, 60), y.slice(30, 60)],
      ],
      null,
      {},
    ],
  ])('is what evaluate says of the data that train: %s', async (_, from, to, more) => {
    const rows = 'validationSplit' in more ? 45 : N;
    const model = make(0.5);
    const wanted: Record<string, number>[] = [];
    const evaluating = {
      async onEpochEnd() {
        wanted.push(await model.evaluate(x.slice(0, rows), y.slice(0, rows), { ...quiet, batchSize: 30, returnDict: true }));
      },
    };
    const options = { ...quiet, epochs: 2, ...(to ? { batchSize: 30 } : {}), ...more };
    const { history } = await model.fit(from as never, to as never, {
      ...options,
      trainingLoss: 'epochEnd',
      callbacks: evaluating,
    });
    expect(history.loss).toEqual(wanted.map((w) => w.loss));
    expect(history.accuracy).toEqual(wanted.map((w) => w.accuracy));
    const running = make(0.5);
    const other = await running.fit(from as never, to as never, options);
    expect(bits(running)).toEqual(bits(model));
    expect(other.history.loss).not.toEqual(history.loss);
    expect(other.history.val_loss).toEqual(history.val_loss);
  });

  it('needs data that can be read again', async () => {
    function* batches() {
      yield [x, y] as const;
    }
    await expect(make().fit(batches() as never, null, { ...quiet, trainingLoss: 'epochEnd' })).rejects.toMatchObject({
      code: 'ERR_DATASET_ARGUMENT',
    });
  });
});

describe('timeLimit', () => {
  const slowly = { onTrainBatchEnd: () => new Promise<void>((resolve) => setTimeout(resolve, 5)) };

  it('ends the training at a batch, whose epoch has its end', async () => {
    const record = await make().fit(x, y, {
      ...quiet,
      epochs: 1000,
      batchSize: 4,
      validationSplit: 0.2,
      timeLimit: 0.2,
      callbacks: slowly,
    });
    expect(record.stopReason).toBe('timeLimit');
    expect(record.epoch.length).toBeLessThan(30);
    expect(record.history.val_loss).toHaveLength(record.epoch.length);
  });

  it('ends many epochs of one call', async () => {
    const record = await make().fit(x, y, { ...quiet, epochs: 1e9, timeLimit: 0.1 });
    expect(record.stopped).toBe('timeLimit');
  });

  it('with checkpoints: the same fit goes on to the bits of one that was not ended', async () => {
    const options = { ...quiet, epochs: 3, batchSize: 4, callbacks: slowly };
    const whole = make(0.3);
    const wanted = await whole.fit(x, y, options);
    let ends = 0;
    for (let i = 0; i < 40; i++) {
      const model = make(0.3);
      const record = await model.fit(x, y, { ...options, timeLimit: 0.07, checkpoint: join(folder, 'limit') });
      if (record.stopReason === 'timeLimit') {
        ends++;
        continue;
      }
      expect(record.history).toEqual(wanted.history);
      expect(bits(model)).toEqual(bits(whole));
      break;
    }
    expect(ends).toBeGreaterThan(0);
    expect(ends).toBeLessThan(40);
  });

  it('is a number of seconds above 0', async () => {
    await expect(make().fit(x, y, { ...quiet, timeLimit: 0 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect((await make(0, optimizers.sgd()).fit(x, y, { ...quiet, timeLimit: 1e9 })).stopReason).toBeNull();
  });
});
