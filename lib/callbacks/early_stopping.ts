import type { WeightArray } from '../data/inputs.js';
import { show, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, readOptions } from '../options.js';
import { printMessage } from '../terminal/output.js';
import { Callback, type Logs } from './callback.js';
import type { Mode } from './monitor.js';
import { Watch } from './watch.js';

export interface EarlyStoppingOptions {
  /** Name of the value in the logs, or a list of names: training goes on as long as one of them improves. Default `'val_loss'`. */
  monitor?: string | readonly string[];
  /** A smaller change is no improvement; only its size counts. Default 0. */
  minDelta?: number;
  /** Epochs in a row without improvement after which training stops. Default 0: at the first one, but not after the first epoch. */
  patience?: number;
  /** 1 says when training is stopped and weights are restored. Default 0. */
  verbose?: number;
  /** Whether less or more is better; 'auto' asks the metric, then goes by the name (ends in acc, accuracy, auc: more). With several values one for all or a list. Default 'auto'. */
  mode?: Mode | readonly Mode[];
  /** Patience only starts anew when the value is also better than this. Default null. */
  baseline?: number | null;
  /** Training stops once the value has come to this; of several values a list, of which all are to be reached (null: that one need not). Default null. */
  target?: number | readonly (number | null)[] | null;
  /** Seconds after which training stops with the epoch that is under way; `timeLimit` of `fit` stops within it. Default null. */
  timeLimit?: number | null;
  /** At the end of training, go back to the weights of the best epoch (of several values: of the first). Default false. */
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
 * @example
 * callbacks.earlyStopping({ monitor: ['val_loss', 'val_accuracy'], patience: 5, target: [null, 0.99], timeLimit: 600 });
 *
 * @throws TypeError for an unknown option or a value of the wrong type, ValueError for a value out of range; `fit` rejects with a ValueError
 *   (ERR_MONITOR) after the first epoch that should have had the monitored value and did not.
 * Keras: https://keras.io/api/callbacks/early_stopping/
 */
export class EarlyStopping extends Callback {
  readonly monitor: string | readonly string[];
  readonly minDelta: number;
  readonly patience: number;
  readonly verbose: number;
  readonly mode: Mode | readonly Mode[];
  readonly target: number | readonly (number | null)[] | null;
  readonly timeLimit: number | null;
  readonly baseline: number | null;
  readonly restoreBestWeights: boolean;
  readonly startFromEpoch: number;
  /** Epochs since the last improvement. */
  wait = 0;
  /** Index of the epoch after which training was stopped; 0 where it was not. */
  stoppedEpoch = 0;
  bestEpoch = 0;
  bestWeights: readonly WeightArray[] | null = null;
  readonly #watch: Watch;
  readonly #targets: readonly (number | null)[];
  #began = 0;

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
      target: null,
      timeLimit: null,
      restoreBestWeights: false,
      startFromEpoch: 0,
    });
    this.#watch = new Watch(where, o.monitor, o.mode);
    this.monitor = o.monitor;
    this.mode = o.mode;
    this.minDelta = Math.abs(checkNumber(where, 'minDelta', o.minDelta));
    this.patience = checkNumber(where, 'patience', o.patience, { min: 0, integer: true });
    this.verbose = checkNumber(where, 'verbose', o.verbose, { min: 0, integer: true });
    this.baseline = o.baseline === null ? null : checkNumber(where, 'baseline', o.baseline);
    this.restoreBestWeights = checkBoolean(where, 'restoreBestWeights', o.restoreBestWeights);
    this.startFromEpoch = checkNumber(where, 'startFromEpoch', o.startFromEpoch, { min: 0, integer: true });
    this.target = o.target;
    this.timeLimit = o.timeLimit === null ? null : checkNumber(where, 'timeLimit', o.timeLimit, { above: 0 });
    this.#targets = readTargets(where, o.target, this.#watch.names.length);
    if (this.baseline !== null && this.#watch.names.length > 1)
      throw new ValueError(
        `${where}: 'baseline' goes with one value of 'monitor'. Give each a callback of its own.`,
        'ERR_OPTIONS',
      );
  }

  /** The best value so far; of several a list. */
  get best(): number | number[] {
    return this.#watch.best;
  }
  set best(value: number | number[]) {
    this.#watch.best = value;
  }

  override onTrainBegin(_logs: Logs): void {
    this.#watch.begin(this.model, /(acc|accuracy|auc)$/);
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.bestEpoch = 0;
    this.bestWeights = null;
    this.#began = performance.now();
  }

  override getState() {
    const { wait, stoppedEpoch, best, bestEpoch, bestWeights } = this;
    return { wait, stoppedEpoch, best, bestEpoch, bestWeights: bestWeights && [...bestWeights] };
  }
  override setState(state: ReturnType<EarlyStopping['getState']>): void {
    Object.assign(this, state);
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    const values = this.#watch.read(logs, this.params);
    if (this.timeLimit !== null && performance.now() - this.#began > 1000 * this.timeLimit) this.#stop(epoch, 'timeLimit');
    if (!values || epoch < this.startFromEpoch) return;
    // Without any improvement (NaN from the start) the weights of the first epoch looked at are the best there are.
    if (this.restoreBestWeights && this.bestWeights === null) this.#remember(epoch);
    this.wait++;
    const improved = this.#watch.improve(values, (i, value, best) => this.#watch.isBetter(i, value, best, this.minDelta));
    if (improved[0]) this.#remember(epoch);
    if (this.#reached(values)) this.#stop(epoch, 'earlyStopping');
    if (improved.includes(true)) {
      if (this.baseline === null || this.#watch.isBetter(0, values[0] as number, this.baseline, this.minDelta)) this.wait = 0;
      return;
    }
    if (this.wait >= this.patience && epoch > 0) this.#stop(epoch, 'earlyStopping');
  }

  override onTrainEnd(logs: Logs): void {
    this.#watch.warnUnseen(logs);
    if (this.stoppedEpoch > 0 && this.verbose > 0) printMessage(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    if (this.bestWeights === null) return;
    if (this.verbose > 0) printMessage(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`);
    this.model.setWeights(this.bestWeights);
  }

  #stop(epoch: number, reason: 'earlyStopping' | 'timeLimit'): void {
    this.stoppedEpoch = epoch;
    if (this.model.history) this.model.history.stopReason = reason;
    this.model.stopTraining = true;
  }

  #reached(values: readonly (number | undefined)[]): boolean {
    const asked = this.#targets.flatMap((target, i) => (target === null ? [] : [{ target, value: values[i], i }]));
    return (
      asked.length > 0 && asked.every(({ target, value, i }) => value !== undefined && this.#watch.reaches(i, value, target))
    );
  }

  #remember(epoch: number): void {
    this.bestEpoch = epoch;
    if (this.restoreBestWeights) this.bestWeights = this.model.getWeights();
  }
}

/** One target for each value; null where there is none. */
function readTargets(where: string, given: unknown, count: number): (number | null)[] {
  const all: unknown[] = Array.isArray(given) ? given : given === null ? [] : [given];
  if (all.length !== 0 && all.length !== count)
    throw new ValueError(
      `${where}: 'target' must be one for each of the ${count} values of 'monitor', [0.1, null]. Received: ${show(given)}`,
      'ERR_LENGTHS',
    );
  return all.map((target) => (target === null ? null : checkNumber(where, 'target', target)));
}

export const earlyStoppingCallbacks = { EarlyStopping };
