import type { ArrayInput, DataInput, LabelInput, WeightArray } from '../data/inputs.js';
import type { NDArray } from '../data/ndarray.js';
import type { Layer, Weight } from '../layers/layer.js';
import type { LossOption } from '../model/compilation.js';
import type { Optimizer } from '../optimizers.js';
import type { CloneOptions } from '../sequential.js';
import type { SummaryOptions } from '../terminal/summary.js';
import type { EvaluateOptions } from '../training/evaluate.js';
import type { Results } from '../training/option_types.js';
import type { PredictBatchOptions, PredictOptions } from '../training/predict.js';
import type { History } from './history.js';

/** What the callbacks of this package need of the model they are called with. */
export interface WatchedModel {
  readonly name?: string;
  /** Set to true to end `fit`: after the batch that is running, or after the epoch when set in `onEpochEnd`. */
  stopTraining: boolean;
  readonly optimizer: { learningRate: number };
  /** The record of the last `fit`. */
  history: History | null;
  getWeights(): readonly WeightArray[];
  setWeights(weights: readonly WeightArray[]): void;
  /** Whether a metric is better when it is larger or smaller, where that is known. The name comes without `val_`. */
  metricDirection?(name: string): 'min' | 'max' | undefined;
}

/** What callbacks of this package, and those who call them, need of the core behind such a model. */
export interface CallbackCore {
  /** A hook begins (1) or ends (-1). */
  hook(change: 1 | -1): void;
  /** Weights and the averages that the optimizer keeps change places; false where it keeps none. */
  swapAverages(): boolean;
}

/** What hooks may do with the model they are called with: it is the `Sequential` itself. */
export interface CallbackModel extends WatchedModel {
  readonly name: string;
  /** Set to true to end `evaluate`, `predict`, after the batch that is running. */
  stopEvaluating: boolean;
  stopPredicting: boolean;
  /** Read at `compile`. */
  trainable: boolean;
  readonly layers: readonly Layer[];
  readonly weights: readonly Weight[];
  readonly trainableWeights: readonly Weight[];
  readonly nonTrainableWeights: readonly Weight[];
  readonly inputShape: readonly (number | null)[] | null;
  readonly outputShape: readonly (number | null)[] | null;
  readonly optimizer: Optimizer;
  readonly loss: LossOption;
  readonly metricsNames: readonly string[];
  getLayer(name: string | number): Layer;
  getWeights(): NDArray[];
  countParams(): number;
  evaluate(x: DataInput, y: LabelInput, options: EvaluateOptions & { returnDict: true }): Promise<Record<string, number>>;
  evaluate(x: DataInput, y?: LabelInput, options?: EvaluateOptions & { returnDict?: false }): Promise<number | number[]>;
  evaluate(x: DataInput, y?: LabelInput, options?: EvaluateOptions): Promise<Results>;
  predict(x: DataInput, options?: PredictOptions): Promise<NDArray>;
  predictSync(x: ArrayInput, options?: PredictBatchOptions): NDArray;
  resetStates(): void;
  save(target: string, options?: object): Promise<void>;
  saveWeights(target: string, options?: object): Promise<void>;
  clone(options?: CloneOptions): CallbackModel;
  summary(options?: SummaryOptions): void;
  toJSON(): object;
}
