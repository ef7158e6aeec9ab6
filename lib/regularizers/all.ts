// Every regularizer: a line a file, which ends in the list of its classes.
export { l1l2Regularizers } from './l1l2.js';
export { orthogonalRegularizers } from './orthogonal.js';
