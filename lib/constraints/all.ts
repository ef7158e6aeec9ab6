// Every constraint: a line a file, which ends in the list of its classes.
export { nonNegConstraints } from './non_neg.js';
export { normConstraints } from './norms.js';
