// Every initializer: a line a file, which ends in the list of its classes.
export { constantInitializers } from './constant.js';
export { randomInitializers } from './random.js';
export { varianceScalingInitializers } from './variance_scaling.js';
