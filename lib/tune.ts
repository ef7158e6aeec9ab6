import type { DataInput, LabelInput } from './data/inputs.js';
import type { Rows } from './data/rows.js';
import { files } from './lazy.js';
import type { Sequential } from './sequential.js';
import type { FitOptions } from './training/fit.js';
import type { CrossValidateCommon, CrossValidation } from './tuning/cross_validate.js';
import type { FindLearningRateOptions, LearningRates } from './tuning/learning_rate.js';
import type { SearchCommon, SearchResult } from './tuning/search.js';
import type { Range, Space } from './tuning/space.js';

/** Options of `crossValidate`. */
export interface CrossValidateOptions extends CrossValidateCommon {
  /** Options of each `fit`. Its default `verbose` is 0. */
  fit?: Omit<FitOptions, 'checkpoint' | 'sampleWeight'>;
}

/** Options of `search`. */
export interface SearchOptions extends SearchCommon {
  /** What each `fit` is given. */
  x: DataInput;
  y?: LabelInput;
  /** Options of each `fit`, of which `epochs` is the most that a trial gets. Its default `verbose` is 0. */
  fit?: Omit<FitOptions, 'checkpoint'>;
}

/** What may be drawn from a space. */
type Drawn<S extends Space> = { [K in keyof S]: S[K] extends readonly (infer T)[] ? T : number };

/**
 * Trains a model of its own for each fold of the data, and tests it on the rest: how well such a model does on samples that it has not seen.
 * Folds are those of scikit-learn's KFold, StratifiedKFold and GroupKFold. Each fold copies its part of the data.
 * @param makeModel makes a compiled model; called for each fold, whose weights follow from the seed
 * @example
 * const makeModel = () => {
 *   const model = sequential([layers.dense({ units: 8, activation: 'relu', inputShape: [4] }), layers.dense({ units: 1 })]);
 *   model.compile({ optimizer: 'adam', loss: 'mse' });
 *   return model;
 * };
 * const { scores, mean, std } = await crossValidate(makeModel, x, y, { folds: 4, fit: { epochs: 2 } });
 * console.log(scores.loss?.length); // prints 4
 */
export function crossValidate(
  makeModel: (fold: number) => Sequential | Promise<Sequential>,
  x: Rows,
  y: Rows,
  options?: CrossValidateOptions,
): Promise<CrossValidation> {
  return files().crossValidate(makeModel as never, x, y, options);
}

/**
 * Tries models of a space of choices, and keeps the best.
 * @param makeModel makes a compiled model of what was drawn
 * @param space by name a list of values, or a range of numbers
 * @example
 * const makeModel = ({ units, rate }: { units: number; rate: number }) => {
 *   const model = sequential([layers.dense({ units, activation: 'relu', inputShape: [4] }), layers.dense({ units: 1 })]);
 *   model.compile({ optimizer: optimizers.adam({ learningRate: rate }), loss: 'mse' });
 *   return model;
 * };
 * const space = { units: [4, 8, 16], rate: { min: 1e-4, max: 0.1, log: true } };
 * const found = await search(makeModel, space, { x, y, trials: 9, strategy: 'halving', fit: { epochs: 9, validationSplit: 0.2 } });
 * console.log(found.best.params, found.best.value);
 */
export function search<const S extends Space>(
  makeModel: (params: Drawn<S>) => Sequential | Promise<Sequential>,
  space: S,
  options: SearchOptions,
): Promise<SearchResult<Drawn<S>, Sequential>> {
  return files().search(makeModel as never, space, options) as never;
}

/**
 * Trains a copy of the model for some batches with a learning rate that grows from batch to batch, as Lightning's finder does: where the loss falls fastest
 * is a rate to begin with. The model stays as it is.
 * @example
 * const found = await findLearningRate(model, x, y, { steps: 50 });
 * if (found.suggestion !== null) model.optimizer.learningRate = found.suggestion;
 */
export function findLearningRate(
  model: Sequential,
  x: DataInput,
  y?: LabelInput,
  options?: FindLearningRateOptions,
): Promise<LearningRates> {
  return files().findLearningRate(model as never, x, y, options);
}

export type { CrossValidation, FindLearningRateOptions, LearningRates, Range, SearchResult, Space };
