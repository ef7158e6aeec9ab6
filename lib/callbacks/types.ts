// Types that know each other: what callbacks are told and may do, and what a model is told of callbacks. They stand in one file, since files that
// import each other have no order.
import type { ArrayInput, DataInput, LabelInput, WeightArray, XInput } from '../data/inputs.js';
import type { NDArray } from '../data/ndarray.js';
import type { LossOption } from '../identifiers.js';
import type { Layer, Weight } from '../layers/layer.js';
import type { Logs } from '../logs.js';
import type { Optimizer } from '../optimizers/index.js';
import type { Results, Verbose } from '../option_types.js';
import type { SummaryOptions } from '../terminal/summary.js';
import type { TrainingRecord } from './record.js';

/** How the run was started. */
export interface CallbackParams {
  /** 0, 1 or 2. */
  verbose: number;
  epochs: number;
  /** Batches an epoch; null until a dataset of unknown length has ended once. */
  steps: number | null;
  /** Samples a batch; null with a dataset. */
  batchSize?: number | null;
  /** Samples that train; null with a dataset. */
  samples?: number | null;
  /** Whether the run validates. */
  doValidation?: boolean;
  /** What stands before the names of each validation set's results: `['val_']`, or the names of several sets, `['recent_', 'abroad_']`. */
  validationSets?: readonly string[];
  /** Keys of the results: 'loss', then the metrics. */
  metrics?: readonly string[];
  /** Where a training was taken up again; null where it began anew. */
  resumedFrom?: { epoch: number; step: number; file: string } | null;
}

/** What `getState` gives, or a promise of it, and `setState` takes. */
// biome-ignore lint/suspicious/noExplicitAny: each callback has a state of its own
export type CallbackState = any;

/** Whatever a hook returns is ignored, except that a promise is awaited before training goes on. */
export type HookResult = unknown;

/** The hooks of a callback: see `Callback`. */
export interface Hooks {
  onTrainBegin(logs: Logs): HookResult;
  onTrainEnd(logs: Logs): HookResult;
  onEpochBegin(epoch: number, logs: Logs): HookResult;
  onEpochEnd(epoch: number, logs: Logs): HookResult;
  onTrainBatchBegin(batch: number, logs: Logs): HookResult;
  onTrainBatchEnd(batch: number, logs: Logs): HookResult;
  onBatchBegin(batch: number, logs: Logs): HookResult;
  onBatchEnd(batch: number, logs: Logs): HookResult;
  onTestBegin(logs: Logs): HookResult;
  onTestEnd(logs: Logs): HookResult;
  onTestBatchBegin(batch: number, logs: Logs): HookResult;
  onTestBatchEnd(batch: number, logs: Logs): HookResult;
  onPredictBegin(logs: Logs): HookResult;
  onPredictEnd(logs: Logs): HookResult;
  onPredictBatchBegin(batch: number, logs: Logs): HookResult;
  onPredictBatchEnd(batch: number, logs: Logs): HookResult;
}

export type HookName = keyof Hooks;

/** What `this` is inside hooks that are properties of an object. */
export interface CallbackThis extends Hooks {
  model: CallbackModel;
  params: CallbackParams;
}

/** Hooks as properties of an object: what `fit` takes in place of a `Callback`, and what `LambdaCallback` is made from. */
export type CallbackHooks = { [name in HookName]?: Hook<Parameters<Hooks[name]>> | null };

/** Written as a method, so that a hook may ask for logs of certain names: `(epoch, logs: { loss: number }) => ...`. */
type Hook<Args extends unknown[]> = { call(this: CallbackThis, ...args: Args): HookResult }['call'];

/**
 * A callback: an instance of a class such as `callbacks.Callback`, or an object with some of the hooks. Inside those of an object `this` is the object,
 * with `model` and `params` on it.
 */
