import { isPromise, show, typeError, ValueError } from '../errors.js';
import { checkNumber, readOptions } from '../options.js';
import { repr } from '../terminal/numbers.js';
import { printMessage } from '../terminal/output.js';
import { Callback, type Logs } from './callback.js';
import { learningRate } from './monitor.js';
import type { HookResult } from './types.js';

/** Gives the learning rate of an epoch (counted from 0) from its index and the rate of the epoch before. */
export type EpochSchedule = (epoch: number, lr: number) => number | Promise<number>;

export interface LearningRateSchedulerOptions {
  schedule: EpochSchedule;
  /** 1 says at every epoch what the learning rate is set to. Default 0. */
  verbose?: number;
}

/**
 * Sets the learning rate at the beginning of every epoch, and adds it to the logs as `lr`.
 *
 * @example
 * callbacks.learningRateScheduler((epoch, lr) => (epoch < 10 ? lr : lr * 0.9));
 * callbacks.learningRateScheduler({ schedule: (epoch) => 0.1 / (1 + epoch), verbose: 1 });
 *
 * @throws TypeError where the optimizer was made with a schedule object, ValueError where the function gives no finite number.
 * Keras: https://keras.io/api/callbacks/learning_rate_scheduler/
 */
export class LearningRateScheduler extends Callback {
  readonly schedule: EpochSchedule;
  readonly verbose: number;

  constructor(schedule: EpochSchedule | LearningRateSchedulerOptions, options?: { verbose?: number }) {
    super();
    const where = 'LearningRateScheduler';
    if (typeof schedule !== 'function' && options !== undefined)
      throw typeError(
        `${where}: options go either beside the function or into one object with it. Received: ${show(schedule)} and ${show(options)}`,
      );
    const given = typeof schedule === 'function' ? { ...readOptions(where, options, { verbose: 0 }), schedule } : schedule;
    const o = readOptions<{ schedule: unknown; verbose: number }>(where, given, { schedule: undefined, verbose: 0 });
    if (typeof o.schedule !== 'function')
      throw typeError(`${where}: 'schedule' must be a function (epoch, lr) => number. Received: ${show(o.schedule)}`);
    this.schedule = o.schedule as EpochSchedule;
    this.verbose = checkNumber(where, 'verbose', o.verbose, { min: 0, integer: true });
  }

  override onEpochBegin(epoch: number, _logs: Logs): HookResult {
    const rate: unknown = this.schedule(epoch, learningRate('LearningRateScheduler', this.model));
    return isPromise(rate) ? rate.then((r) => this.#set(epoch, r)) : this.#set(epoch, rate);
  }

  override onEpochEnd(_epoch: number, logs: Logs): HookResult {
    logs.lr = learningRate('LearningRateScheduler', this.model);
    return undefined;
  }

  #set(epoch: number, rate: unknown): void {
    if (typeof rate !== 'number' || !Number.isFinite(rate))
      throw new ValueError(
        `LearningRateScheduler: 'schedule' must give a finite number for epoch ${epoch}. Received: ${show(rate)}`,
        'ERR_SCHEDULE',
      );
    this.model.optimizer.learningRate = rate;
    if (this.verbose > 0) printMessage(`\nEpoch ${epoch + 1}: LearningRateScheduler setting learning rate to ${repr(rate)}.`);
  }
}

export const learningRateSchedulerCallbacks = { LearningRateScheduler };
