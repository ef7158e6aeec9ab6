import { Callback } from '../../../../lib/callbacks/callback.js';

/** Counts epochs. */
export class Counter extends Callback {
  epochs = 0;
  override onEpochEnd(): void {
    this.epochs++;
  }
}

export const counterCallbacks = { Counter };
