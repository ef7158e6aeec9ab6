import type { Logs } from '../logs.js';
import type { CallbackModel, CallbackParams, CallbackState, HookName, HookResult, Hooks, WatchedModel } from './types.js';

export type { Logs };

/**
 * Base of all callbacks: override the hooks you need. Each may return a promise, which is awaited.
 *
 * Overriding a hook of batches makes training come back to JavaScript after every batch, which costs speed with small models;
 * the hooks of epochs cost nothing to speak of.
 *
 * `model` and `params` are set before the first hook is called. Keras: https://keras.io/api/callbacks/base_callback/
 *
 * @example
 * class StopAt extends callbacks.Callback {
 *   constructor(readonly accuracy: number) { super(); }
 *   override onEpochEnd(epoch: number, logs: Logs) {
 *     if (logs.val_accuracy >= this.accuracy) this.model.stopTraining = true;
 *   }
 * }
 */
export class Callback implements Hooks {
  /** The model being trained, evaluated or asked for predictions. */
  model!: CallbackModel;
  params!: CallbackParams;

  setParams(params: CallbackParams): void {
    this.params = params;
  }

  setModel(model: WatchedModel): void {
    this.model = model as CallbackModel;
  }

  onTrainBegin(_logs: Logs): HookResult {
    return undefined;
  }
  /** `logs` are those of the last epoch. */
  onTrainEnd(_logs: Logs): HookResult {
    return undefined;
  }

  /**
   * What the callback must know to go on after a crash: plain objects, lists, numbers, texts and arrays. Asked for each checkpoint, and given to `setState`
   * after `onTrainBegin` of the training that goes on. Leave it out where there is nothing to remember.
   */
  getState?(): CallbackState;
  setState?(state: CallbackState): void | Promise<void>;

  /** `epoch` counts from 0. */
  onEpochBegin(_epoch: number, _logs: Logs): HookResult {
    return undefined;
  }
  /** Values that are added to `logs` reach the callbacks after this one, and the history. */
  onEpochEnd(_epoch: number, _logs: Logs): HookResult {
    return undefined;
  }

  /** `batch` counts from 0 in every epoch. */
  onTrainBatchBegin(batch: number, logs: Logs): HookResult {
    return this.onBatchBegin(batch, logs);
  }
  /** `logs` are the results of the epoch up to and including this batch. */
  onTrainBatchEnd(batch: number, logs: Logs): HookResult {
    return this.onBatchEnd(batch, logs);
  }
  /** Keras's older name of `onTrainBatchBegin`, called unless that is overridden. */
  onBatchBegin(_batch: number, _logs: Logs): HookResult {
    return undefined;
  }
  /** Keras's older name of `onTrainBatchEnd`, called unless that is overridden. */
  onBatchEnd(_batch: number, _logs: Logs): HookResult {
    return undefined;
  }

  /** Called by `evaluate`, and by `fit` when it validates. */
  onTestBegin(_logs: Logs): HookResult {
    return undefined;
  }
  onTestEnd(_logs: Logs): HookResult {
    return undefined;
  }
  onTestBatchBegin(_batch: number, _logs: Logs): HookResult {
    return undefined;
  }
  onTestBatchEnd(_batch: number, _logs: Logs): HookResult {
    return undefined;
  }

  onPredictBegin(_logs: Logs): HookResult {
    return undefined;
  }
  onPredictEnd(_logs: Logs): HookResult {
    return undefined;
  }
  onPredictBatchBegin(_batch: number, _logs: Logs): HookResult {
    return undefined;
  }
  /** `logs.outputs` are the predictions of this batch. */
  onPredictBatchEnd(_batch: number, _logs: Logs): HookResult {
    return undefined;
  }
}

export const HOOKS = [
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onTrainBatchBegin',
  'onTrainBatchEnd',
  'onBatchBegin',
  'onBatchEnd',
  'onTestBegin',
  'onTestEnd',
  'onTestBatchBegin',
  'onTestBatchEnd',
  'onPredictBegin',
  'onPredictEnd',
  'onPredictBatchBegin',
  'onPredictBatchEnd',
] as const satisfies readonly HookName[];

/** Whether a callback does something of its own in a hook. */
export function overrides(callback: Callback, hook: HookName): boolean {
  return callback[hook] !== Callback.prototype[hook];
}
