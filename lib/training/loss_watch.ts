import type { RunResult } from '../../binding.js';

/** Warns, once a fit, of the first batch whose loss is NaN or infinite. The engine notes it; nothing is done a batch here. */
export class LossWatch {
  #epoch: number;
  #batch = 0;
  #warned = false;

  constructor(
    readonly model: string,
    initialEpoch: number,
  ) {
    this.#epoch = initialEpoch - 1;
  }

  /**
   * @param begins whether the call began an epoch
   * @param epochSteps batches of an epoch, where the call may have run several
   * @param rate the learning rate of one of its batches
   */
  note(result: RunResult, begins: boolean, epochSteps: number, rate: (batch: number) => number): void {
    if (result.done === 0) return;
    if (begins) {
      this.#epoch++;
      this.#batch = 0;
    }
    const at = result.lossNotFinite;
    if (at >= 0 && !this.#warned) {
      this.#warned = true;
      const epoch = this.#epoch + (epochSteps ? Math.floor(at / epochSteps) : 0);
      const batch = epochSteps ? at % epochSteps : this.#batch + at;
      process.emitWarning(
        `fit: the loss of model '${this.model}' is no finite number from batch ${batch} of epoch ${epoch} on (both counted from 0; learning rate ${Number(rate(at).toPrecision(6))}). A smaller learning rate, clipnorm or inputs of about -1 to 1 may mend it; the callback terminateOnNaN ends such a training.`,
        { code: 'GEMMFIT_LOSS_NOT_FINITE' },
      );
    }
    this.#batch += result.done;
    if (epochSteps) this.#epoch += Math.max(0, Math.ceil(result.done / epochSteps) - 1);
  }
}
