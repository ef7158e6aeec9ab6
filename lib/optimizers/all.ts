// Every optimizer: a line a file, which ends in the list of its classes.
export { adamOptimizers } from './adam.js';
export { adaptiveOptimizers } from './adaptive.js';
export { sgdOptimizers } from './sgd.js';
