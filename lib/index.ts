import { version as gemmfit } from '../package.json';
import { addon } from './engine/addon.js';
import { checkNumber } from './options.js';

export type { Activation } from './activations/index.js';
export { activations } from './activations/index.js';
export type {
  Callback,
  CallbackHooks,
  CallbackLike,
  CallbackModel,
  CallbackParams,
  CallbacksOption,
  EvaluateOptions,
  History,
  Logs,
  PredictBatchOptions,
  PredictOptions,
  StopReason,
} from './callbacks/index.js';
export { callbacks } from './callbacks/index.js';
export type { Constraint } from './constraints/index.js';
export { constraints } from './constraints/index.js';
export type { ArrayLike } from './data/array_like.js';
export type {
  ArrayInput,
  BatchLike,
  BatchSource,
  Cell,
  DataInput,
  DatasetLike,
  LabelInput,
  NestedArray,
  TableInput,
  TextInput,
  WeightArray,
  XInput,
} from './data/inputs.js';
export type { DType, NestedNumbers, TypedArray } from './data/ndarray.js';
export { array, NDArray } from './data/ndarray.js';
/**
 * Readers of files and other sources of data, which give datasets, and helpers that make training data of arrays.
 * @example
 * const { xTrain, xTest, yTrain, yTest } = data.trainTestSplit(x, y, { testSize: 0.2, seed: 1 });
 * await model.fit(xTrain, yTrain, { validationData: [xTest, yTest] });
 * const { train, validation } = data.fromArrays(x, y).split({ validation: 0.2 });
 * await model.fit(train.shuffle(40).batch(8), null, { validationData: validation.batch(8) });
 */
export * as data from './data.js';
export type { Dataset } from './datasets/dataset.js';
export type { DTypePolicy } from './dtype_policy.js';
export { dtypePolicy, setDtypePolicy } from './dtype_policy.js';
export { RuntimeError, ValueError } from './errors.js';
export { evaluation } from './evaluation/index.js';
export type {
  ConstraintIdentifier,
  InitializerIdentifier,
  LossIdentifier,
  MetricIdentifier,
  OptimizerIdentifier,
  RegularizerIdentifier,
} from './identifiers.js';
export type { Initializer } from './initializers/index.js';
export { initializers } from './initializers/index.js';
export type { CallContext } from './layers/composed.js';
export type { ActivationIdentifier, LayerIdentifier } from './layers/identifiers.js';
export { input, layers } from './layers/index.js';
export type { AddWeightOptions, Layer, LayerOptions, Shape, Weight } from './layers/layer.js';
export { preprocessing } from './layers/preprocessing.js';
export { loadModel, modelFromJSON } from './load_model.js';
export type { Loss } from './losses/index.js';
export { losses } from './losses/index.js';
export type { Metric } from './metrics/index.js';
export { metrics } from './metrics/index.js';
export type { CompileOptions } from './model/compilation.js';
export type {
  ActivationName,
  ConstraintName,
  InitializerName,
  LayerName,
  LossName,
  MetricName,
  OptimizerName,
  RegularizerName,
  ScheduleName,
} from './names.js';
export type { Compiled, TensorDType, TensorLike, TensorShape } from './ops/index.js';
export { ops, Tensor } from './ops/index.js';
export type { LearningRate, Optimizer } from './optimizers/index.js';
export { optimizers } from './optimizers/index.js';
export type { ClassWeight, Results, Sampler, ValidationData, Verbose } from './option_types.js';
export type { PartConfig } from './part_config.js';
export type { HistoryPlotOptions } from './plots/history_plot.js';
export type { Plot, PlotOptions } from './plots/plot.js';
export { setRandomSeed } from './random.js';
export type { Config, Part, PartClass } from './registry.js';
export { registerSerializable } from './registry.js';
export type { Regularizer } from './regularizers/index.js';
export { regularizers } from './regularizers/index.js';
export type { FileLimits } from './saving/limits.js';
export type { LoadOptions, LoadWeightsOptions } from './saving/load.js';
export type { SaveOptions, SaveTarget, SaveWeightsOptions } from './saving/save.js';
export type { LearningRateSchedule } from './schedules/index.js';
export { schedules } from './schedules/index.js';
export type { CloneOptions, SequentialOptions } from './sequential.js';
export { Sequential, sequential } from './sequential.js';
export type { SummaryOptions } from './terminal/summary.js';
export type { FitOptions } from './training/fit.js';
export type { OnBatchOptions } from './training/on_batch.js';
export type {
  CrossValidateOptions,
  CrossValidation,
  FindLearningRateOptions,
  LearningRates,
  Range,
  SearchOptions,
  SearchResult,
  Space,
} from './tune.js';
export { crossValidate, findLearningRate, search } from './tune.js';
export type { FoldResult } from './tuning/cross_validate.js';
export type { Trial } from './tuning/search.js';

/**
 * Threads that training and prediction may use, in the whole process. Default: the physical cores this process is allowed, or the
 * environment variable GEMMFIT_NUM_THREADS. Results have the same bits for any number.
 * @param count 1 to 256
 * @example setThreads(1); // leave the other cores to the rest of the program
 */
export function setThreads(count: number): void {
  addon.setThreads(checkNumber('setThreads', 'count', count, { min: 1, max: 256, integer: true }));
}

/**
 * Versions of gemmfit and its BLAS, what multiplies matrices, the SIMD instructions chosen, how bfloat16 is multiplied, and the number of threads.
 * @example console.log(version.gemmfit, version.blas, version.simd, version.threads);
 */
export const version = {
  gemmfit,
  get blas(): string {
    return addon.info().blas;
  },
  /** What multiplies matrices of float32: the faster for each shape, BLAS, or the engine's own kernels; GEMMFIT_GEMM in the environment. */
  get gemm(): 'auto' | 'openblas' | 'own' {
    return addon.info().gemm;
  },
  get simd(): string {
    // Highway's word for it is AVX3.
    return addon.info().simd.replace(/^AVX3/, 'AVX-512').replace('_', ' ');
  },
  /** How 'mixed_bfloat16' multiplies: by the processor's instructions, or (slower than float32) by numbers rounded before. */
  get bfloat16(): 'AMX' | 'AVX512_BF16' | 'emulated' {
    return addon.info().bfloat16;
  },
  get threads(): number {
    return addon.info().threads;
  },
};
