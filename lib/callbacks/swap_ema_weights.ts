import { ValueError } from '../errors.js';
import { coreOf } from '../faces.js';
import { checkBoolean, readOptions } from '../options.js';
import { Callback, type Logs } from './callback.js';
import type { CallbackCore } from './types.js';

/** Options of {@link SwapEMAWeights}. */
export interface SwapEMAWeightsOptions {
  /** Averages stand in the model from the end of an epoch to the beginning of the next: what saves it there saves them. Default false. */
  swapOnEpoch?: boolean;
}

/**
 * While the model validates, is evaluated or predicts, its weights are the averages that the optimizer keeps (`useEma: true`); while it trains they are the
 * weights themselves. Throws ValueError where the optimizer keeps no averages. See https://keras.io/api/callbacks/swap_ema_weights/
 * @example callbacks.swapEMAWeights({ swapOnEpoch: true })
 */
export class SwapEMAWeights extends Callback {
  readonly swapOnEpoch: boolean;
  constructor(options: SwapEMAWeightsOptions = {}) {
    super();
    const o = readOptions<Required<SwapEMAWeightsOptions>>('SwapEMAWeights', options, { swapOnEpoch: false });
    this.swapOnEpoch = checkBoolean('SwapEMAWeights', 'swapOnEpoch', o.swapOnEpoch);
  }

  #swap(averagesAreIn: boolean): void {
    if (this.model.optimizer.averagesAreIn === averagesAreIn) return;
    if (!coreOf<CallbackCore>(this.model)?.swapAverages())
      throw new ValueError(
        'SwapEMAWeights: the optimizer keeps no averages of the weights. Make it with useEma: true, such as optimizers.adam({ useEma: true }).',
        'ERR_NO_AVERAGES',
      );
  }

  override getState(): boolean {
    return this.model.optimizer.averagesAreIn;
  }
  override setState(averagesAreIn: boolean): void {
    this.model.optimizer.averagesAreIn = averagesAreIn;
  }

  override onEpochBegin(_epoch: number, _logs: Logs): void {
    if (this.swapOnEpoch) this.#swap(false);
  }
  override onEpochEnd(_epoch: number, _logs: Logs): void {
    if (this.swapOnEpoch) this.#swap(true);
  }
  override onTestBegin(_logs: Logs): void {
    this.#swap(true);
  }
  override onTestEnd(_logs: Logs): void {
    this.#swap(false);
  }
  override onPredictBegin(_logs: Logs): void {
    this.#swap(true);
  }
  override onPredictEnd(_logs: Logs): void {
    this.#swap(false);
  }
}

/** See {@link SwapEMAWeights}. */

export const swapEmaWeightsCallbacks = { SwapEMAWeights };
