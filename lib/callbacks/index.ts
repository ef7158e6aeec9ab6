import { tableOf } from '../table.js';
import * as lists from './all.js';
import { Callback } from './callback.js';

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

/**
 * The table of callbacks: classes under Keras's names, and a factory of each in camelCase. No option names one, so that there is no registry.
 * @example await model.fit(x, y, { epochs: 100, validationSplit: 0.2, callbacks: [callbacks.earlyStopping({ patience: 5 })] });
 */
export const callbacks = tableOf(lists, { Callback });
