import { show, typeError } from '../errors.js';
import { checkBoolean, checkNumber, checkOneOf, readOptions } from '../options.js';
import type { Config } from '../registry.js';
import { BuiltInSchedule, checkSteps } from './schedule.js';

const STRATEGIES = ['cos', 'linear'] as const;

export interface OneCycleOptions {
  /** The rate at the top. */
  maxLearningRate: number;
  /** Steps of the whole cycle: epochs times batches an epoch; 2 or more. */
  totalSteps: number;
  /** Part of the steps in which the rate climbs, above 0 and below 1; with three phases below 0.5. Default 0.3. */
  pctStart?: number;
  /** Along half a cosine wave, or in a straight line. Default 'cos'. */
  annealStrategy?: 'cos' | 'linear';
  /** How many times the first rate is smaller than the largest. Default 25. */
  divFactor?: number;
  /** How many times the last rate is smaller than the first. Default 10,000. */
  finalDivFactor?: number;
  /** true: back to the first rate as fast as it climbed, then down to the last. Default false: down in one. */
  threePhase?: boolean;
  name?: string | null;
}

/** A stretch of the cycle, from one rate to another, which ends at a step. */
interface Phase {
  end: number;
  from: number;
  to: number;
}

/**
 * One climb to a large rate and one long descent to a very small one: Smith & Topin, 2018, as PyTorch's OneCycleLR has it (which also moves the momentum;
 * this does not). Behind the last step the rate stays where it ended. `findLearningRate` finds a rate for the top.
 * @example
 * const totalSteps = 10 * Math.ceil(1000 / 32); // 10 epochs of 1,000 samples in batches of 32
 * model.compile({ optimizer: optimizers.sgd({ learningRate: schedules.oneCycle({ maxLearningRate: 0.1, totalSteps }), momentum: 0.9 }), loss: 'mse' });
 */
export class OneCycle extends BuiltInSchedule {
  static override readonly className = 'OneCycle';
  readonly maxLearningRate: number;
  readonly totalSteps: number;
  readonly pctStart: number;
  readonly annealStrategy: 'cos' | 'linear';
  readonly divFactor: number;
  readonly finalDivFactor: number;
  readonly threePhase: boolean;
  readonly #phases: readonly Phase[];

  constructor(options: OneCycleOptions) {
    const where = 'OneCycle';
    const o = readOptions(where, options, {
      maxLearningRate: undefined as unknown,
      totalSteps: undefined as unknown,
      pctStart: 0.3,
      annealStrategy: 'cos',
      divFactor: 25,
      finalDivFactor: 1e4,
      threePhase: false,
      name: where as unknown,
    });
    super(o.name);
    for (const name of ['maxLearningRate', 'totalSteps'] as const)
      if (o[name] === undefined) throw typeError(`${where}: '${name}' must be a number. Received: ${show(o[name])}`);
    this.maxLearningRate = checkNumber(where, 'maxLearningRate', o.maxLearningRate, { above: 0 });
    this.totalSteps = checkNumber(where, 'totalSteps', checkSteps(where, 'totalSteps', o.totalSteps), { min: 2, integer: true });
    this.threePhase = checkBoolean(where, 'threePhase', o.threePhase);
    this.pctStart = checkNumber(where, 'pctStart', o.pctStart, { above: 0, below: this.threePhase ? 0.5 : 1 });
    this.annealStrategy = checkOneOf(where, 'annealStrategy', o.annealStrategy, STRATEGIES);
    this.divFactor = checkNumber(where, 'divFactor', o.divFactor, { above: 0 });
    this.finalDivFactor = checkNumber(where, 'finalDivFactor', o.finalDivFactor, { above: 0 });
    this.#phases = this.#plan();
  }

  #plan(): Phase[] {
    const { maxLearningRate: max, totalSteps: total, pctStart } = this;
    const first = max / this.divFactor;
    const last = first / this.finalDivFactor;
    const top = pctStart * total - 1;
    const climb = { end: top, from: first, to: max };
    if (!this.threePhase) return [climb, { end: total - 1, from: max, to: last }];
    return [climb, { end: 2 * pctStart * total - 2, from: max, to: first }, { end: total - 1, from: first, to: last }];
  }

  call(step: number): number {
    const at = Math.min(step, this.totalSteps - 1);
    let begin = 0;
    for (const { end, from, to } of this.#phases) {
      if (at > end && end < this.totalSteps - 1) {
        begin = end;
        continue;
      }
      const done = end > begin ? (at - begin) / (end - begin) : 1;
      return this.annealStrategy === 'linear'
        ? (to - from) * done + from
        : to + ((from - to) / 2) * (Math.cos(Math.PI * done) + 1);
    }
    return 0;
  }

  override getConfig(): Config {
    const { maxLearningRate, totalSteps, pctStart, annealStrategy, divFactor, finalDivFactor, threePhase, name } = this;
    return { maxLearningRate, totalSteps, pctStart, annealStrategy, divFactor, finalDivFactor, threePhase, name };
  }
}

export const oneCycleSchedules = { OneCycle };
