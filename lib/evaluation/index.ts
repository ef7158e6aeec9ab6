/**
 * What predictions are worth: numbers as scikit-learn computes them, each with its picture (`plot`, `toVegaLite`).
 * @example
 * const predictions = await model.predict(x, { verbose: 0 });
 * evaluation.rocCurve(y, predictions).plot('roc.svg');
 */
export * as evaluation from './helpers.js';
