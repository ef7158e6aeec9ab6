import { Callback, type Logs } from './callback.js';
import { printMessage } from './output.js';

/**
 * Stops training as soon as the running loss is NaN or infinite. The epoch is closed as usual, with validation.
 * Keras: https://keras.io/api/callbacks/terminate_on_nan/
 * @example await model.fit(x, y, { epochs: 3, callbacks: [callbacks.terminateOnNaN()] });
 */
export class TerminateOnNaN extends Callback {
  override onTrainBatchEnd(batch: number, logs: Logs): void {
    if (typeof logs.loss !== 'number' || Number.isFinite(logs.loss)) return;
    printMessage(`Batch ${batch}: Invalid loss, terminating training`);
    this.model.stopTraining = true;
  }
}

export const terminateOnNaN = (): TerminateOnNaN => new TerminateOnNaN();
