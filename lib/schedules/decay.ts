import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, readOptions } from '../options.js';
import type { Config } from '../registry.js';
import { BuiltInSchedule, checkSteps, f } from './schedule.js';

export interface DecayOptions {
  /** Rate at step 0. */
  initialLearningRate: number;
  /** Steps over which it decays by `decayRate`; above 0. */
  decaySteps: number;
  decayRate: number;
  /** In steps of `decaySteps` instead of a little at every step. Default false. */
  staircase?: boolean;
  name?: string | null;
}

abstract class RateDecay extends BuiltInSchedule {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  readonly staircase: boolean;
  constructor(options: DecayOptions) {
    const where = new.target.className;
    const defaults = {
      initialLearningRate: undefined as unknown,
      decaySteps: undefined as unknown,
      decayRate: undefined as unknown,
      staircase: false,
      name: where as unknown,
    };
    const o = readOptions(where, options, defaults);
    super(o.name);
    this.initialLearningRate = checkNumber(where, 'initialLearningRate', o.initialLearningRate);
    this.decaySteps = checkSteps(where, 'decaySteps', o.decaySteps);
    this.decayRate = checkNumber(where, 'decayRate', o.decayRate);
    this.staircase = checkBoolean(where, 'staircase', o.staircase);
  }
  protected progress(step: number): number {
    const p = f(f(step) / f(this.decaySteps));
    return this.staircase ? Math.floor(p) : p;
  }
  override getConfig(): Config {
    const { initialLearningRate, decaySteps, decayRate, staircase, name } = this;
    return { initialLearningRate, decaySteps, decayRate, staircase, name };
  }
}

/**
 * `initialLearningRate * decayRate ^ (step / decaySteps)`
 * @example optimizers.sgd({ learningRate: schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 1000, decayRate: 0.9 }) })
 */
export class ExponentialDecay extends RateDecay {
  static override readonly className = 'ExponentialDecay';
  call(step: number): number {
    return f(f(this.initialLearningRate) * f(f(this.decayRate) ** this.progress(step)));
  }
}

/**
 * `initialLearningRate / (1 + decayRate * step / decaySteps)`
 * @example optimizers.sgd({ learningRate: schedules.inverseTimeDecay({ initialLearningRate: 0.1, decaySteps: 1000, decayRate: 0.5 }) })
 */
export class InverseTimeDecay extends RateDecay {
  static override readonly className = 'InverseTimeDecay';
  call(step: number): number {
    return f(f(this.initialLearningRate) / f(1 + f(f(this.decayRate) * this.progress(step))));
  }
}

export interface PiecewiseConstantDecayOptions {
  /** Last step of each value but the last one, ascending. */
  boundaries: readonly number[];
  /** One more than there are boundaries. */
  values: readonly number[];
  name?: string | null;
}

/**
 * One rate up to and including each boundary, and the last value after them all.
 * @example optimizers.sgd({ learningRate: schedules.piecewiseConstantDecay({ boundaries: [1000, 5000], values: [0.1, 0.01, 0.001] }) })
 */
export class PiecewiseConstantDecay extends BuiltInSchedule {
  static override readonly className = 'PiecewiseConstantDecay';
  static readonly aliases = ['PiecewiseConstant', 'piecewise_constant'];
  readonly boundaries: readonly number[];
  readonly values: readonly number[];
  constructor(options: PiecewiseConstantDecayOptions) {
    const where = 'PiecewiseConstantDecay';
    const o = readOptions(where, options, {
      boundaries: undefined as unknown,
      values: undefined as unknown,
      name: 'PiecewiseConstant' as unknown,
    });
    super(o.name);
    const numbers = (name: string, list: unknown) => {
      if (!Array.isArray(list)) throw typeError(`${where}: '${name}' must be a list of numbers. Received: ${show(list)}`);
      return list.map((x) => checkNumber(where, name, x));
    };
    this.boundaries = numbers('boundaries', o.boundaries);
    this.values = numbers('values', o.values);
    if (this.boundaries.length !== this.values.length - 1)
      throw new ValueError(
        `${where}: there must be one value more than boundaries. Received: ${this.boundaries.length} boundaries and ${this.values.length} values`,
        'ERR_OUT_OF_RANGE',
      );
    if (this.boundaries.some((b, i) => i > 0 && b <= this.boundaries[i - 1]))
      throw new ValueError(`${where}: 'boundaries' must ascend. Received: ${show(this.boundaries)}`, 'ERR_OUT_OF_RANGE');
  }
  call(step: number): number {
    const i = this.boundaries.findIndex((b) => step <= b);
    return f(this.values[i < 0 ? this.values.length - 1 : i]);
  }
  override getConfig(): Config {
    return { boundaries: [...this.boundaries], values: [...this.values], name: this.name };
  }
}

export interface PolynomialDecayOptions {
  /** Rate at step 0. */
  initialLearningRate: number;
  /** Steps until the end rate is reached; above 0. */
  decaySteps: number;
  /** Default 0.0001. */
  endLearningRate?: number;
  /** Default 1: a straight line. */
  power?: number;
  /** Start anew, over a longer and longer time, whenever the end is reached. Default false: stay there. */
  cycle?: boolean;
  name?: string | null;
}

/**
 * `(initialLearningRate - endLearningRate) * (1 - step / decaySteps) ^ power + endLearningRate`
 * @example optimizers.sgd({ learningRate: schedules.polynomialDecay({ initialLearningRate: 0.1, decaySteps: 1000, endLearningRate: 0.01, power: 2 }) })
 */
export class PolynomialDecay extends BuiltInSchedule {
  static override readonly className = 'PolynomialDecay';
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly endLearningRate: number;
  readonly power: number;
  readonly cycle: boolean;
  constructor(options: PolynomialDecayOptions) {
    const where = 'PolynomialDecay';
    const defaults = {
      initialLearningRate: undefined as unknown,
      decaySteps: undefined as unknown,
      endLearningRate: 0.0001,
      power: 1,
      cycle: false,
      name: where as unknown,
    };
    const o = readOptions(where, options, defaults);
    super(o.name);
    this.initialLearningRate = checkNumber(where, 'initialLearningRate', o.initialLearningRate);
    this.decaySteps = checkSteps(where, 'decaySteps', o.decaySteps);
    this.endLearningRate = checkNumber(where, 'endLearningRate', o.endLearningRate);
    this.power = checkNumber(where, 'power', o.power);
    this.cycle = checkBoolean(where, 'cycle', o.cycle);
  }
  call(step: number): number {
    const first = f(this.initialLearningRate);
    const end = f(this.endLearningRate);
    let steps = f(this.decaySteps);
    let done = f(step);
    if (this.cycle) steps = f(steps * (done === 0 ? 1 : Math.ceil(f(done / steps))));
    else done = Math.min(done, steps);
    return f(f(f(first - end) * f(f(1 - f(done / steps)) ** f(this.power))) + end);
  }
  override getConfig(): Config {
    const { initialLearningRate, decaySteps, endLearningRate, power, cycle, name } = this;
    return { initialLearningRate, decaySteps, endLearningRate, power, cycle, name };
  }
}

export const decaySchedules = { ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay };
