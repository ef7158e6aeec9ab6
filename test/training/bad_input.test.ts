import { describe, expect, it } from 'vitest';
import { array, layers, type Sequential, sequential } from '../../lib/index.js';

const N = 12;
const x = () => Array.from({ length: N }, (_, i) => [i / N, 1 - i / N, 0.5]);
const y = () => Array.from({ length: N }, (_, i) => i % 2);

function model(loss = 'sparse_categorical_crossentropy'): Sequential {
  const m = sequential([
    layers.dense({ units: 4, activation: 'relu', inputShape: [3] }),
    layers.dense({ units: 2, activation: 'softmax' }),
  ]);
  m.compile({ optimizer: 'sgd', loss, metrics: ['accuracy'] });
  return m;
}

type Attempt = (m: Sequential) => unknown;
const fit =
  (options: object): Attempt =>
  (m) =>
    m.fit(x(), y(), { verbose: 0, ...options });

const detached = () => {
  const a = new Float32Array(3 * N);
  structuredClone(a.buffer, { transfer: [a.buffer] });
  return a;
};

/** Name of the attempt, what is tried, kind of error, and words that the message must hold. */
const attempts: [string, Attempt, string, RegExp][] = [
  [
    'wrong number of features',
    (m) =>
      m.fit(
        [
          [1, 2],
          [3, 4],
        ],
        [0, 1],
        { verbose: 0 },
      ),
    'ValueError',
    /\[null, 3\].*\[2, 2\]|expected/,
  ],
  [
    'ragged nest',
    (m) =>
      m.fit(
        [
          [1, 2, 3],
          [4, 5],
        ],
        [0, 1],
        { verbose: 0 },
      ),
    'ValueError',
    /x/,
  ],
  ['strings', (m) => m.fit([['a' as never, 'b' as never, 'c' as never]], [0], { verbose: 0 }), 'TypeError', /x/],
  ['null in data', (m) => m.fit([[1, null as never, 3]], [0], { verbose: 0 }), 'TypeError', /x/],
  ['detached buffer', (m) => m.fit(detached(), new Float32Array(N), { verbose: 0 }), 'ValueError', /detach|transfer/i],
  [
    'shared buffer',
    (m) => m.fit(new Float32Array(new SharedArrayBuffer(36)), [0, 1, 0], { verbose: 0 }),
    'ValueError',
    /shared/i,
  ],
  ['empty arrays', (m) => m.fit([], [], { verbose: 0 }), 'ValueError', /empty/],
  ['no x', (m) => m.fit(undefined, y(), { verbose: 0 }), 'ValueError', /x/],
  ['no y', (m) => m.fit(x(), undefined, { verbose: 0 }), 'ValueError', /y/],
  ['x and y of different lengths', (m) => m.fit(x(), y().slice(1), { verbose: 0 }), 'ValueError', /12.*11/],
  ['no whole number of samples', (m) => m.fit(new Float32Array(10), [0], { verbose: 0 }), 'ValueError', /10.*3/],
  ['label beyond the classes', (m) => m.fit(x(), y().with(5, 2), { verbose: 0 }), 'ValueError', /sample 5.*2/],
  ['negative label', (m) => m.fit(x(), y().with(0, -1), { verbose: 0 }), 'ValueError', /-1/],
  ['NaN label', (m) => m.fit(x(), y().with(3, Number.NaN), { verbose: 0 }), 'ValueError', /NaN/],
  ['label that is no whole number', (m) => m.fit(x(), y().with(3, 0.5), { verbose: 0 }), 'ValueError', /0.5/],
  ['batchSize 0', fit({ batchSize: 0 }), 'ValueError', /batchSize/],
  ['negative batchSize', fit({ batchSize: -4 }), 'ValueError', /batchSize/],
  ['batchSize that is no whole number', fit({ batchSize: 1.5 }), 'TypeError', /batchSize/],
  ['batchSize of the wrong type', fit({ batchSize: '32' }), 'TypeError', /batchSize/],
  ['epochs 0', fit({ epochs: 0 }), 'ValueError', /epochs/],
  ['epochs NaN', fit({ epochs: Number.NaN }), 'ValueError', /epochs/],
  ['negative initialEpoch', fit({ initialEpoch: -1 }), 'ValueError', /initialEpoch/],
  ['stepsPerEpoch 0', fit({ stepsPerEpoch: 0 }), 'ValueError', /stepsPerEpoch/],
  ['verbose 3', fit({ verbose: 3 }), 'ValueError', /verbose/],
  ['validationSplit 1', fit({ validationSplit: 1 }), 'ValueError', /validationSplit/],
  ['negative validationSplit', fit({ validationSplit: -0.2 }), 'ValueError', /validationSplit/],
  [
    'validationSplit that leaves nothing',
    (m) => m.fit(x().slice(0, 1), [0], { verbose: 0, validationSplit: 0.5 }),
    'ValueError',
    /validationSplit/,
  ],
  ['validationData of four', fit({ validationData: [x(), y(), y(), y()] }), 'ValueError', /validationData/],
  ['validationData of the wrong shape', fit({ validationData: [[[1]], [0]] }), 'ValueError', /validationData/],
  ['validationFreq 0', fit({ validationFreq: 0 }), 'ValueError', /validationFreq/],
  ['validationFreq of the wrong kind', fit({ validationFreq: 'often' }), 'ValueError', /validationFreq/],
  ['shuffle of another word', fit({ shuffle: 'rows' }), 'ValueError', /shuffle.*batch/],
  ['shuffle of the wrong type', fit({ shuffle: 1 }), 'TypeError', /shuffle/],
  ['classWeight with names', fit({ classWeight: { cat: 2 } }), 'ValueError', /classWeight.*cat/],
  ['negative classWeight', fit({ classWeight: { 0: -1 } }), 'ValueError', /classWeight/],
  ['classWeight of the wrong type', fit({ classWeight: [1, 2] }), 'TypeError', /classWeight/],
  ['sampleWeight of the wrong length', fit({ sampleWeight: [1, 2] }), 'ValueError', /sampleWeight/],
  ['sampleWeight of the wrong shape', fit({ sampleWeight: x() }), 'ValueError', /sampleWeight/],
  ['unknown option', fit({ batch_size: 4 }), 'TypeError', /batchSize/],
  ['misspelt option', fit({ ephocs: 4 }), 'TypeError', /epochs/],
  ['callbacks of the wrong type', fit({ callbacks: [42] }), 'TypeError', /42/],
  ['signal of the wrong type', fit({ signal: true }), 'TypeError', /signal/],
  ['unknown input name', (m) => m.fit({ pixels: x() }, y(), { verbose: 0 }), 'ValueError', /pixels/],
  [
    'dataset with batchSize',
    (m) => m.fit(new Set([[x(), y()]]), undefined, { verbose: 0, batchSize: 4 }),
    'ValueError',
    /batchSize/,
  ],
  ['dataset with y', (m) => m.fit(new Set([[x(), y()]]), y(), { verbose: 0 }), 'ValueError', /y/],
  ['dataset with a bad batch', (m) => m.fit(() => [[x(), [7]]], undefined, { verbose: 0 }), 'ValueError', /batch/],
  [
    'dataset without batches',
    (m) =>
      m
        .fit(() => [], undefined, { verbose: 0 })
        .then(
          (h) => h.epoch.length === 0 && Promise.reject(Object.assign(new Error('x: none'), { name: 'ValueError', code: 'ok' })),
        ),
    'ValueError',
    /x/,
  ],
  ['evaluate with an unknown option', (m) => m.evaluate(x(), y(), { batchsize: 3 } as object), 'TypeError', /batchSize/],
  ['predict of nothing', (m) => m.predict(null), 'ValueError', /x/],
  ['predictSync of the wrong width', async (m) => m.predictSync([[1]]), 'ValueError', /3/],
  ['weights of the wrong shape', async (m) => m.setWeights([[1], [2], [3], [4]]), 'ValueError', /kernel/],
  ['too few weights', async (m) => m.setWeights([]), 'ValueError', /4 weights/],
  [
    'trainOnBatch with an unknown option',
    (m) => m.trainOnBatch(x(), y(), { classWeights: {} } as object),
    'TypeError',
    /classWeight/,
  ],
];

