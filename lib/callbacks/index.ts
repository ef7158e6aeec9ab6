export type { OutputStream } from '../terminal/output.js';
/**
 * The table of callbacks: classes under Keras's names, and a factory of each in camelCase. A new one is a file and a line in all.ts.
 * @example await model.fit(x, y, { epochs: 100, validationSplit: 0.2, callbacks: [callbacks.earlyStopping({ patience: 5 })] });
 */
export * as callbacks from './all.js';
export type { Callback, Logs } from './callback.js';
export type { History } from './history.js';
export { CallbackList, type CallbackListOptions } from './list.js';
export type { StopReason } from './record.js';
export type {
  CallbackHooks,
  CallbackLike,
  CallbackModel,
  CallbackParams,
  CallbacksOption,
  EvaluateOptions,
  HookName,
  PredictBatchOptions,
  PredictOptions,
} from './types.js';
