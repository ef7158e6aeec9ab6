// What each loss of the registry is given to compare: the end of the stack, and labels.
import { type Draw, narrow } from './draw.js';

export interface Head {
  units: number;
  activation: string;
  /** Whether outputs have length 1. */
  unit?: boolean;
  labels: 'class' | 'oneHot' | 'binary' | 'sign' | 'real' | 'positive';
}
type Rule = (d: Draw) => Head;

const classes: Rule = (d) => ({ units: d.of([2, 5, 10, 300]), activation: 'softmax', labels: 'class' });
const oneHot: Rule = (d) => ({ units: d.of([2, 5, 10, 33]), activation: 'softmax', labels: 'oneHot' });
const binary: Rule = (d) => ({ units: d.of([1, 1, 3, 16]), activation: 'sigmoid', labels: 'binary' });
const sign: Rule = (d) => ({ units: d.of([1, 1, 4]), activation: 'tanh', labels: 'sign' });
const real: Rule = (d) => ({ units: d.of([1, 1, ...narrow]), activation: d.of(['linear', 'linear', 'sigmoid']), labels: 'real' });
const positive: Rule = (d) => ({ units: d.of([1, 2, 17]), activation: 'softplus', labels: 'positive' });

export const lossRules: { readonly [className: string]: Rule } = {
  SparseCategoricalCrossentropy: classes,
  CategoricalCrossentropy: oneHot,
  CategoricalFocalCrossentropy: oneHot,
  CategoricalGeneralizedCrossEntropy: classes,
  CategoricalHinge: oneHot,
  KLDivergence: oneHot,
  BinaryCrossentropy: binary,
  BinaryFocalCrossentropy: binary,
  Dice: binary,
  Tversky: binary,
  Hinge: sign,
  SquaredHinge: sign,
  MeanSquaredError: real,
  MeanAbsoluteError: real,
  Huber: real,
  LogCosh: real,
  CosineSimilarity: (d) => ({ ...real(d), units: d.of([2, 3, 16, 33]) }),
  MeanAbsolutePercentageError: positive,
  MeanSquaredLogarithmicError: positive,
  Poisson: positive,
  Circle: (d) => ({ units: d.of([2, 8, 33]), activation: 'linear', unit: true, labels: 'class' }),
};

const names = Object.keys(lossRules);
const common = ['SparseCategoricalCrossentropy', 'SparseCategoricalCrossentropy', 'MeanSquaredError', 'BinaryCrossentropy'];

/** Of three seeds in a row one has a common loss, and two the next of all. */
export const lossOf = (seed: number, d: Draw): string =>
  seed % 3 === 0 ? d.of(common) : names[(2 * Math.floor(seed / 3) + (seed % 3) - 1) % names.length];
