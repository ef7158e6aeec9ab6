import { show, typeError } from '../errors.js';
import { readOptions } from '../options.js';
import { endLine, type OutputStream, printLines } from '../terminal/output.js';
import { Progbar } from '../terminal/progbar.js';
import { Callback, type Logs } from './callback.js';
import type { CallbackParams } from './types.js';

export interface ProgbarLoggerOptions {
  /** Where to write. Default `process.stdout`. */
  stream?: OutputStream;
  /** Seconds that only grow. Default: the process's monotonic clock. */
  clock?: () => number;
}

/** Trainings that show their progress on a stream: where there are several, their lines say whose they are. */
const shown = new WeakMap<OutputStream, Set<ProgbarLogger>>();

/**
 * Shows the progress of `fit`, `evaluate` and `predict`; added by them unless `verbose` is 0, or 'auto' where nobody watches.
 *
 * `verbose` 1 is a bar, redrawn on a terminal (elsewhere only its final line is written), 2 is one line an epoch. Validation inside `fit` has no
 * bar of its own; the lines of `evaluate` and `predict` begin with that word. Layout: that of tf.keras. A value above 1e-3 is written as `0.1234`, a smaller one as `1.2345e-04`; of a metric with one value
 * a class the mean is shown.
 * @example await model.fit(x, y, { epochs: 3, verbose: 2 }); // one line an epoch
 */
export class ProgbarLogger extends Callback {
  readonly #stream: OutputStream;
  readonly #clock?: () => number;
  #bar: Progbar | null = null;
  #target: number | null = null;
  #seen = 0;
  #ended: number | null = null;
  #inFit = false;
  /** While `fit` validates, its bar stands still: counts and results are then those of another run. */
  #validating = false;

  constructor(options: ProgbarLoggerOptions = {}) {
    super();
    const o = readOptions<ProgbarLoggerOptions>('ProgbarLogger', options, { stream: undefined, clock: undefined });
    if (o.stream != null && typeof o.stream.write !== 'function')
      throw typeError(`ProgbarLogger: 'stream' must have a method write. Received: ${show(o.stream)}`);
    if (o.clock != null && typeof o.clock !== 'function')
      throw typeError(`ProgbarLogger: 'clock' must be a function. Received: ${show(o.clock)}`);
    this.#stream = o.stream ?? process.stdout;
    this.#clock = o.clock;
  }

  override setParams(params: CallbackParams): void {
    super.setParams(params);
    this.#target = params.steps ?? null;
  }

  /** Whether `update` has a use now: on a terminal, with `verbose` 1, while a bar stands. */
  get isLive(): boolean {
    return !this.#validating && (this.#bar?.isLive ?? false);
  }

  /** `step` batches are done, with these results so far. May be called as often as one likes; draws at most every 50 ms. */
  update(step: number, logs: Logs = {}): void {
    if (this.#validating) return;
    this.#seen = step;
    this.#bar?.update(step, logs);
  }

  /** The next epoch has so many batches. */
  expect(steps: number): void {
    this.#target = steps;
  }

  /** How many batches there really were, where that was not known before, or where the run is cut short. */
  endedAt(steps: number): void {
    if (!this.#validating) this.#ended = steps;
  }

  /** Ends a line that was left unfinished by an error, so that what follows starts on a line of its own. */
  close(): void {
    if (this.#bar) endLine(this.#stream, this.#bar);
    this.#bar = null;
    this.#inFit = false;
    this.#validating = false;
    shown.get(this.#stream)?.delete(this);
  }

  /** An epoch goes on that had done so many batches before: they took no time of this run. */
  goesOnAt(epoch: number, from: number): void {
    this.#beginEpoch(epoch, from);
  }

  override onTrainBegin(_logs: Logs): void {
    this.#inFit = true;
    if (this.params.verbose === 0) return;
    if (!shown.has(this.#stream)) shown.set(this.#stream, new Set());
    shown.get(this.#stream)?.add(this);
  }

  override onTrainEnd(_logs: Logs): void {
    this.#inFit = false;
    shown.get(this.#stream)?.delete(this);
  }

  override onEpochBegin(epoch: number, _logs: Logs): void {
    this.#beginEpoch(epoch, 0);
  }

  #beginEpoch(epoch: number, from: number): void {
    const { verbose, epochs } = this.params;
    const which = `${epoch + 1}/${epochs}`;
    // A heading does not stay above its line where others write lines between.
    const isAlone = () => (shown.get(this.#stream)?.size ?? 0) < 2;
    this.#begin(() => (isAlone() ? '' : `${this.model.name ?? 'model'}, epoch ${which}:`), from);
    if (verbose > 0 && epochs > 1 && isAlone()) printLines(this.#stream, `Epoch ${which}\n`);
  }

  override onTrainBatchEnd(batch: number, logs: Logs): void {
    this.update(batch + 1, logs);
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    this.#finish(logs);
  }

  override onTestBegin(_logs: Logs): void {
    this.#validating = this.#inFit;
    if (!this.#inFit) this.#begin(() => 'evaluate');
  }

  override onTestBatchEnd(batch: number, logs: Logs): void {
    this.update(batch + 1, logs);
  }

  override onTestEnd(logs: Logs): void {
    this.#validating = false;
    if (!this.#inFit) this.#finish(logs);
  }

  override onPredictBegin(_logs: Logs): void {
    this.#begin(() => 'predict');
  }

  override onPredictBatchEnd(batch: number, _logs: Logs): void {
    this.update(batch + 1);
  }

  override onPredictEnd(_logs: Logs): void {
    this.#finish({});
  }

  #begin(label: () => string, from = 0): void {
    const { verbose } = this.params;
    this.#seen = 0;
    this.#ended = null;
    const options = { target: this.#target, verbose, label, from, stream: this.#stream, clock: this.#clock };
    this.#bar = verbose > 0 ? new Progbar(options) : null;
  }

  #finish(logs: Logs): void {
    if (!this.#bar) return;
    const steps = this.#ended ?? this.#target ?? this.#seen;
    // What the first epoch found out is what the next ones count up to.
    this.#target ??= steps;
    this.#bar.finish(steps, logs);
    this.#bar = null;
  }
}

export const progbarLoggerCallbacks = { ProgbarLogger };
