import { describe, expect, it } from 'vitest';
import { array, layers, type Sequential, sequential, setRandomSeed } from '../../lib/index.js';

const x = array(
  Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
  [4, 3],
);
const y = array(
  Float32Array.from({ length: 8 }, (_, i) => Math.cos(i)),
  [4, 2],
);
const other = array(
  Float32Array.from({ length: 8 }, (_, i) => Math.cos(i)),
  [4, 2],
);

const stacks: [string, () => Sequential][] = [
  ['a dense layer', () => sequential([layers.dense({ units: 2 })])],
  [
    'layers with moving statistics, noise and a layer inside',
    () =>
      sequential([
        layers.batchNormalization(),
        layers.dropout({ rate: 0.5 }),
        layers.reshape({ targetShape: [-1, 1] }),
        layers.bidirectional({ layer: layers.lstm({ units: 3 }) }),
        layers.dense({ units: 2 }),
      ]),
  ],
  [
    'a model inside',
    () => sequential([sequential([layers.dense({ units: 4 }), layers.layerNormalization()]), layers.dense({ units: 2 })]),
  ],
];

const attempts: [string, (model: Sequential) => Promise<unknown>][] = [
  ['y is missing', (m) => m.fit(other, undefined, { verbose: 0 })],
  ['y has another width', (m) => m.fit(other, [[1], [2], [3], [4]], { verbose: 0 })],
  ['y has another length', (m) => m.fit(other, y.slice(0, 3), { verbose: 0 })],
  ['weights of another length', (m) => m.fit(other, y, { verbose: 0, sampleWeight: [1, 2] })],
  ['no callback', (m) => m.fit(other, y, { verbose: 0, callbacks: 7 as never })],
  ['validation data that do not fit', (m) => m.fit(other, y, { verbose: 0, validationData: [x, y] })],
  ['a split that leaves nothing', (m) => m.fit(other, y, { verbose: 0, validationSplit: 0.99 })],
  ['class weights that are none', (m) => m.fit(other, y, { verbose: 0, classWeight: { a: 1 } as never })],
  ['a signal that has come already', (m) => m.fit(other, y, { verbose: 0, signal: AbortSignal.abort() })],
  ['a batch without y', (m) => m.fit(() => [[other]], null, { verbose: 0 })],
  ['a batch of another width', (m) => m.fit(() => [[other, [[1], [2], [3], [4]]]], null, { verbose: 0 })],
  ['trainOnBatch without y', (m) => m.trainOnBatch(other, undefined)],
  ['trainOnBatch with class weights that are none', (m) => m.trainOnBatch(other, y, { classWeight: { a: 1 } as never })],
  [
    'NaN in y',
    (m) =>
      m.fit(
        other,
        [
          [1, 2],
          [3, 4],
          [5, 6],
          [7, Number.NaN],
        ],
        { verbose: 0 },
      ),
  ],
  ['NaN in a batch', (m) => m.fit(() => [[[[1, Number.NaN]], [[1, 2]]]], null, { verbose: 0 })],
  ['trainOnBatch with NaN', (m) => m.trainOnBatch([[1, Number.NaN]], [[1, 2]])],
  ['evaluate without y', (m) => m.evaluate(other, undefined, { verbose: 0 })],
  ['predict of strings', (m) => m.predict([['a' as never, 'b' as never]], { verbose: 0 })],
];

/** What a training comes to, after something else. */
async function trained(make: () => Sequential, before?: (model: Sequential) => Promise<unknown>) {
  setRandomSeed(5);
  const model = make();
  model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  const names = () => model.layers.map((l) => l.name);
  const named = names();
  if (before) {
    await expect(before(model)).rejects.toThrow();
    expect(model.built).toBe(false);
    expect(model.inputShape).toBeNull();
    expect(model.weights).toEqual([]);
    expect(model.layers.every((l) => l.weights.length === 0)).toBe(true);
    expect(names()).toEqual(named);
    // A dataset tells only when it is read, when the training has begun.
    expect(model.history?.epoch ?? []).toEqual([]);
    expect(model.optimizer.iterations).toBe(0);
  }
  const { history } = await model.fit(x, y, { verbose: 0, epochs: 2, batchSize: 2 });
  return {
    history,
    weights: model.getWeights().map((w) => [...w.data]),
    next: sequential([layers.dense({ units: 2, inputShape: [2] })]).getWeights()[0].data,
  };
}

describe.each(stacks)('a fit that is refused leaves no trace in a model that was not built: %s', (_, make) => {
  it.each(attempts)('%s', async (__, attempt) => {
    expect(await trained(make, attempt)).toEqual(await trained(make));
  });
});

describe('a fit that is refused', () => {
  it('leaves the results of the next of a model that is built', async () => {
    const make = () => {
      setRandomSeed(5);
      const model = sequential([layers.dense({ units: 2, inputShape: [3] }), layers.dropout({ rate: 0.5 })]);
      model.compile({ optimizer: 'adam', loss: 'mse' });
      return model;
    };
    const [tried, other] = [make(), make()];
    const o = { verbose: 0, batchSize: 1 } as const;
    await tried.fit(x, y, o);
    await other.fit(x, y, o);
    for (const attempt of [{ validationData: [x, [[1]]] }, { callbacks: 7 }, { epochs: 0 }, { validationSplit: 0.99 }])
      await expect(tried.fit(x, y, { ...o, ...(attempt as object) })).rejects.toThrow();
    expect((await tried.fit(x, y, o)).history).toEqual((await other.fit(x, y, o)).history);
  });

  it('leaves the width that data told', async () => {
    const model = sequential([layers.upSampling1D({ size: 2, inputShape: [null, 2] }), layers.permute({ dims: [2, 1] })]);
    model.compile({ loss: 'mse' });
    const ones = (...shape: number[]) => array(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1), shape);
    const loss = await model.evaluate(ones(2, 3, 2), ones(2, 2, 6), { verbose: 0 });
    await expect(model.evaluate(ones(2, 4, 2), ones(2, 2, 5), { verbose: 0 })).rejects.toThrow();
    expect(await model.evaluate(ones(2, 3, 2), ones(2, 2, 6), { verbose: 0 })).toBe(loss);
  });
});
