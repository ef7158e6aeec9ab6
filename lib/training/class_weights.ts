import type { Tensor } from '../data/convert.js';
import { show, typeError, ValueError } from '../errors.js';
import type { Shape } from '../layers/layer.js';
import { isPlain } from '../options.js';
import { sizeOf } from '../shapes.js';
import { warnOnce } from '../warnings.js';
import { rowSize, type Samples } from './samples.js';

export interface ClassWeights {
  classes: number[];
  weights: number[];
}

/** Option `classWeight`, checked. What 'balanced' means is known once the samples are. */
export type ClassWeighting = ClassWeights | 'balanced' | null;

/** `{ 0: 1, 1: 5 }`: keys are classes, values finite numbers of at least 0. Or 'balanced'. */
export function readClassWeight(given: unknown): ClassWeighting {
  if (given === null || given === undefined) return null;
  if (given === 'balanced') return given;
  const entries = given instanceof Map ? [...given] : isPlain(given) ? Object.entries(given) : null;
  if (!entries) throw typeError(`classWeight must be an object such as { 0: 1, 1: 5 }, or 'balanced'. Received: ${show(given)}`);
  const out: ClassWeights = { classes: [], weights: [] };
  for (const [key, weight] of entries) {
    const c = Number(key);
    if (!Number.isInteger(c) || (typeof key === 'string' && key.trim() === ''))
      throw new ValueError(`classWeight: the keys are classes, whole numbers. Received key: ${show(key)}`, 'ERR_CLASS_WEIGHT');
    if (typeof weight !== 'number')
      throw typeError(`classWeight: the weight of class ${key} must be a number. Received: ${show(weight)}`);
    if (!Number.isFinite(weight) || weight < 0)
      throw new ValueError(
        `classWeight: the weight of class ${key} must be finite and at least 0. Received: ${weight}`,
        'ERR_CLASS_WEIGHT',
      );
    out.classes.push(c);
    out.weights.push(weight);
  }
  return out;
}

/** Where only some of the labels are at hand. */
export function unbalanced(weighting: ClassWeighting): ClassWeights | null {
  if (weighting !== 'balanced') return weighting;
  throw new ValueError(
    "classWeight: 'balanced' counts all labels of a training, so that it goes with the arrays of fit only. Give an object such as { 0: 1, 1: 5 }.",
    'ERR_CLASS_WEIGHT',
  );
}

/** The weights of a training's classes, whose first `rows` samples train. Warns of classes that have none. */
export function weigh(
  weighting: ClassWeighting,
  samples: Samples,
  loss: LabelKind | null,
  output: Shape,
  rows: number,
): ClassWeights | null {
  if (weighting === 'balanced') return balancedWeights(samples, loss, output, rows);
  if (weighting && loss?.sparse) warnMissingClasses(samples, weighting.classes, rows);
  return weighting;
}

/** What tells the class of a label. */
export interface LabelKind {
  readonly sparse: boolean;
  readonly ignoreClass: number | null;
}

/** The class of each item, by its number: a label is a class number or one-hot. @param what which option asks, in messages */
export function classOfItem(what: string, y: Tensor, loss: LabelKind | null, output: Shape): (item: number) => number {
  const items = sizeOf(output.slice(0, -1));
  const width = rowSize(y) / items;
  const byNumber = loss?.sparse === true || width === 1;
  return (item) => {
    const label = byNumber ? Number(y.data[item * width]) : place(y, item, width);
    if (Number.isInteger(label)) return label;
    throw new ValueError(
      `fit: ${what} counts classes, so that each label must be a class number or one-hot. Received: ${byNumber ? label : 'another label'} for sample ${Math.floor(item / items)}. Give the weights yourself, ${what.startsWith('classWeight') ? '{ 0: 1, 1: 5 }' : '{ weights: [...] }'}.`,
      'ERR_CLASS_WEIGHT',
    );
  };
}

/**
 * `classWeight: 'balanced'`: a class weighs `labels / (classes * labels of the class)`, as in scikit-learn, so that each has the same part in the
 * loss. Only the first `rows` samples are counted: those that train.
 */
function balancedWeights(samples: Samples, loss: LabelKind | null, output: Shape, rows: number): ClassWeights {
  const classOf = classOfItem("classWeight 'balanced'", samples.y as Tensor, loss, output);
  const counts = new Map<number, number>();
  let counted = 0;
  for (let i = 0; i < rows * sizeOf(output.slice(0, -1)); i++) {
    const label = classOf(i);
    if (label === loss?.ignoreClass) continue;
    counts.set(label, (counts.get(label) ?? 0) + 1);
    counted++;
  }
  const classes = [...counts.keys()].sort((a, b) => a - b);
  return { classes, weights: classes.map((c) => counted / (classes.length * (counts.get(c) as number))) };
}

/** Where the 1 of a one-hot label stands; NaN where it is none. */
function place({ data }: Tensor, item: number, width: number): number {
  let at = Number.NaN;
  for (let k = 0; k < width; k++) {
    const v = Number(data[item * width + k]);
    if (v === 0) continue;
    if (v !== 1 || !Number.isNaN(at)) return Number.NaN;
    at = k;
  }
  return at;
}

/** Keras stops here or weighs such classes 1; we weigh them 1 and say so. Only labels by number are looked at. */
function warnMissingClasses(samples: Samples, classes: readonly number[], rows: number): void {
  if (!samples.y) return;
  const known = new Set(classes);
  const missing = new Set<number>();
  const { data } = samples.y;
  const end = rows * rowSize(samples.y);
  for (let i = 0; i < end && missing.size < 10; i++) if (!known.has(Number(data[i]))) missing.add(Number(data[i]));
  if (missing.size)
    warnOnce(
      'GEMMFIT_CLASS_WEIGHT',
      `fit: classWeight has no weight for the classes ${[...missing].join(', ')}, which occur in y; they weigh 1.`,
    );
}
