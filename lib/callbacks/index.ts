export type { OutputStream } from '../terminal/output.js';
/**
 * The table of callbacks: classes under Keras's names, and a factory of each in camelCase. A new one is a file and a line in all.ts.
 * @example await model.fit(x, y, { epochs: 100, validationSplit: 0.2, callbacks: [callbacks.earlyStopping({ patience: 5 })] });
 */
export * as callbacks from './all.js';
export type { Callback, CallbackHooks, CallbackParams, HookName, Logs } from './callback.js';
export type { History, StopReason } from './history.js';
export { CallbackList, type CallbackListOptions } from './list.js';
export type { CallbackModel } from './model.js';
export type { CallbackLike, CallbacksOption } from './plain.js';
