import type { ArrayInput } from '../data/inputs.js';
import type { Calibration, CalibrationOptions } from './calibration.js';
import type { ConfusionMatrix, ConfusionMatrixOptions } from './confusion_matrix.js';
import { evaluations } from './lazy.js';
import type { PrCurve, PrCurveOptions } from './pr_curve.js';
import type { Residuals, ResidualsOptions } from './residuals.js';
import type { RocCurve, RocCurveOptions } from './roc_curve.js';

export type {
  Calibration,
  CalibrationOptions,
  ConfusionMatrix,
  ConfusionMatrixOptions,
  PrCurve,
  PrCurveOptions,
  Residuals,
  ResidualsOptions,
  RocCurve,
  RocCurveOptions,
};

/**
 * Which classes were taken for which: a row for each class that there is, a column for each that was predicted. The same numbers as
 * scikit-learn's `confusion_matrix`.
 * @param yTrue class numbers, or rows of which the largest counts (one-hot)
 * @param yPred class numbers, rows of probabilities, or one probability a sample
 * @example
 * const confusion = evaluation.confusionMatrix([0, 1, 1, 2], [[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.3, 0.5], [0, 0.1, 0.9]]);
 * console.log(confusion.matrix); // prints [ [ 1, 0, 0 ], [ 0, 1, 1 ], [ 0, 0, 1 ] ]
 * confusion.plot('confusion.svg');
 */
export function confusionMatrix(yTrue: ArrayInput, yPred: ArrayInput, options?: ConfusionMatrixOptions): ConfusionMatrix {
  return new (evaluations().ConfusionMatrix)(yTrue, yPred, options);
}

/**
 * True and false alarms at every threshold, and the area under that curve. The same numbers as scikit-learn's `roc_curve` and `auc`.
 * @param yScore the higher, the more surely of the class: `[samples]`, or `[samples, classes]`
 * @example
 * const roc = evaluation.rocCurve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
 * console.log(roc.auc); // prints 0.75
 * roc.plot('roc.svg');
 */
export function rocCurve(yTrue: ArrayInput, yScore: ArrayInput, options?: RocCurveOptions): RocCurve {
  return new (evaluations().RocCurve)(yTrue, yScore, options);
}

/**
 * Precision and recall at every threshold. The same numbers as scikit-learn's `precision_recall_curve` and `average_precision_score`.
 * @param yScore the higher, the more surely of the class: `[samples]`, or `[samples, classes]`
 * @example
 * const pr = evaluation.prCurve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
 * console.log(pr.averagePrecision.toFixed(3)); // prints 0.833
 * pr.plot('precision-recall.svg', { theme: 'light' });
 */
export function prCurve(yTrue: ArrayInput, yScore: ArrayInput, options?: PrCurveOptions): PrCurve {
  return new (evaluations().PrCurve)(yTrue, yScore, options);
}

/**
 * Whether what is called 70 % probable is so 70 times of 100. The same numbers as scikit-learn's `calibration_curve` and `brier_score_loss`.
 * @param yProb probabilities: `[samples]`, or `[samples, classes]`
 * @example
 * const calibration = evaluation.calibration([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], { bins: 2 });
 * console.log(calibration.counts, calibration.brier.toFixed(4)); // prints [ 3, 1 ] 0.1581
 * calibration.plot('calibration.svg');
 */
export function calibration(yTrue: ArrayInput, yProb: ArrayInput, options?: CalibrationOptions): Calibration {
  return new (evaluations().Calibration)(yTrue, yProb, options);
}

/**
 * What a regression missed, sample by sample, with R², mean absolute error and root mean square error as scikit-learn computes them.
 * @example
 * const missed = evaluation.residuals([3, -0.5, 2, 7], [2.5, 0, 2, 8]);
 * console.log(missed.residuals, missed.r2.toFixed(3)); // prints Float64Array(4) [ 0.5, -0.5, 0, -1 ] 0.949
 * missed.plot('residuals.svg');
 */
export function residuals(yTrue: ArrayInput, yPred: ArrayInput, options?: ResidualsOptions): Residuals {
  return new (evaluations().Residuals)(yTrue, yPred, options);
}
