import { expect, test } from 'vitest';
import { array, data, layers, sequential, setRandomSeed, ValueError } from '../../lib/index.js';

const counts = (values: Iterable<number>) => {
  const seen: Record<number, number> = {};
  for (const v of values) seen[v] = (seen[v] ?? 0) + 1;
  return seen;
};
const failure = (run: () => unknown): Error & { code?: string } => {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

test('trainTestSplit keeps each sample with its label, in its element type, once', () => {
  const x = new Uint8Array(40).map((_, i) => i);
  const y = new Int32Array(20).map((_, i) => i);
  const { xTrain, xTest, yTrain, yTest } = data.trainTestSplit(x, y, { seed: 7 });
  expect([xTrain.shape, xTest.shape, yTrain.shape, yTest.shape]).toEqual([[15, 2], [5, 2], [15], [5]]);
  expect([xTrain.dtype, yTest.dtype]).toEqual(['uint8', 'int32']);
  for (const [xs, ys] of [
    [xTrain, yTrain],
    [xTest, yTest],
  ] as const)
    for (let i = 0; i < ys.length; i++) expect([xs.at(i, 0), xs.at(i, 1)]).toEqual([2 * ys.at(i), 2 * ys.at(i) + 1]);
  expect([...yTrain.data, ...yTest.data].sort((a, b) => a - b)).toEqual([...y]);
  expect([...yTrain.data]).not.toEqual([...y.slice(0, 15)]);
});

test('trainTestSplit follows its seed, or else setRandomSeed', () => {
  const split = (seed?: number) => [
    ...data.trainTestSplit(
      new Float32Array(100).map((_, i) => i),
      new Float32Array(100),
      { seed },
    ).xTest.data,
  ];
  expect(split(3)).toEqual(split(3));
  expect(split(3)).not.toEqual(split(4));
  setRandomSeed(5);
  const first = split();
  expect(split()).not.toEqual(first);
  setRandomSeed(5);
  expect(split()).toEqual(first);
});

test('trainTestSplit rounds the test set up, and takes numbers of samples', () => {
  const sizes = (options: object, n = 10) => {
    const { xTrain, xTest } = data.trainTestSplit(new Float32Array(n), new Float32Array(n), options);
    return [xTrain.length, xTest.length];
  };
  // As scikit-learn: ceil(10 * 0.25).
  expect(sizes({})).toEqual([7, 3]);
  expect(sizes({ testSize: 0.2 })).toEqual([8, 2]);
  expect(sizes({ testSize: 4 })).toEqual([6, 4]);
  const { xTrain, xTest } = data.trainTestSplit([1, 2, 3, 4, 5], [[1], [2], [3], [4], [5]], { shuffle: false, testSize: 0.4 });
  expect([xTrain.toArray(), xTest.toArray()]).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
});

test('a stratified split gives each class its share, as scikit-learn counts them', () => {
  // sklearn.utils.extmath._approximate_mode: class_counts [5, 2], 4 draws -> [3, 1]; [4, 2], 3 draws -> [2, 1].
  const y = (a: number, b: number) => Uint8Array.from([...Array(a).fill(0), ...Array(b).fill(1)]);
  for (const seed of [1, 2, 3]) {
    const five = data.trainTestSplit(new Float32Array(7), y(5, 2), { testSize: 3, stratify: true, seed });
    expect([counts(five.yTrain.data), counts(five.yTest.data)]).toEqual([
      { 0: 3, 1: 1 },
      { 0: 2, 1: 1 },
    ]);
    const four = data.trainTestSplit(new Float32Array(6), y(4, 2), { testSize: 3, stratify: true, seed });
    expect(counts(four.yTrain.data)).toEqual({ 0: 2, 1: 1 });
  }
  const oneHot = data.oneHot(y(60, 40));
  const { yTest } = data.trainTestSplit(new Float32Array(300), oneHot, { testSize: 0.1, stratify: true });
  expect([yTest.shape, [...yTest.data].filter((_, i) => i % 2 === 0).reduce((a, b) => a + b)]).toEqual([[10, 2], 6]);
  const { xTest } = data.trainTestSplit(y(60, 40), new Float32Array(100), { testSize: 0.1, stratify: y(60, 40) });
  expect(counts(xTest.data)).toEqual({ 0: 6, 1: 4 });
});

test.each([
  [() => data.trainTestSplit([1, 2, 3], [1, 2]), 'ERR_LENGTHS', /same number of samples.*\[3\] and \[2\]/],
  [() => data.trainTestSplit([1], [1]), 'ERR_OUT_OF_RANGE', /leaves none to train on/],
  [() => data.trainTestSplit([1, 2], [1, 2], { testSize: 2 }), 'ERR_OUT_OF_RANGE', /leaves none/],
  [() => data.trainTestSplit([1, 2], [1, 2], { testSize: 0 }), 'ERR_OUT_OF_RANGE', /'testSize' must be/],
  [() => data.trainTestSplit([1, 2, 3, 4], [0, 0, 0, 1], { stratify: true }), 'ERR_OUT_OF_RANGE', /class 1 has one sample/],
  [
    () => data.trainTestSplit([1, 2, 3, 4], [0, 0, 1, 1], { stratify: true, testSize: 1 }),
    'ERR_OUT_OF_RANGE',
    /2 classes do not fit/,
  ],
  [
    () => data.trainTestSplit([1, 2, 3, 4], [0, 0, 1, 1], { stratify: true, shuffle: false }),
    'ERR_OUT_OF_RANGE',
    /shuffle: false/,
  ],
  [() => data.trainTestSplit([1, 2], [1, 2], { testsize: 1 } as object), 'ERR_UNKNOWN_OPTION', /Did you mean 'testSize'/],
  [() => data.oneHot([0, 3], { classes: 3 }), 'ERR_LABEL', /label 1 is 3\. .*0 to 2/],
  [() => data.oneHot([0, -1]), 'ERR_LABEL', /label 1 is -1/],
  [() => data.oneHot([0.5]), 'ERR_LABEL', /label 0 is 0\.5/],
  [() => data.oneHot([Number.NaN]), 'ERR_LABEL', /label 0 is NaN/],
  [() => data.windows([1, 2, 3], { length: 3 }), 'ERR_SHAPE', /3 steps .*no window of 3 steps with 1/],
  [() => data.windows([1, 2, 3], {} as { length: number }), 'ERR_TYPE', /'length' must be a whole number/],
])('%s: %s', (run, code, message) => {
  expect(failure(run)).toMatchObject({ code, message: expect.stringMatching(message) });
});

test('oneHot: as keras.utils.to_categorical', () => {
  expect(data.oneHot([0, 1, 2, 3], { classes: 4 }).toArray()).toEqual([
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
  ]);
  expect(data.oneHot([[1], [0]]).toArray()).toEqual([
    [0, 1],
    [1, 0],
  ]);
  expect(data.oneHot(array(new BigInt64Array([0n, 1n, 2n, 1n]), [2, 2])).shape).toEqual([2, 2, 3]);
});

test('windows hold the steps, and what follows them', () => {
  const series = new Uint8Array(10).map((_, i) => i);
  const { x, y } = data.windows(series, { length: 3, horizon: 2, stride: 3 });
  expect(x.toArray()).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ]);
  expect(y.toArray()).toEqual([
    [3, 4],
    [6, 7],
  ]);
  expect(x.dtype).toBe('uint8');
  const two = data.windows(
    array(
      Float64Array.from({ length: 8 }, (_, i) => i),
      [4, 2],
    ),
    { length: 2 },
  );
  expect(two.x.toArray()).toEqual([
    [
      [0, 1],
      [2, 3],
    ],
    [
      [2, 3],
      [4, 5],
    ],
  ]);
  expect(two.y.toArray()).toEqual([[[4, 5]], [[6, 7]]]);
});

