import type { RunResult, Totals } from '../../binding.js';
import type { CallbackList } from '../callbacks/list.js';
import { events } from '../events.js';
import { ArrayBatches } from './batches.js';
import type { FitPlan } from './fit_plan.js';

/** Batches of one call at most. */
const MOST_BATCHES = 4096;

/**
 * Epochs that nobody is told of one by one are run several at a time: with small models the way to JavaScript and back costs more than an
 * epoch does. Their results come out as if each had been run by itself.
 */
export class RunAhead {
  #ready: Totals[] = [];

  private constructor(
    private readonly batches: ArrayBatches,
    private readonly steps: number,
  ) {}

  /** null where something happens between epochs. */
  static of(plan: FitPlan, list: CallbackList): RunAhead | null {
    const { batches, steps, validation, runner } = plan;
    if (list.wantsEpochs || validation.length > 0 || runner.numerics || !steps || !(batches instanceof ArrayBatches)) return null;
    if (events.epoch.hasSubscribers || events.batch.hasSubscribers) return null;
    return new RunAhead(batches, steps);
  }

  /** Whether epochs are done that `next` has not given yet. */
  get isAhead(): boolean {
    return this.#ready.length > 0;
  }

  /** Results of the next epoch, where `left` are to come; `steps` tells how many of its batches were done. */
  async next(left: number): Promise<Totals> {
    if (!this.isAhead) {
      const most = Math.max(1, Math.floor(MOST_BATCHES / this.steps));
      const result: RunResult = await this.batches.runEpochs(Math.min(left, most), this.steps);
      this.#ready = result.epochs;
      // The one that was cut short: by `stop`, or by the end of the data.
      if (result.done > result.epochs.length * this.steps || !this.isAhead) this.#ready.push(result);
    }
    return this.#ready.shift() as Totals;
  }
}
