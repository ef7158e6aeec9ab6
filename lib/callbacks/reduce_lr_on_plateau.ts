import { checkNumber, readOptions } from '../options.js';
import { repr32 } from '../terminal/numbers.js';
import { printMessage } from '../terminal/output.js';
import { Callback, type Logs } from './callback.js';
import { learningRate, type Mode } from './monitor.js';
import { Watch } from './watch.js';

export interface ReduceLROnPlateauOptions {
  /** Name of the value in the logs, or a list of names: the rate stays as long as one of them improves. Default `'val_loss'`. */
  monitor?: string | readonly string[];
  /** The new learning rate is `factor` times the old one; at least 0 and below 1. Default 0.1. */
  factor?: number;
  /** Epochs without improvement after which the learning rate is reduced. Default 10. */
  patience?: number;
  /** 1 says when the learning rate is reduced. Default 0. */
  verbose?: number;
  /** Whether less or more is better; 'auto' asks the metric, then goes by the name (holds acc, or ends in auc: more). With several values one for all or a list. Default 'auto'. */
  mode?: Mode | readonly Mode[];
  /** A smaller change is no improvement. Default 1e-4. */
  minDelta?: number;
  /** Epochs after a reduction in which none are counted. Default 0. */
  cooldown?: number;
  /** Lower bound of the learning rate. Default 0. */
  minLr?: number;
}

/**
 * Reduces the learning rate when a value has stopped improving. Adds the rate that each epoch was trained with to the logs, as `lr`.
 *
 * @example
 * callbacks.reduceLROnPlateau({ monitor: 'val_loss', factor: 0.2, patience: 5, minLr: 1e-5 });
 *
 * @throws TypeError for an unknown option or a value of the wrong type, ValueError for a value out of range such as `factor` of 1 or more; `fit` rejects
 *   with a ValueError (ERR_MONITOR) after the first epoch that should have had the monitored value and did not.
 * Keras: https://keras.io/api/callbacks/reduce_lr_on_plateau/
 */
export class ReduceLROnPlateau extends Callback {
  readonly monitor: string | readonly string[];
  readonly factor: number;
  readonly patience: number;
  readonly verbose: number;
  readonly mode: Mode | readonly Mode[];
  readonly minDelta: number;
  readonly cooldown: number;
  readonly minLr: number;
  /** Epochs since the last improvement. */
  wait = 0;
  /** Epochs of cooldown that are left. */
  cooldownCounter = 0;
  readonly #watch: Watch;

  constructor(options: ReduceLROnPlateauOptions = {}) {
    super();
    const where = 'ReduceLROnPlateau';
    const o = readOptions<Required<ReduceLROnPlateauOptions>>(where, options, {
      monitor: 'val_loss',
      factor: 0.1,
      patience: 10,
      verbose: 0,
      mode: 'auto',
      minDelta: 1e-4,
      cooldown: 0,
      minLr: 0,
    });
    this.#watch = new Watch(where, o.monitor, o.mode);
    this.monitor = o.monitor;
    this.mode = o.mode;
    this.factor = checkNumber(where, 'factor', o.factor, { min: 0, below: 1 });
    this.patience = checkNumber(where, 'patience', o.patience, { min: 0, integer: true });
    this.verbose = checkNumber(where, 'verbose', o.verbose, { min: 0, integer: true });
    this.minDelta = checkNumber(where, 'minDelta', o.minDelta);
    this.cooldown = checkNumber(where, 'cooldown', o.cooldown, { min: 0, integer: true });
    this.minLr = checkNumber(where, 'minLr', o.minLr, { min: 0 });
  }

  /** The best value so far; of several a list. */
  get best(): number | number[] {
    return this.#watch.best;
  }
  set best(value: number | number[]) {
    this.#watch.best = value;
  }

  override onTrainBegin(_logs: Logs): void {
    learningRate('ReduceLROnPlateau', this.model);
    this.#watch.begin(this.model, /acc|auc$/);
    this.cooldownCounter = 0;
    this.wait = 0;
  }

  override getState() {
    const { wait, cooldownCounter, best } = this;
    return { wait, cooldownCounter, best };
  }
  override setState(state: ReturnType<ReduceLROnPlateau['getState']>): void {
    Object.assign(this, state);
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    const rate = learningRate('ReduceLROnPlateau', this.model);
    logs.lr = rate;
    const values = this.#watch.read(logs, this.params);
    if (!values) return;
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--;
      this.wait = 0;
    }
    const improved = this.#watch.improve(values, (i, value, best) => this.#watch.isFurther(i, value, best, this.minDelta));
    if (improved.includes(true)) this.wait = 0;
    else if (this.cooldownCounter === 0 && ++this.wait >= this.patience) this.#reduce(epoch, rate);
  }

  override onTrainEnd(logs: Logs): void {
    this.#watch.warnUnseen(logs);
  }

  #reduce(epoch: number, rate: number): void {
    // The optimizer may hold the rate as a float32: at the bound it must not look as if it were above.
    if (!(Math.fround(rate) > Math.fround(this.minLr))) return;
    const reduced = Math.max(rate * this.factor, this.minLr);
    this.model.optimizer.learningRate = reduced;
    if (this.verbose > 0) printMessage(`\nEpoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${repr32(reduced)}.`);
    this.cooldownCounter = this.cooldown;
    this.wait = 0;
  }
}

export const reduceLrOnPlateauCallbacks = { ReduceLROnPlateau };
