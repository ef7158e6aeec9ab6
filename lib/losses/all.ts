// Every loss as users see it: classes under Keras's names, and a factory of each in camelCase.
export { Circle, circle } from './circle.js';
export {
  BinaryFocalCrossentropy,
  binaryFocalCrossentropy,
  CategoricalFocalCrossentropy,
  categoricalFocalCrossentropy,
} from './focal.js';
export { CategoricalHinge, categoricalHinge, Hinge, hinge, SquaredHinge, squaredHinge } from './hinge.js';
export { Dice, dice, Tversky, tversky } from './overlap.js';
export {
  BinaryCrossentropy,
  binaryCrossentropy,
  CategoricalCrossentropy,
  CategoricalGeneralizedCrossEntropy,
  CTC,
  categoricalCrossentropy,
  categoricalGeneralizedCrossEntropy,
  ctc,
  KLDivergence,
  klDivergence,
  Poisson,
  poisson,
  SparseCategoricalCrossentropy,
  sparseCategoricalCrossentropy,
} from './probabilistic.js';
export {
  CosineSimilarity,
  cosineSimilarity,
  Huber,
  huber,
  LogCosh,
  logCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
} from './regression.js';
