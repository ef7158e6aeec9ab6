import { gatherRows, type Rows, readRows } from '../data/rows.js';
import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, isPlain, readOptions } from '../options.js';
import { nextSeed } from '../random.js';
import { type Fold, groupKFold, kFold, stratifiedKFold } from './folds.js';
import { Records } from './records.js';
import { make, pool, seedOf, type Trainable } from './trainable.js';

/** Options of `crossValidate` but for those of `fit`. */
export interface CrossValidateCommon {
  /** How many parts; each tests once. Default 5. */
  folds?: number;
  /** Whether each fold has the classes of y in the shares that they have in all. Default false. */
  stratified?: boolean;
  /** A name or number a sample: samples of one group are never in both parts. Default none. */
  groups?: ArrayLike<string | number> | null;
  /** Whether samples are dealt to folds at random, by the seed. Default false: neighbours together, as in scikit-learn. */
  shuffle?: boolean;
  /** All that is random follows from it: folds, first weights, orders. Default: one drawn from that of `setRandomSeed`. */
  seed?: number | null;
  /** Models that train side by side. Default 1. */
  parallel?: number;
  /** Weights of the samples, `[samples]`. */
  sampleWeight?: Rows | null;
  /** A folder: folds that are done are not trained again, and one that was killed goes on from its last epoch, to the same bits. Default none. */
  checkpoint?: string | null;
}

/** What one fold came to. */
export interface FoldResult {
  /** Rows that it trained on, and those that it was tested on. */
  train: Uint32Array;
  test: Uint32Array;
  /** Loss and metrics on the rows that it was tested on. */
  scores: Record<string, number>;
  /** The record of its training. */
  history: Record<string, number[]>;
}

/** What `crossValidate` gives. */
export interface CrossValidation {
  /** Loss and metrics, a number a fold. */
  scores: Record<string, number[]>;
  mean: Record<string, number>;
  /** Standard deviations over the folds (of all of them: divided by their number). */
  std: Record<string, number>;
  folds: FoldResult[];
}

type Done = Pick<FoldResult, 'scores' | 'history'>;

function read(given: unknown) {
  const where = 'crossValidate';
  const o = readOptions<Required<CrossValidateCommon> & { fit: object }>(where, given as object | undefined, {
    folds: 5,
    stratified: false,
    groups: null,
    shuffle: false,
    seed: null,
    parallel: 1,
    sampleWeight: null,
    checkpoint: null,
    fit: {},
  });
  if (!isPlain(o.fit)) throw typeError(`${where}: 'fit' must be the options of fit. Received: ${show(o.fit)}`);
  if (o.checkpoint !== null && typeof o.checkpoint !== 'string')
    throw typeError(`${where}: 'checkpoint' must be the path of a folder. Received: ${show(o.checkpoint)}`);
  for (const name of ['checkpoint', 'sampleWeight', 'validationSplit', 'validationData'] as const)
    if (Object.hasOwn(o.fit, name) && (name === 'checkpoint' || name === 'sampleWeight'))
      throw new ValueError(`${where}: '${name}' is an option of its own, not one of 'fit'.`, 'ERR_OPTIONS');
  const seed =
    o.seed === null ? null : checkNumber(where, 'seed', o.seed, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });
  return {
    ...o,
    folds: checkNumber(where, 'folds', o.folds, { min: 2, integer: true }),
    stratified: checkBoolean(where, 'stratified', o.stratified),
    shuffle: checkBoolean(where, 'shuffle', o.shuffle),
    parallel: checkNumber(where, 'parallel', o.parallel, { min: 1, integer: true }),
    seed,
  };
}

/** A word a row that tells its class. */
function classesOf(y: { data: ArrayLike<number | bigint>; length: number }): string[] {
  const size = y.data.length / y.length;
  return Array.from({ length: y.length }, (_, i) => Array.from({ length: size }, (_, k) => y.data[i * size + k]).join());
}

