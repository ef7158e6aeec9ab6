import { show, ValueError } from '../errors.js';
import { nearest } from '../options.js';
import { warnOnce } from '../warnings.js';
import type { Logs } from './callback.js';
import type { CallbackParams, WatchedModel } from './types.js';

export type Mode = 'auto' | 'min' | 'max';
export const MODES: readonly Mode[] = ['auto', 'min', 'max'];

/** Whether the monitored value is to grow or to shrink: as told, else as the metric itself knows, else by its name as in tf.keras. */
export function direction(
  monitor: string,
  mode: Mode,
  model: Pick<WatchedModel, 'metricDirection'>,
  growing: RegExp,
): 'min' | 'max' {
  if (mode !== 'auto') return mode;
  const name = monitor.replace(/^val_/, '');
  if (name === 'loss') return 'min';
  return model.metricDirection?.(name) ?? (growing.test(monitor) ? 'max' : 'min');
}

export function warn(message: string): void {
  warnOnce('GEMMFIT_CALLBACK', message, 'GemmfitWarning');
}

/**
 * Reads one value of the logs. A name that no log has is an error after the first epoch that should have had it: a `val_...` that the model
 * does not compute after the first validation (or at once, where there is none), any other name after the first epoch.
 */
export class Monitor {
  #seen = false;

  constructor(
    readonly where: string,
    readonly name: string,
  ) {}

  reset(): void {
    this.#seen = false;
  }

  /** undefined where there is nothing to compare in this epoch. */
  read(logs: Logs, params?: CallbackParams): number | undefined {
    const value: unknown = Object.hasOwn(logs, this.name) ? logs[this.name] : undefined;
    if (typeof value === 'number') {
      this.#seen = true;
      return value;
    }
    if (value !== undefined && value !== null)
      throw new ValueError(
        `${this.where}: '${this.name}' must be one number to be compared. Received: ${show(value)}. A metric with one value a class needs an average.`,
        'ERR_MONITOR',
      );
    // One that came before comes again: with `validationFreq`, or from a callback that adds it now and then.
    if (!this.#seen && this.#isDue(logs, params)) throw this.#missing(logs, params);
    return undefined;
  }

  /** At the end: with `validationFreq` a training may be over before its first validation. */
  warnUnseen(logs: Logs): void {
    if (this.#seen || Object.keys(logs).length === 0) return;
    warn(
      `${this.where}: no epoch of this training had '${this.name}' among its results, as none validated; nothing was done for it.`,
    );
  }

  #isDue(logs: Logs, params?: CallbackParams): boolean {
    const prefix = prefixesOf(params).find((p) => this.name.startsWith(p));
    if (prefix === undefined) return true;
    return params?.doValidation !== true || Object.keys(logs).some((key) => key.startsWith(prefix));
  }

  #missing(logs: Logs, params?: CallbackParams): ValueError {
    const names = Object.keys(logs);
    const validates = params?.doValidation === true || names.some((key) => key.startsWith('val_'));
    const hint =
      this.name.startsWith('val_') && !validates
        ? ' This fit does not validate: give it validationSplit or validationData, or monitor what there is.'
        : nearestHint(this.name, names);
    return new ValueError(
      `${this.where}: there is no '${this.name}' among the results of an epoch, which are ${names.join(', ')}.${hint}`,
      'ERR_MONITOR',
    );
  }
}

/** What the names of validation results begin with. */
const prefixesOf = (params?: CallbackParams): readonly string[] => ['val_', ...(params?.validationSets ?? [])];

function nearestHint(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near ? ` Did you mean '${near}'?` : " Monitor one of them, or add the metric to compile's 'metrics'.";
}

/** The learning rate of the model's optimizer, where it is a number that may be changed. */
export function learningRate(where: string, model: WatchedModel): number {
  const rate: unknown = model.optimizer?.learningRate;
  if (typeof rate === 'number') return rate;
  throw Object.assign(
    new TypeError(
      `${where}: the learning rate of the optimizer must be a number for a callback to change it. Received: ${show(rate)}. Compile with learningRate: 1e-3 or the like.`,
    ),
    { code: 'ERR_SCHEDULE' },
  );
}