export interface CallbackLike extends CallbackHooks {
  setParams?(params: CallbackParams): void;
  setModel?(model: CallbackModel): void;
  /** What must be known to go on after a crash: see `Callback`. */
  getState?(): CallbackState;
  setState?(state: CallbackState): void | Promise<void>;
}

/** What `fit`, `evaluate` and `predict` take under `callbacks`: one, or a list of them, which may hold lists. */
export type CallbacksOption = CallbackLike | readonly (CallbackLike | readonly CallbackLike[])[] | null;

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** Samples a batch. Default 32. Not with a dataset. */
  batchSize?: number | null;
  /** Weights of the samples: `[samples]`, or `[samples, steps]`. */
  sampleWeight?: ArrayInput | null;
  /** Batches to look at. Default: all. */
  steps?: number | null;
  /** 0 silent, 1 progress bar, 2 one line, 'auto': 1 on a terminal, else 0. Default 'auto'. */
  verbose?: Verbose;
  /** Refuses data with NaN, Infinity or what float32 cannot hold, by name. Default true. */
  checkFinite?: boolean;
  /** An object by name instead of a list. Default false. */
  returnDict?: boolean;
  /**
   * The loss of each sample in the place of the results, `[samples]`, or of each of its steps, `[samples, steps]`: without weights and penalties, 0
   * where a mask leaves a step out. Default false.
   */
  perSample?: boolean;
  callbacks?: CallbacksOption;
}

/** Options of `predict`. */
export interface PredictOptions {
  /** Samples a batch. Default 32. Not with a dataset. */
  batchSize?: number | null;
  /** Batches to predict. Default: all. */
  steps?: number | null;
  /** 0 silent, 1 progress bar, 2 one line, 'auto': 1 on a terminal, else 0. Default 'auto'. */
  verbose?: Verbose;
  /** Refuses data with NaN, Infinity or what float32 cannot hold, by name. Default true. */
  checkFinite?: boolean;
  callbacks?: CallbacksOption;
}

/** Options of `predictOnBatch` and `predictSync`. */
export interface PredictBatchOptions {
  /** Refuses data with NaN, Infinity or what float32 cannot hold, by name. Default true. */
  checkFinite?: boolean;
}

/** What the callbacks of this package need of the model they are called with. */
export interface WatchedModel {
  readonly name?: string;
  /** Set to true to end `fit`: after the batch that is running, or after the epoch when set in `onEpochEnd`. */
  stopTraining: boolean;
  readonly optimizer: { learningRate: number };
  /** The record of the last `fit`. */
  history: TrainingRecord | null;
  getWeights(): readonly WeightArray[];
  setWeights(weights: readonly WeightArray[]): void;
  /** Whether a metric is better when it is larger or smaller, where that is known. The name comes without `val_`; that of another validation set may stand before it. */
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
  evaluate(x: DataInput, y: LabelInput, options: EvaluateOptions & { perSample: true }): Promise<NDArray>;
  evaluate(
    x: DataInput,
    y: LabelInput,
    options: EvaluateOptions & { returnDict: true; perSample?: false },
  ): Promise<Record<string, number>>;
  evaluate(
    x: DataInput,
    y?: LabelInput,
    options?: EvaluateOptions & { returnDict?: false; perSample?: false },
  ): Promise<number | number[]>;
  evaluate(x: DataInput, y?: LabelInput, options?: EvaluateOptions & { perSample?: false }): Promise<Results>;
  evaluate(x: DataInput, y?: LabelInput, options?: EvaluateOptions): Promise<Results | NDArray>;
  predict(x: DataInput, options?: PredictOptions): Promise<NDArray>;
  predictSync(x: XInput, options?: PredictBatchOptions): NDArray;
  resetStates(): void;
  save(target: string, options?: object): Promise<void>;
  saveWeights(target: string, options?: object): Promise<void>;
  clone(options?: { weights?: boolean }): CallbackModel;
  summary(options?: SummaryOptions): void;
  toJSON(): object;
}
