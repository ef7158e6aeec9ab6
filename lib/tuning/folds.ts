import { permutation } from '../data/train_test_split.js';
import { ValueError } from '../errors.js';

/** Rows that a fold trains on, and those that it is tested on. */
export interface Fold {
  train: Uint32Array;
  test: Uint32Array;
}

/** The folds, where each row has the number of the one that tests it. */
function foldsOf(testedIn: Uint32Array, folds: number): Fold[] {
  const rows = Uint32Array.from(testedIn.keys());
  return Array.from({ length: folds }, (_, k) => ({
    train: rows.filter((row) => testedIn[row] !== k),
    test: rows.filter((row) => testedIn[row] === k),
  }));
}

/** As scikit-learn's KFold: neighbours together, the first folds one larger where it does not divide. */
export function kFold(count: number, folds: number, seed: number | null): Fold[] {
  const order = seed === null ? Uint32Array.from({ length: count }, (_, i) => i) : permutation(seed, count);
  const testedIn = new Uint32Array(count);
  let at = 0;
  for (let k = 0; k < folds; k++) {
    const size = Math.floor(count / folds) + (k < count % folds ? 1 : 0);
    for (let i = 0; i < size; i++) testedIn[order[at++]] = k;
  }
  return foldsOf(testedIn, folds);
}

/** As scikit-learn's StratifiedKFold: each fold has of each class its share, within one. */
export function stratifiedKFold(labels: readonly (string | number)[], folds: number, seed: number | null): Fold[] {
  // Classes by where they occur first.
  const numbers = new Map<string | number, number>();
  for (const label of labels) if (!numbers.has(label)) numbers.set(label, numbers.size);
  const classes = labels.map((label) => numbers.get(label) as number);
  const sizes = new Uint32Array(numbers.size);
  for (const c of classes) sizes[c]++;
  if (Math.max(...sizes) < folds)
    throw new ValueError(
      `crossValidate: 'stratified' needs a class with at least as many samples as there are folds, ${folds}. Received: ${Math.max(...sizes)} at most.`,
      'ERR_OUT_OF_RANGE',
    );
  const sorted = [...classes].sort((a, b) => a - b);
  const shares = Array.from({ length: folds }, (_, k) => {
    const share = new Uint32Array(sizes.length);
    for (let i = k; i < sorted.length; i += folds) share[sorted[i]]++;
    return share;
  });
  const testedIn = new Uint32Array(labels.length);
  for (let c = 0; c < sizes.length; c++) {
    const own = shares.flatMap((share, k) => Array<number>(share[c]).fill(k));
    const order = seed === null ? null : permutation((seed + c + 1) % Number.MAX_SAFE_INTEGER, own.length);
    let at = 0;
    for (const [row, of] of classes.entries()) if (of === c) testedIn[row] = own[order ? order[at++] : at++];
  }
  return foldsOf(testedIn, folds);
}

/** As scikit-learn's GroupKFold: no group is in two folds; the largest groups are dealt first, each to the fold that has the fewest samples. */
export function groupKFold(groups: readonly (string | number)[], folds: number): Fold[] {
  const names = [...new Set(groups)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  if (names.length < folds)
    throw new ValueError(
      `crossValidate: 'groups' has ${names.length} groups, too few for ${folds} folds, of which each tests at least one.`,
      'ERR_OUT_OF_RANGE',
    );
  const place = new Map(names.map((name, i) => [name, i]));
  const sizes = new Uint32Array(names.length);
  for (const group of groups) sizes[place.get(group) as number]++;
  const order = [...names.keys()].sort((a, b) => sizes[a] - sizes[b] || a - b).reverse();
  const loads = new Uint32Array(folds);
  const foldOf = new Uint32Array(names.length);
  for (const group of order) {
    const lightest = loads.indexOf(Math.min(...loads));
    loads[lightest] += sizes[group];
    foldOf[group] = lightest;
  }
  return foldsOf(
    Uint32Array.from(groups, (group) => foldOf[place.get(group) as number]),
    folds,
  );
}
