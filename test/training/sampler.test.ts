import { describe, expect, it } from 'vitest';
import {
  array,
  callbacks,
  layers,
  type NDArray,
  type Sampler,
  type Sequential,
  sequential,
  setRandomSeed,
} from '../../lib/index.js';

const N = 100;
const quiet = { verbose: 0 } as const;
/** Of three classes, 70, 20 and 10 of each. */
const labels = Int32Array.from({ length: N }, (_, i) => (i % 10 < 7 ? 0 : i % 10 < 9 ? 1 : 2));
/** Each sample is its number. */
const ids = array(
  Float32Array.from({ length: N }, (_, i) => i),
  [N, 1],
);

/** A model whose batches can be seen: it has one weight a sample, and a step of SGD moves those of the batch. */
function seeing() {
  setRandomSeed(1);
  const model = sequential([
    layers.embedding({ inputDim: N, outputDim: 3, embeddingsInitializer: 'zeros', inputShape: [1] }),
    layers.flatten(),
  ]);
  model.compile({ optimizer: { className: 'SGD', config: { learningRate: 1 } } as never, loss: 'mse' });
  return model;
}

/** How often each sample was drawn, batch by batch. */
async function drawn(options: object, epochs = 1, y = labels): Promise<number[][]> {
  const model = seeing();
  const targets = array(
    Float32Array.from({ length: 3 * N }, (_, i) => (y[Math.floor(i / 3)] === i % 3 ? 1 : 0)),
    [N, 3],
  );
  const batches: number[][] = [];
  await model.fit(ids, targets, {
    ...quiet,
    epochs,
    batchSize: 10,
    ...options,
    callbacks: {
      onTrainBatchEnd() {
        const now = model.getWeights()[0].data as Float32Array;
        const seen: number[] = [];
        // Of mse over 3 outputs the step is 2 / (3 * rows) for each time that a sample comes.
        const moved = Array.from({ length: N }, (_, row) => now[3 * row + (y[row] as number)]);
        const one = Math.min(...moved.filter((m) => m > 0));
        moved.forEach((m, row) => {
          for (let k = 0; k < Math.round(m / one); k++) seen.push(row);
        });
        model.setWeights([new Float32Array(3 * N)]);
        batches.push(seen);
      },
    },
  });
  return batches;
}

describe("sampler 'balanced'", () => {
  it('gives batches that have all classes alike, and all samples of a class equally often', async () => {
    const batches = await drawn({ sampler: 'balanced' }, 3);
    expect(batches).toHaveLength(30);
    for (const rows of batches) {
      const counts = [0, 0, 0];
      for (const row of rows) counts[labels[row] as number]++;
      expect(rows).toHaveLength(10);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
    for (let epoch = 0; epoch < 3; epoch++) {
      const times = new Map<number, number>();
      for (const row of batches.slice(10 * epoch, 10 * epoch + 10).flat()) times.set(row, (times.get(row) ?? 0) + 1);
      for (const label of [0, 1, 2]) {
        const own = [...labels.keys()].filter((row) => labels[row] === label).map((row) => times.get(row) ?? 0);
        expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1);
      }
    }
    // Another order each epoch.
    expect(batches[0]).not.toEqual(batches[10]);
  });

  it('draws from the samples that train alone', async () => {
    const batches = await drawn({ sampler: 'balanced', validationSplit: 0.3 });
    expect(batches).toHaveLength(7);
    expect(Math.max(...batches.flat())).toBeLessThan(70);
  });
});

describe('sampler with weights', () => {
  const weights = Float32Array.from({ length: N }, (_, i) => (i % 4 === 0 ? 0 : i % 4));

  it('draws in proportion to them', async () => {
    const model = sequential([layers.dense({ units: 1, inputShape: [1] })]);
    model.compile({ loss: 'mse' });
    const rows = (await drawn({ sampler: { weights }, batchSize: 10 }, 100)).flat();
    expect(rows).toHaveLength(100 * N);
    const counts = [0, 0, 0, 0];
    for (const row of rows) counts[row % 4]++;
    expect(counts[0]).toBe(0);
    // Binomial, of 10,000: five standard deviations.
    for (const k of [1, 2, 3])
      expect(Math.abs(counts[k] - (10_000 * k) / 6)).toBeLessThan(5 * Math.sqrt(10_000 * (k / 6) * (1 - k / 6)));
  });

  it('without replacement: each that can come comes once, the heavier sooner', async () => {
    const all = (await drawn({ sampler: { weights, replacement: false } })).flat();
    expect([...all].sort((a, b) => a - b)).toEqual([...labels.keys()].filter((i) => weights[i] > 0));
    const first = (await drawn({ sampler: { weights, replacement: false, samples: 30 } }, 60)).flat();
    expect(first).toHaveLength(60 * 30);
    const share = (k: number) => first.filter((row) => row % 4 === k).length / first.length;
    expect(share(3)).toBeGreaterThan(share(2));
    expect(share(2)).toBeGreaterThan(share(1));
  });

  it('takes as many as it is told', async () => {
    expect((await drawn({ sampler: { weights, samples: 25 } })).map((rows) => rows.length)).toEqual(
      [10, 10, 8].map((n, i) => (i === 2 ? expect.any(Number) : n)),
    );
    const params: unknown[] = [];
    const asking = {
      onTrainBegin: function (this: { params: unknown }) {
        params.push(this.params);
      },
    };
    await seeing().fit(ids, new Float32Array(3 * N), {
      ...quiet,
      batchSize: 10,
      sampler: { weights, samples: 25 },
      callbacks: asking as never,
    });
    expect(params[0]).toMatchObject({ samples: 25, steps: 3 });
  });
});

