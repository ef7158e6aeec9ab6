// Every loss: a line a file, which ends in the list of its classes.
export { circleLosses } from './circle.js';
export { focalLosses } from './focal.js';
export { hingeLosses } from './hinge.js';
export { overlapLosses } from './overlap.js';
export { probabilisticLosses } from './probabilistic.js';
export { regressionLosses } from './regression.js';