describe('bad input is told, and the model works as before', () => {
  for (const [name, attempt, kind, words] of attempts)
    it(name, async () => {
      const m = model();
      const before = m.getWeights().map((w) => Array.from(w.data));
      const error = await Promise.resolve()
        .then(() => attempt(m))
        .then(
          () => undefined,
          (e: Error & { code?: string }) => e,
        );
      expect(error).toMatchObject({ name: kind, code: expect.any(String) });
      expect(error?.message).toMatch(words);
      expect(m.getWeights().map((w) => Array.from(w.data))).toEqual(before);
      expect((await m.fit(x(), y(), { verbose: 0 })).history.loss).toHaveLength(1);
    });
});

describe('calls that come too early', () => {
  const bare = () => sequential([layers.dense({ units: 2, inputShape: [3] })]);
  for (const [name, attempt] of [
    ['fit', (m: Sequential) => m.fit(x(), y())],
    ['evaluate', (m: Sequential) => m.evaluate(x(), y())],
    ['trainOnBatch', (m: Sequential) => m.trainOnBatch(x(), y())],
    ['testOnBatch', async (m: Sequential) => m.testOnBatch(x(), y())],
  ] as const)
    it(`${name} before compile`, async () => {
      await expect(attempt(bare())).rejects.toMatchObject({ name: 'RuntimeError', code: 'ERR_NOT_COMPILED' });
    });

  it('predict works without compile', async () => {
    expect((await bare().predict(x(), { verbose: 0 })).shape).toEqual([N, 2]);
  });

  it('fit without a loss', async () => {
    const m = bare();
    m.compile({ optimizer: 'sgd' });
    await expect(m.fit(x(), y())).rejects.toMatchObject({ name: 'ValueError', code: 'ERR_NO_LOSS' });
  });

  it('a model without layers', async () => {
    const m = sequential([]);
    m.compile({ loss: 'mse' });
    await expect(m.fit(x(), y(), { verbose: 0 })).rejects.toMatchObject({ name: 'ValueError' });
  });
});

