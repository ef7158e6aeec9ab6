import { addon } from '../engine/addon.js';
import { ValueError } from '../errors.js';
import { checkBoolean, checkNumber, readOptions } from '../options.js';
import { nextSeed } from '../random.js';
import { shapeText } from '../shapes.js';
import type { TypedArray } from './elements.js';
import { NDArray } from './ndarray.js';
import { gatherRows, type Rows, readRows } from './rows.js';

/** Options of `data.trainTestSplit`. */
export interface SplitOptions {
  /** Below 1 the share of the samples that go into the test set, rounded up; from 1 on their number. Default 0.25. */
  testSize?: number;
  /** Of the shuffle, a whole number. Default: the next one after `setRandomSeed`. */
  seed?: number | null;
  /** true: each class of `y` has the same share of both sets. Or labels to go by, one a sample. Default false. */
  stratify?: boolean | Rows<TypedArray>;
  /** false: the last samples are the test set. Default true. */
  shuffle?: boolean;
}

/** What `data.trainTestSplit` gives. */
export interface Split<X extends TypedArray, Y extends TypedArray> {
  xTrain: NDArray<X>;
  xTest: NDArray<X>;
  yTrain: NDArray<Y>;
  yTest: NDArray<Y>;
}

/**
 * Cuts samples and labels into a training and a test set, each sample with its label, as scikit-learn's `train_test_split` does. The element types stay.
 * A flat typed array is cut into as many samples as the other one has.
 * @example
 * const { xTrain, xTest, yTrain, yTest } = data.trainTestSplit(x, y, { testSize: 0.2, seed: 1, stratify: true });
 * await model.fit(xTrain, yTrain, { epochs: 2 });
 * await model.evaluate(xTest, yTest);
 */
export function trainTestSplit<X extends TypedArray = Float32Array, Y extends TypedArray = Float32Array>(
  x: Rows<X>,
  y: Rows<Y>,
  options?: SplitOptions,
): Split<X, Y> {
  const where = 'trainTestSplit';
  const o = readOptions<Required<SplitOptions>>(where, options, { testSize: 0.25, seed: null, stratify: false, shuffle: true });
  const shuffle = checkBoolean(where, 'shuffle', o.shuffle);
  const testSize = checkNumber(where, 'testSize', o.testSize, { above: 0, integer: !(Number(o.testSize) < 1) });
  const given =
    o.seed === null ? null : checkNumber(where, 'seed', o.seed, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });
  const [ax, ay] = pair(
    where,
    readRows(`${where}: 'x'`, x),
    readRows(`${where}: 'y'`, y),
    ArrayBuffer.isView(x),
    ArrayBuffer.isView(y),
  );
  const count = ax.length;
  const test = testSize < 1 ? Math.ceil(testSize * count) : testSize;
  if (test >= count)
    throw new ValueError(
      `${where}: 'testSize' ${o.testSize} of ${count} samples leaves none to train on. Use a smaller one, or more samples.`,
      'ERR_OUT_OF_RANGE',
    );
  const strata = readStrata(where, o.stratify, ay);
  if (!shuffle) {
    if (strata)
      throw new ValueError(
        `${where}: 'stratify' does not go with shuffle: false, which takes the last samples.`,
        'ERR_OUT_OF_RANGE',
      );
    const train = count - test;
    return { xTrain: ax.slice(0, train), xTest: ax.slice(train), yTrain: ay.slice(0, train), yTest: ay.slice(train) };
  }
  const seed = given ?? nextSeed();
  const order = permutation(seed, count);
  const [trainRows, testRows] = strata ? stratified(where, strata, order, test) : [order.subarray(test), order.subarray(0, test)];
  return {
    xTrain: gatherRows(ax, trainRows),
    xTest: gatherRows(ax, testRows),
    yTrain: gatherRows(ay, trainRows),
    yTest: gatherRows(ay, testRows),
  };
}

/** Both with the same number of samples: a bare array, which has no shape of its own, is cut as the other one says. */
function pair<X extends TypedArray, Y extends TypedArray>(
  where: string,
  x: NDArray<X>,
  y: NDArray<Y>,
  bareX: boolean,
  bareY: boolean,
): [NDArray<X>, NDArray<Y>] {
  const cut = <T extends TypedArray>(flat: NDArray<T>, rows: number) => new NDArray(flat.data, [rows, flat.length / rows]);
  if (x.length === y.length) return [x, y];
  if (bareX && x.length % y.length === 0) return [cut(x, y.length), y];
  if (bareY && y.length % x.length === 0) return [x, cut(y, x.length)];
  throw new ValueError(
    `${where}: x and y must have the same number of samples. Received: shapes ${shapeText(x.shape)} and ${shapeText(y.shape)}. A flat array gets a shape from array(data, [samples, ...]).`,
    'ERR_LENGTHS',
  );
}

/** For each sample a word that tells its class. */
function readStrata(where: string, given: SplitOptions['stratify'], y: NDArray<TypedArray>): string[] | null {
  if (given === false || given === null || given === undefined) return null;
  const labels = given === true ? y : readRows(`${where}: 'stratify'`, given);
  if (labels.length !== y.length)
    throw new ValueError(
      `${where}: 'stratify' must have a label for each of the ${y.length} samples. Received: shape ${shapeText(labels.shape)}`,
      'ERR_LENGTHS',
    );
  const size = labels.size / labels.length;
  return Array.from({ length: labels.length }, (_, i) => labels.data.subarray(i * size, (i + 1) * size).join());
}

/** Rows to train on and to test on: of each class its share, the largest remainders rounded up, as in scikit-learn. */
function stratified(where: string, strata: readonly string[], order: Uint32Array, test: number): [Uint32Array, Uint32Array] {
  const classes = new Map<string, number[]>();
  // In the order of the classes' first samples, so that ties fall alike for every seed.
  for (const name of strata) if (!classes.has(name)) classes.set(name, []);
  for (const row of order) classes.get(strata[row])!.push(row);
  const count = strata.length;
  const few = [...classes].find(([, rows]) => rows.length < 2);
  if (few || classes.size > Math.min(test, count - test))
    throw new ValueError(
      few
        ? `${where}: class ${few[0]} has one sample only, which cannot be in both sets. Leave it out, or do without 'stratify'.`
        : `${where}: ${classes.size} classes do not fit into sets of ${count - test} and ${test} samples. Choose another 'testSize', or do without 'stratify'.`,
      'ERR_OUT_OF_RANGE',
    );
  const shares = [...classes.values()].map((rows) => (rows.length / count) * (count - test));
  const take = shares.map(Math.floor);
  const left = count - test - take.reduce((n, t) => n + t, 0);
  const byRemainder = shares.map((share, i) => [share - take[i], i]).sort(([a, i], [b, j]) => b - a || i - j);
  for (const [, i] of byRemainder.slice(0, left)) take[i]++;
  const isTrain = new Uint8Array(count);
  [...classes.values()].forEach((rows, i) => {
    for (const row of rows.slice(0, take[i])) isTrain[row] = 1;
  });
  return [order.filter((row) => isTrain[row] === 1), order.filter((row) => isTrain[row] === 0)];
}

/** 0 to count - 1 in an order that follows from the seed: Fisher-Yates, with 48 random bits for each exchange. */
export function permutation(seed: number, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const random = new Float32Array(2 * count);
  addon.randomFill('uniform', seed, random, 0, 1);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((random[2 * i] + random[2 * i + 1] * 2 ** -24) * (i + 1)) % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
