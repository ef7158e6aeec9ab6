import { show, typeError } from '../errors.js';
import { checkNumber } from '../options.js';
import { FunctionSchedule } from '../schedules/function_schedule.js';
import { LearningRateSchedule, scheduleRegistry } from '../schedules/index.js';

/** A learning rate: a number, a schedule in any form that names one, or a function of the number of updates done before. */
export type LearningRate = number | LearningRateSchedule | ((step: number) => number) | object;

/** Options that every optimizer takes. */
export interface OptimizerOptions {
  /** Default: that of the class. */
  learningRate?: LearningRate;
  /** Keras 2's word for `learningRate`. */
  lr?: number;
  /** Keras 2's decay: the rate of an update is `learningRate / (1 + decay * updates before it)`. Default 0. */
  decay?: number;
  /** Before each update, weights shrink by `learningRate * weightDecay` of themselves. Default null: they do not. */
  weightDecay?: number | null;
  /** The gradient of each weight is scaled down to at most this norm. Only one of the three kinds of clipping may be given. */
  clipnorm?: number | null;
  /** Every element of a gradient is cut to `[-clipvalue, clipvalue]`. */
  clipvalue?: number | null;
  /** All gradients together are scaled down to at most this norm. */
  globalClipnorm?: number | null;
  /** Keep a running average of the weights, which replaces them at the end of `fit`. Default false. */
  useEma?: boolean;
  /** How much of the average stays at each update, 0 to 1. Default 0.99. */
  emaMomentum?: number;
  /** Also replace the weights by their average at every so many updates. Default null: only at the end. */
  emaOverwriteFrequency?: number | null;
  /** For 16-bit floats. Gradients here are float32, in which scaling the loss and unscaling them cancels out: kept in the config, without effect. */
  lossScaleFactor?: number | null;
  /** Update once in so many batches (2 or more), by the mean of their gradients. Default null: at each batch. */
  gradientAccumulationSteps?: number | null;
  name?: string | null;
}

export const commonDefaults: { [K in keyof Required<OptimizerOptions>]: undefined } = {
  learningRate: undefined,
  lr: undefined,
  decay: undefined,
  weightDecay: undefined,
  clipnorm: undefined,
  clipvalue: undefined,
  globalClipnorm: undefined,
  useEma: undefined,
  emaMomentum: undefined,
  emaOverwriteFrequency: undefined,
  lossScaleFactor: undefined,
  gradientAccumulationSteps: undefined,
  name: undefined,
};

/** A rate as it is kept: a number, or a schedule made of whatever names one. */
export function readRate(where: string, rate: unknown): number | LearningRateSchedule {
  if (typeof rate === 'number') return checkNumber(where, 'learningRate', rate);
  if (rate instanceof LearningRateSchedule) return rate;
  if (typeof rate === 'function') return new FunctionSchedule(rate as (step: number) => number);
  if (typeof rate === 'object' && rate !== null) return scheduleRegistry.resolve(rate, `${where}: 'learningRate'`);
  throw typeError(`${where}: 'learningRate' must be a number, a schedule, or a function of the step. Received: ${show(rate)}`);
}

/** A coefficient of a running average: how much of the old stays. */
export const checkShare = (where: string, name: string, value: unknown): number =>
  checkNumber(where, name, value, { min: 0, below: 1 });

/** The small number that keeps divisions finite. Keras 2 writes null for its default. */
export const checkEpsilon = (where: string, value: unknown): number => checkNumber(where, 'epsilon', value ?? 1e-7, { min: 0 });
