import { show, ValueError } from '../errors.js';
import type { CallbackModel, Logs } from './callback.js';

export type Mode = 'auto' | 'min' | 'max';
export const MODES: readonly Mode[] = ['auto', 'min', 'max'];

/** Whether the monitored value is to grow or to shrink: as told, else as the metric itself knows, else by its name as in tf.keras. */
export function direction(monitor: string, mode: Mode, model: CallbackModel, growing: RegExp): 'min' | 'max' {
  if (mode !== 'auto') return mode;
  const name = monitor.replace(/^val_/, '');
  if (name === 'loss') return 'min';
  return model.metricDirection?.(name) ?? (growing.test(monitor) ? 'max' : 'min');
}

export function warn(message: string): void {
  process.emitWarning(message, { type: 'GemmfitWarning', code: 'GEMMFIT_CALLBACK' });
}

/** Reads one value of the logs, and warns once a training where it is not there: with `validationFreq` it may come later. */
export class Monitor {
  #warned = false;

  constructor(
    readonly where: string,
    readonly name: string,
  ) {}

  reset(): void {
    this.#warned = false;
  }

  read(logs: Logs): number | undefined {
    const value: unknown = Object.hasOwn(logs, this.name) ? logs[this.name] : undefined;
    if (typeof value === 'number') return value;
    if (value !== undefined && value !== null)
      throw new ValueError(
        `${this.where}: '${this.name}' must be one number to be compared. Received: ${show(value)}. A metric with one value a class needs an average.`,
        'ERR_MONITOR',
      );
    if (!this.#warned)
      warn(
        `${this.where}: '${this.name}' is not among the results of this epoch (${Object.keys(logs).join(', ')}); nothing is done for it.`,
      );
    this.#warned = true;
    return undefined;
  }
}

/** The learning rate of the model's optimizer, where it is a number that may be changed. */
export function learningRate(where: string, model: CallbackModel): number {
  const rate: unknown = model.optimizer?.learningRate;
  if (typeof rate === 'number') return rate;
  throw Object.assign(
    new TypeError(
      `${where}: the learning rate of the optimizer must be a number for a callback to change it. Received: ${show(rate)}. Compile with learningRate: 1e-3 or the like.`,
    ),
    { code: 'ERR_SCHEDULE' },
  );
}