test('windows of one series train a recurrent layer as they are', async () => {
  const { x, y } = data.windows(
    Float32Array.from({ length: 40 }, (_, i) => Math.sin(i)),
    { length: 8, horizon: 2 },
  );
  const model = sequential([layers.simpleRNN({ units: 3, inputShape: [8, 1] }), layers.dense({ units: 2 })]);
  model.compile({ loss: 'mse' });
  const { history } = await model.fit(x, y, { verbose: 0 });
  expect(history.loss[0]).toBeGreaterThan(0);
});

// Weights of scikit-learn: n_samples / (n_classes * np.bincount(y)).
test.each([
  ['class numbers', [0, 0, 0, 0, 1, 1, 2], { 0: 7 / 12, 1: 7 / 6, 2: 7 / 3 }],
  [
    'one-hot labels',
    [0, 0, 0, 0, 1, 1, 2].map((c) => [0, 1, 2].map((k) => (k === c ? 1 : 0))),
    { 0: 7 / 12, 1: 7 / 6, 2: 7 / 3 },
  ],
  ['labels 0 and 1', [0, 0, 0, 0, 0, 1, 1], { 0: 0.7, 1: 1.75 }],
])("classWeight 'balanced' of %s", async (kind, y, weights) => {
  const x = [1, 2, 3, 4, 5, 6, 7].map((v) => [v / 7, 1 - v / 5]);
  const train = async (classWeight: unknown) => {
    setRandomSeed(1);
    const binary = kind === 'labels 0 and 1';
    const model = sequential([
      layers.dense({ units: binary ? 1 : 3, activation: binary ? 'sigmoid' : 'softmax', inputShape: [2] }),
    ]);
    const loss = binary
      ? 'binary_crossentropy'
      : Array.isArray(y[0])
        ? 'categorical_crossentropy'
        : 'sparse_categorical_crossentropy';
    model.compile({ optimizer: 'sgd', loss });
    const { history } = await model.fit(x, y, { verbose: 0, epochs: 2, batchSize: 3, classWeight: classWeight as never });
    return history.loss;
  };
  expect(await train('balanced')).toEqual(await train(weights));
  expect(await train('balanced')).not.toEqual(await train(null));
});

test("classWeight 'balanced' counts the rows that train", async () => {
  const x = Array.from({ length: 10 }, (_, i) => [i / 10]);
  const y = [0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
  const train = async (classWeight: unknown) => {
    setRandomSeed(1);
    const model = sequential([layers.dense({ units: 1, activation: 'sigmoid', inputShape: [1] })]);
    model.compile({ optimizer: 'sgd', loss: 'binary_crossentropy' });
    return (await model.fit(x, y, { verbose: 0, validationSplit: 0.4, classWeight: classWeight as never })).history;
  };
  expect(await train('balanced')).toEqual(await train({ 0: 6 / 8, 1: 6 / 4 }));
});

test("classWeight 'balanced' is refused where there are no classes, and where not all labels are there", async () => {
  const model = sequential([layers.dense({ units: 1, inputShape: [1] })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const options = { verbose: 0, classWeight: 'balanced' } as const;
  const refused = { code: 'ERR_CLASS_WEIGHT' };
  await expect(model.fit([[1], [2]], [0.5, 1], options)).rejects.toMatchObject(refused);
  await expect(model.fit(() => [[array([[1]]), array([[1]])]], null, options)).rejects.toMatchObject(refused);
  await expect(model.trainOnBatch([[1]], [1], { classWeight: 'balanced' as never })).rejects.toBeInstanceOf(ValueError);
});
