import type { NDArray } from '../data/ndarray.js';
import type { Layer, Weight } from '../layers/layer.js';
import type { Optimizer } from '../optimizers.js';
import type { History } from './history.js';

/** What the callbacks of this package need of the model they are called with. */
export interface WatchedModel {
  readonly name?: string;
  /** Set to true to end `fit`: after the batch that is running, or after the epoch when set in `onEpochEnd`. */
  stopTraining: boolean;
  readonly optimizer: { learningRate: number };
  /** The record of the last `fit`. */
  history: History | null;
  getWeights(): readonly unknown[];
  setWeights(weights: readonly unknown[]): void;
  /** Whether a metric is better when it is larger or smaller, where that is known. The name comes without `val_`. */
  metricDirection?(name: string): 'min' | 'max' | undefined;
  /** @internal A hook begins (1) or ends (-1). */
  hook?(change: 1 | -1): void;
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
  readonly loss: unknown;
  readonly metricsNames: readonly string[];
  getLayer(name: string | number): Layer;
  getWeights(): NDArray[];
  countParams(): number;
  evaluate(x: unknown, y?: unknown, options?: object): Promise<number | number[] | Record<string, number>>;
  predict(x: unknown, options?: object): Promise<NDArray>;
  predictSync(x: unknown): NDArray;
  resetStates(): void;
  save(target: string, options?: object): Promise<void>;
  saveWeights(target: string, options?: object): Promise<void>;
  clone(options?: object): CallbackModel;
  summary(options?: object): void;
  toJSON(): object;
}
