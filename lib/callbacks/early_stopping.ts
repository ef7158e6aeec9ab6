import type { WeightArray } from '../data/inputs.js';
import { show, typeError } from '../errors.js';
import { checkBoolean, checkNumber, checkOneOf, readOptions } from '../options.js';
import { printMessage } from '../terminal/output.js';
import { Callback, type Logs } from './callback.js';
import { direction, MODES, type Mode, Monitor } from './monitor.js';

export interface EarlyStoppingOptions {
  /** Name of the value in the logs. Default `'val_loss'`. */
  monitor?: string;
  /** A smaller change is no improvement; only its size counts. Default 0. */
  minDelta?: number;
  /** Epochs in a row without improvement after which training stops. Default 0: at the first one, but not after the first epoch. */
  patience?: number;
  /** 1 says when training is stopped and weights are restored. Default 0. */
  verbose?: number;
  /** Whether less or more is better; 'auto' asks the metric, then goes by the name (ends in acc, accuracy, auc: more). Default 'auto'. */
  mode?: Mode;
  /** Patience only starts anew when the value is also better than this. Default null. */
  baseline?: number | null;
  /** At the end of training, go back to the weights of the best epoch. Default false. */
  restoreBestWeights?: boolean;
  /** Epochs before this index are not looked at. Default 0. */
  startFromEpoch?: number;
}

/**
 * Stops training when a value has stopped improving.
 *
 * @example
 * await model.fit(x, y, { epochs: 100, validationSplit: 0.2, callbacks: [callbacks.earlyStopping({ patience: 3, restoreBestWeights: true })] });
 *
 * @throws TypeError for an unknown option or a value of the wrong type, ValueError for a value out of range; `fit` rejects with a ValueError
 *   (ERR_MONITOR) after the first epoch that should have had the monitored value and did not.
 * Keras: https://keras.io/api/callbacks/early_stopping/
 */
export class EarlyStopping extends Callback {
  readonly monitor: string;
  readonly minDelta: number;
  readonly patience: number;
  readonly verbose: number;
  readonly mode: Mode;
  readonly baseline: number | null;
  readonly restoreBestWeights: boolean;
  readonly startFromEpoch: number;
  /** Epochs since the last improvement. */
  wait = 0;
  /** Index of the epoch after which training was stopped; 0 where it was not. */
  stoppedEpoch = 0;
  best = Number.POSITIVE_INFINITY;
  bestEpoch = 0;
  bestWeights: readonly WeightArray[] | null = null;
  readonly #monitor: Monitor;
  #larger = false;

  constructor(options: EarlyStoppingOptions = {}) {
    super();
    const where = 'EarlyStopping';
    const o = readOptions<Required<EarlyStoppingOptions>>(where, options, {
      monitor: 'val_loss',
      minDelta: 0,
      patience: 0,
      verbose: 0,
      mode: 'auto',
      baseline: null,
      restoreBestWeights: false,
      startFromEpoch: 0,
    });
    if (typeof o.monitor !== 'string')
      throw typeError(`${where}: 'monitor' must be the name of a value in the logs. Received: ${show(o.monitor)}`);
    this.monitor = o.monitor;
    this.minDelta = Math.abs(checkNumber(where, 'minDelta', o.minDelta));
    this.patience = checkNumber(where, 'patience', o.patience, { min: 0, integer: true });
    this.verbose = checkNumber(where, 'verbose', o.verbose, { min: 0, integer: true });
    this.mode = checkOneOf(where, 'mode', o.mode, MODES);
    this.baseline = o.baseline === null ? null : checkNumber(where, 'baseline', o.baseline);
    this.restoreBestWeights = checkBoolean(where, 'restoreBestWeights', o.restoreBestWeights);
    this.startFromEpoch = checkNumber(where, 'startFromEpoch', o.startFromEpoch, { min: 0, integer: true });
    this.#monitor = new Monitor(where, this.monitor);
  }

  override onTrainBegin(_logs: Logs): void {
    this.#monitor.reset();
    this.#larger = direction(this.monitor, this.mode, this.model, /(acc|accuracy|auc)$/) === 'max';
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.best = this.#larger ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    this.bestEpoch = 0;
    this.bestWeights = null;
  }

  override getState() {
    const { wait, stoppedEpoch, best, bestEpoch, bestWeights } = this;
    return { wait, stoppedEpoch, best, bestEpoch, bestWeights: bestWeights && [...bestWeights] };
  }
  override setState(state: ReturnType<EarlyStopping['getState']>): void {
    Object.assign(this, state);
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    const value = this.#monitor.read(logs, this.params);
    if (value === undefined || epoch < this.startFromEpoch) return;
    // Without any improvement (NaN from the start) the weights of the first epoch looked at are the best there are.
    if (this.restoreBestWeights && this.bestWeights === null) this.#remember(epoch);
    this.wait++;
    if (this.#improves(value, this.best)) {
      this.best = value;
      this.#remember(epoch);
      if (this.baseline === null || this.#improves(value, this.baseline)) this.wait = 0;
      return;
    }
    if (this.wait >= this.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      if (this.model.history) this.model.history.stopReason = 'earlyStopping';
      this.model.stopTraining = true;
    }
  }

  override onTrainEnd(logs: Logs): void {
    this.#monitor.warnUnseen(logs);
    if (this.stoppedEpoch > 0 && this.verbose > 0) printMessage(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    if (this.bestWeights === null) return;
    if (this.verbose > 0) printMessage(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`);
    this.model.setWeights(this.bestWeights);
  }

  #remember(epoch: number): void {
    this.bestEpoch = epoch;
    if (this.restoreBestWeights) this.bestWeights = this.model.getWeights();
  }

  #improves(value: number, than: number): boolean {
    return this.#larger ? value - this.minDelta > than : value + this.minDelta < than;
  }
}

export const earlyStoppingCallbacks = { EarlyStopping };