function split(o: ReturnType<typeof read>, y: ReturnType<typeof readRows>, seed: number): Fold[] {
  const count = y.length;
  if (o.folds > count)
    throw new ValueError(`crossValidate: ${o.folds} folds need as many samples. Received: ${count}.`, 'ERR_OUT_OF_RANGE');
  const shuffled = o.shuffle ? seedOf(seed, -2) : null;
  if (o.groups === null) return o.stratified ? stratifiedKFold(classesOf(y), o.folds, shuffled) : kFold(count, o.folds, shuffled);
  if (o.stratified || o.shuffle)
    throw new ValueError("crossValidate: 'groups' goes with neither 'stratified' nor 'shuffle'.", 'ERR_OPTIONS');
  if (o.groups.length !== count)
    throw new ValueError(
      `crossValidate: 'groups' must have one for each of the ${count} samples. Received: ${o.groups.length}.`,
      'ERR_LENGTHS',
    );
  return groupKFold(Array.from(o.groups), o.folds);
}

/** See `crossValidate` of the package. */
export async function crossValidate(
  makeModel: (fold: number) => Trainable | Promise<Trainable>,
  x: Rows,
  y: Rows,
  given?: object,
): Promise<CrossValidation> {
  if (typeof makeModel !== 'function')
    throw typeError(
      `crossValidate: the first argument must be a function that makes a compiled model. Received: ${show(makeModel)}`,
    );
  const o = read(given);
  const [ax, ay] = [readRows('crossValidate: x', x), readRows('crossValidate: y', y)];
  if (ax.length !== ay.length)
    throw new ValueError(
      `crossValidate: x and y must have the same number of samples. Received: ${ax.length} and ${ay.length}. A flat array gets a shape from array(data, [samples, ...]).`,
      'ERR_LENGTHS',
    );
  const weights = o.sampleWeight === null ? null : readRows('crossValidate: sampleWeight', o.sampleWeight);
  const records = new Records('crossValidate', o.checkpoint);
  const { folds: count, stratified, shuffle } = o;
  const plan = { seed: o.seed ?? nextSeed(), count, stratified, shuffle, samples: ax.length };
  const { seed } = records.begin(plan, o);
  const folds = split(o, ay, seed);
  const run = async (index: number): Promise<FoldResult> => {
    const fold = folds[index];
    const name = `fold_${index}`;
    const known = records.read<Done>(name);
    if (known) return { ...fold, ...known };
    const part = (rows: Uint32Array) => ({
      x: gatherRows(ax, rows),
      y: gatherRows(ay, rows),
      sampleWeight: weights && gatherRows(weights, rows),
    });
    const [train, test] = [part(fold.train), part(fold.test)];
    const model = await make(seedOf(seed, index), ax.shape.slice(1), () => makeModel(index));
    try {
      const options = { verbose: 0, ...o.fit, sampleWeight: train.sampleWeight, checkpoint: records.checkpoint(name) ?? null };
      const { history } = await model.fit(train.x, train.y, options);
      const scores = (await model.evaluate(test.x, test.y, {
        verbose: 0,
        returnDict: true,
        sampleWeight: test.sampleWeight,
      })) as Record<string, number>;
      records.write(name, { scores, history });
      return { ...fold, scores, history };
    } finally {
      model.dispose();
    }
  };
  return summarize(await pool(folds.length, o.parallel, run));
}

function summarize(folds: FoldResult[]): CrossValidation {
  const names = Object.keys(folds[0].scores);
  const scores = Object.fromEntries(names.map((name) => [name, folds.map((fold) => fold.scores[name])]));
  const meanOf = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const mean = Object.fromEntries(names.map((name) => [name, meanOf(scores[name])]));
  const std = Object.fromEntries(names.map((name) => [name, Math.sqrt(meanOf(scores[name].map((v) => (v - mean[name]) ** 2)))]));
  return { scores, mean, std, folds };
}
