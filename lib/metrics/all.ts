// Every metric: a line a file, which ends in the list of its classes.
export { accuracyMetrics } from './accuracy.js';
export { bestAtMetrics } from './at.js';
export { aucMetrics } from './auc.js';
export { confusionMetrics } from './confusion.js';
export { crossentropyMetrics } from './crossentropy.js';
export { fbetaMetrics } from './fbeta.js';
export { iouMetrics } from './iou.js';
export { lossMeanMetrics } from './loss_mean.js';
export { reductionMetrics } from './reduction.js';
export { regressionMetrics } from './regression.js';
export { wrapperMetrics } from './wrapper.js';
