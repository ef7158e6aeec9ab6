/**
 * Helpers that make training data: splits, one-hot labels, windows of a series.
 * @example
 * const { xTrain, xTest, yTrain, yTest } = data.trainTestSplit(x, y, { testSize: 0.2, seed: 1 });
 * await model.fit(xTrain, yTrain, { validationData: [xTest, yTest] });
 */
export * as data from './helpers.js';
