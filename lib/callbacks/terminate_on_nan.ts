import { RuntimeError } from '../errors.js';
import { checkBoolean, readOptions } from '../options.js';
import { printMessage } from '../terminal/output.js';
import { Callback, type Logs } from './callback.js';

export interface TerminateOnNaNOptions {
  /** Rejects `fit` with a RuntimeError (code `'ERR_NOT_FINITE'`) in place of ending it. Default false. */
  raiseError?: boolean;
}

/**
 * Stops training as soon as the running loss is NaN or infinite. The epoch is closed as usual, with validation.
 * Keras: https://keras.io/api/callbacks/terminate_on_nan/
 * @example await model.fit(x, y, { epochs: 3, callbacks: [callbacks.terminateOnNaN()] });
 */
export class TerminateOnNaN extends Callback {
  readonly raiseError: boolean;

  constructor(options: TerminateOnNaNOptions = {}) {
    super();
    const o = readOptions('TerminateOnNaN', options, { raiseError: false });
    this.raiseError = checkBoolean('TerminateOnNaN', 'raiseError', o.raiseError);
  }

  override onTrainBatchEnd(batch: number, logs: Logs): void {
    if (typeof logs.loss !== 'number' || Number.isFinite(logs.loss)) return;
    const { history, name } = this.model;
    const model = name ? ` of model '${name}'` : '';
    if (this.raiseError)
      throw new RuntimeError(
        `TerminateOnNaN: batch ${batch}${model} has the loss ${logs.loss}, and raiseError is true. A smaller learning rate, clipping of gradients or data without NaN may mend it.`,
        'ERR_NOT_FINITE',
      );
    printMessage(`Batch ${batch}: Invalid loss, terminating training${model}`);
    if (history) history.stopReason = 'terminateOnNaN';
    this.model.stopTraining = true;
  }
}

export const terminateOnNanCallbacks = { TerminateOnNaN };
