// What `lazy.ts` loads.
export { Calibration } from './calibration.js';
export { ConfusionMatrix } from './confusion_matrix.js';
export { PrCurve } from './pr_curve.js';
export { Residuals } from './residuals.js';
export { RocCurve } from './roc_curve.js';
