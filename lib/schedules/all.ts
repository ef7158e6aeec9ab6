// Every learning-rate schedule: a line a file, which ends in the list of its classes.
export { cosineSchedules } from './cosine.js';
export { decaySchedules } from './decay.js';
export { oneCycleSchedules } from './one_cycle.js';