describe('parts that do not exist or do not fit', () => {
  const compile = (o: object) => () => model().compile(o);
  for (const [name, attempt, words] of [
    ['optimizer', compile({ optimizer: 'adm', loss: 'mse' }), /adam/i],
    ['loss', compile({ loss: 'binary_crosentropy' }), /binary/i],
    ['metric', compile({ loss: 'mse', metrics: ['acuracy'] }), /accuracy/i],
    ['loss of your own', compile({ loss: { call: () => 0, gradient: () => 0 } }), /not available yet/],
    ['layer', () => sequential([{ className: 'Dens', config: {} }]), /Dense/],
    ['activation', () => layers.dense({ units: 1, activation: 'rellu' }), /relu/],
    ['initializer', () => layers.dense({ units: 1, kernelInitializer: 'glorot' }), /[gG]lorot/],
    ['units', () => layers.dense({ units: 0 }), /units/],
    [
      'same layer twice',
      () => {
        const d = layers.dense({ units: 3, inputShape: [3] });
        return sequential([d, d]);
      },
      /already/,
    ],
    ['same name twice', () => sequential([layers.dense({ units: 3, name: 'a' }), layers.dense({ units: 3, name: 'a' })]), /'a'/],
  ] as const)
    it(name, () => {
      expect(attempt).toThrow(expect.objectContaining({ name: 'ValueError', message: expect.stringMatching(words) }));
    });

  it('a layer that is none', () => {
    expect(() => sequential([42 as never])).toThrow(expect.objectContaining({ name: 'TypeError' }));
    expect(() => sequential([]).pop()).toThrow(expect.objectContaining({ name: 'TypeError' }));
  });

  it('stateful layers with batches of different sizes', async () => {
    const m = sequential([layers.lstm({ units: 2, stateful: true, inputShape: [2, 1] }), layers.dense({ units: 1 })]);
    m.compile({ loss: 'mse' });
    const data = array(new Float32Array(10 * 2), [10, 2, 1]);
    await expect(m.fit(data, new Float32Array(10), { batchSize: 4, verbose: 0 })).rejects.toMatchObject({ code: 'ERR_STATEFUL' });
    expect((await m.fit(data, new Float32Array(10), { batchSize: 5, verbose: 0 })).epoch).toEqual([0]);
  });

  it('embedding ids out of range', async () => {
    const m = sequential([
      layers.embedding({ inputDim: 5, outputDim: 2, inputShape: [3] }),
      layers.globalAveragePooling1D(),
      layers.dense({ units: 1 }),
    ]);
    m.compile({ loss: 'mse' });
    const ids = array(new Int32Array([0, 1, 2, 4, 5, 0]), [2, 3]);
    await expect(m.fit(ids, [0, 1], { verbose: 0 })).rejects.toMatchObject({
      name: 'ValueError',
      message: expect.stringMatching(/is 5/),
    });
    await expect(m.predict(ids)).rejects.toMatchObject({ name: 'ValueError' });
    expect((await m.predict(array(new Int32Array([0, 1, 4]), [1, 3]), { verbose: 0 })).shape).toEqual([1, 1]);
  });
});