describe('a sampler is refused', () => {
  const fit = (options: { sampler: unknown }) => seeing().fit(ids, new Float32Array(3 * N), { ...quiet, ...options } as never);
  it.each<[string, object, string]>([
    ['another word', { sampler: 'rare' }, 'balanced'],
    ['too few weights', { sampler: { weights: [1, 2] } }, '100 samples'],
    ['a negative weight', { sampler: { weights: labels.map((l) => l - 1) } }, 'at least 0'],
    ['no weight above 0', { sampler: { weights: new Float32Array(N) } }, 'can draw 0'],
    ['more than there are', { sampler: { weights: labels, replacement: false, samples: 31 } }, 'without replacement'],
    ['labels that are no classes', { sampler: 'balanced' }, 'one-hot'],
    ['shuffle false', { sampler: { weights: labels }, shuffle: false }, 'shuffle'],
    ['stepsPerEpoch', { sampler: { weights: labels }, stepsPerEpoch: 2 }, 'stepsPerEpoch'],
    ['an unknown option', { sampler: { weight: labels } }, "Did you mean 'weights'"],
  ])('%s', async (_, options, message) => {
    await expect(fit(options as never)).rejects.toThrow(message);
  });
  it('beside a dataset', async () => {
    await expect(seeing().fit((() => []) as never, null, { ...quiet, sampler: 'balanced' })).rejects.toMatchObject({
      code: 'ERR_DATASET_ARGUMENT',
    });
  });
  it('and takes its types', () => {
    const given: Sampler[] = ['balanced', { weights: [1, 2] }, { weights: new Float32Array(2), samples: 3, replacement: false }];
    expect(given).toHaveLength(3);
  });
});

describe('evaluate with perSample', () => {
  const x = array(
    Float32Array.from({ length: 50 * 4 }, (_, i) => Math.sin(i)),
    [50, 4],
  );
  const y = array(
    Float32Array.from({ length: 50 * 3 }, (_, i) => Math.cos(i)),
    [50, 3],
  );
  function model(loss = 'mse', activation?: string): Sequential {
    setRandomSeed(2);
    const m = sequential([
      layers.dense({ units: 8, activation: 'relu', kernelRegularizer: 'l2', inputShape: [4] }),
      layers.dense({ units: 3, activation: activation as 'softmax' }),
    ]);
    m.compile({ loss: loss as 'mse' });
    return m;
  }
  const mse = (p: NDArray, row: number) => {
    let sum = 0;
    for (let k = 0; k < 3; k++) sum += ((p.at(row, k) as number) - (y.at(row, k) as number)) ** 2;
    return sum / 3;
  };

  it.each([
    ['arrays', x, y],
    ['a dataset', () => [0, 7, 14, 21, 28, 35, 42, 49].map((i) => [x.slice(i, i + 7), y.slice(i, i + 7)]), null],
  ])('gives the loss of each sample, without weights and penalties: %s', async (_, from, to) => {
    const m = model();
    const losses = await m.evaluate(from as never, to as never, { ...quiet, perSample: true });
    const p = await m.predict(x, quiet);
    expect(losses.shape).toEqual([50]);
    for (let row = 0; row < 50; row++) expect(losses.at(row)).toBeCloseTo(mse(p, row), 5);
    if (to) {
      const weighted = await m.evaluate(x, y, {
        ...quiet,
        perSample: true,
        sampleWeight: x.data.slice(0, 50) as never,
        steps: 1,
        batchSize: 20,
      });
      expect([...(weighted.data as Float32Array)]).toEqual([...(losses.data as Float32Array).slice(0, 20)]);
    }
  });

  it('of a loss that reads logits', async () => {
    const m = model('sparse_categorical_crossentropy', 'softmax');
    const classes = Int32Array.from({ length: 50 }, (_, i) => i % 3);
    const losses = await m.evaluate(x, classes, { ...quiet, perSample: true });
    const p = await m.predict(x, quiet);
    for (let row = 0; row < 50; row++) expect(losses.at(row)).toBeCloseTo(-Math.log(p.at(row, row % 3) as number), 4);
  });

  it('of each step, 0 where a mask leaves one out; also where hooks hear of each batch', async () => {
    const m = sequential([layers.masking({ inputShape: [3, 2] }), layers.simpleRNN({ units: 2, returnSequences: true })]);
    m.compile({ loss: 'mae' });
    const sequences = Float32Array.from({ length: 5 * 6 }, (_, i) => (i % 6 > 3 ? 0 : 1 + i));
    const targets = Float32Array.from({ length: 5 * 6 }, () => 2);
    const losses = await m.evaluate(array(sequences, [5, 3, 2]), array(targets, [5, 3, 2]), {
      ...quiet,
      batchSize: 2,
      perSample: true,
      callbacks: callbacks.lambdaCallback({ onTestBatchEnd() {} } as never),
    });
    expect(losses.shape).toEqual([5, 3]);
    for (let row = 0; row < 5; row++) {
      expect(losses.at(row, 2)).toBe(0);
      expect(losses.at(row, 0)).toBeGreaterThan(0.9);
    }
  });

  it('is refused where there is none', async () => {
    const m = model();
    await expect(m.evaluate(x, y, { ...quiet, perSample: true, returnDict: true } as never)).rejects.toMatchObject({
      code: 'ERR_OPTIONS',
    });
    m.compile({ metrics: ['mae'] });
    await expect(m.evaluate(x, y, { ...quiet, perSample: true })).rejects.toMatchObject({ code: 'ERR_NO_LOSS' });
  });
});
