import { checkNumber, readOptions } from '../options.js';
import type { Config } from '../registry.js';
import { BuiltInSchedule, checkSteps, f } from './schedule.js';

/** From 1 at the start of a period to 0 at its end. */
const cosine = (done: number, height = 1): number => f(f(0.5 * height) * f(1 + f(Math.cos(f(f(Math.PI) * done)))));

export interface CosineDecayOptions {
  /** Rate at step 0. */
  initialLearningRate: number;
  /** Steps of the decay, after the warmup; above 0. */
  decaySteps: number;
  /** Where the decay ends, as a part of the rate at which it begins. Default 0. */
  alpha?: number;
  name?: string | null;
  /** Rate to climb to, in a straight line, before the decay. Default null: no warmup. */
  warmupTarget?: number | null;
  /** Steps of the warmup. Default 0. */
  warmupSteps?: number;
}

/**
 * Half a cosine wave, with an optional linear warmup before it. Loshchilov & Hutter, 2016; Goyal et al., 2017.
 * @example optimizers.sgd({ learningRate: schedules.cosineDecay({ initialLearningRate: 0, decaySteps: 1000, warmupTarget: 0.1, warmupSteps: 100 }) })
 */
export class CosineDecay extends BuiltInSchedule {
  static override readonly className = 'CosineDecay';
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly alpha: number;
  readonly warmupTarget: number | null;
  readonly warmupSteps: number;
  constructor(options: CosineDecayOptions) {
    const where = 'CosineDecay';
    const defaults = {
      initialLearningRate: undefined as unknown,
      decaySteps: undefined as unknown,
      alpha: 0,
      name: where as unknown,
      warmupTarget: null as unknown,
      warmupSteps: 0,
    };
    const o = readOptions(where, options, defaults);
    super(o.name);
    this.initialLearningRate = checkNumber(where, 'initialLearningRate', o.initialLearningRate);
    this.decaySteps = checkSteps(where, 'decaySteps', o.decaySteps);
    this.alpha = checkNumber(where, 'alpha', o.alpha);
    this.warmupTarget = o.warmupTarget === null ? null : checkNumber(where, 'warmupTarget', o.warmupTarget);
    this.warmupSteps = checkNumber(where, 'warmupSteps', o.warmupSteps, { min: 0 });
  }
  call(step: number): number {
    const first = f(this.initialLearningRate);
    const target = this.warmupTarget === null ? first : f(this.warmupTarget);
    const warmup = this.warmupTarget === null ? 0 : f(this.warmupSteps);
    if (step < warmup) return f(f(f(target - first) * f(f(step) / warmup)) + first);
    const done = f(Math.min(f(step - warmup), f(this.decaySteps)) / f(this.decaySteps));
    return f(target * f(f(f(1 - this.alpha) * cosine(done)) + f(this.alpha)));
  }
  override getConfig(): Config {
    const { initialLearningRate, decaySteps, alpha, name, warmupTarget, warmupSteps } = this;
    return { initialLearningRate, decaySteps, alpha, name, warmupTarget, warmupSteps };
  }
}

export interface CosineDecayRestartsOptions {
  /** Rate at step 0. */
  initialLearningRate: number;
  /** Steps of the first period; above 0. */
  firstDecaySteps: number;
  /** How much longer each period is than the one before; above 0. Default 2. */
  tMul?: number;
  /** Part of a period's first rate at which the next one begins. Default 1. */
  mMul?: number;
  /** Where a period ends, as a part of `initialLearningRate`. Default 0. */
  alpha?: number;
  name?: string | null;
}

/**
 * Half cosine waves one after the other, each from the top again. Loshchilov & Hutter, 2016.
 * @example optimizers.sgd({ learningRate: schedules.cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 1000 }) })
 */
export class CosineDecayRestarts extends BuiltInSchedule {
  static override readonly className = 'CosineDecayRestarts';
  readonly initialLearningRate: number;
  readonly firstDecaySteps: number;
  readonly tMul: number;
  readonly mMul: number;
  readonly alpha: number;
  constructor(options: CosineDecayRestartsOptions) {
    const where = 'CosineDecayRestarts';
    const defaults = {
      initialLearningRate: undefined as unknown,
      firstDecaySteps: undefined as unknown,
      tMul: 2,
      mMul: 1,
      alpha: 0,
      name: 'SGDRDecay' as unknown,
    };
    const o = readOptions(where, options, defaults);
    super(o.name);
    this.initialLearningRate = checkNumber(where, 'initialLearningRate', o.initialLearningRate);
    this.firstDecaySteps = checkSteps(where, 'firstDecaySteps', o.firstDecaySteps);
    this.tMul = checkNumber(where, 'tMul', o.tMul, { above: 0 });
    this.mMul = checkNumber(where, 'mMul', o.mMul, { min: 0 });
    this.alpha = checkNumber(where, 'alpha', o.alpha);
  }
  call(step: number): number {
    const longer = f(this.tMul);
    const alpha = f(this.alpha);
    let done = f(f(step) / f(this.firstDecaySteps));
    let period: number;
    if (longer === 1) {
      period = Math.floor(done);
      done = f(done - period);
    } else {
      // Periods add up to a geometric sum, which is solved for their number. Ever shorter ones come to an end: nothing is left then.
      const rest = f(1 - f(done * f(1 - longer)));
      if (rest <= 0) return f(f(this.initialLearningRate) * alpha);
      period = Math.floor(f(f(Math.log(rest)) / f(Math.log(longer))));
      const length = f(longer ** period);
      done = f(f(done - f(f(1 - length) / f(1 - longer))) / length);
    }
    const height = f(f(this.mMul) ** period);
    return f(f(this.initialLearningRate) * f(f(f(1 - alpha) * cosine(done, height)) + alpha));
  }
  override getConfig(): Config {
    const { initialLearningRate, firstDecaySteps, tMul, mMul, alpha, name } = this;
    return { initialLearningRate, firstDecaySteps, tMul, mMul, alpha, name };
  }
}

export const cosineSchedules = { CosineDecay, CosineDecayRestarts };
