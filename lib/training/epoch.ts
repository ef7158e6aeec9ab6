import type { Logs } from '../callbacks/callback.js';
import type { CallbackList } from '../callbacks/list.js';
import type { Sequential } from '../sequential.js';
import type { Aborting } from './aborting.js';
import type { FitPlan } from './fit_options.js';
import { resultLogs, toLogs, watchProgress } from './results.js';
import { RunAhead } from './run_ahead.js';
import { runUntilStopped, type Stops } from './stopping.js';

/** What an epoch came to. */
export interface EpochResult {
  /** Batches done. */
  done: number;
  logs: Logs;
  /** Whether the data had fewer batches than the epoch should have. */
  ranOut: boolean;
}

/** Trains epoch by epoch, in the way that is fastest for those who listen: batch by batch, an epoch a call of the engine, or several. */
export class EpochTrainer {
  readonly #ahead: RunAhead | null;
  readonly #stops: Stops;

  constructor(
    readonly model: Sequential,
    readonly plan: FitPlan,
    readonly list: CallbackList,
    readonly aborting: Aborting,
  ) {
    this.#ahead = this.#oneByOne ? null : RunAhead.of(plan, list);
    this.#stops = { isStopped: () => model.stopTraining, isAborted: () => aborting.aborted };
  }

  /** Whether the training was told to end, and all epochs that are done have been given. */
  get stopped(): boolean {
    return !this.#ahead?.isAhead && (this.model.stopTraining || this.aborting.aborted);
  }

  /** Trains one epoch, of `left` that are to come. */
  async next(left: number): Promise<EpochResult> {
    // Without a number of steps an epoch of a dataset lasts until it ends.
    const wanted = this.plan.steps ?? Number.POSITIVE_INFINITY;
    const began = this.plan.batches.begin(wanted);
    if (began) await this.aborting.until(began);
    const { done, logs } = await (this.#oneByOne
      ? this.#batchByBatch(wanted)
      : this.#ahead
        ? this.#several(this.#ahead, left)
        : this.#atOnce(wanted));
    const ranOut = !this.stopped && (done === 0 || (this.plan.steps !== null && done < this.plan.steps));
    return { done, logs, ranOut };
  }

  get #oneByOne(): boolean {
    return this.list.wantsTrainBatches || this.plan.batches.oneByOne;
  }

  async #batchByBatch(wanted: number) {
    const { model, list, aborting } = this;
    const { batches } = this.plan;
    let logs: Logs = {};
    let done = 0;
    while (done < wanted && !aborting.aborted) {
      const ready = batches.ready(done === 0);
      if (!(typeof ready === 'boolean' ? ready : await ready)) break;
      const before = list.onTrainBatchBegin(done);
      if (before) await aborting.until(before);
      if ((await runUntilStopped(1, this.#stops, () => batches.run(1, done === 0))) === 0) break;
      logs = resultLogs(model);
      const after = list.onTrainBatchEnd(done++, logs);
      if (after) await aborting.until(after);
      if (this.stopped) break;
    }
    return { done, logs };
  }

  async #atOnce(wanted: number) {
    const unwatch = watchProgress(this.model, this.list.progbar);
    try {
      const done = await runUntilStopped(wanted, this.#stops, (count) => this.plan.batches.run(count, true));
      return { done, logs: done > 0 ? resultLogs(this.model) : {} };
    } finally {
      unwatch();
    }
  }

  async #several(ahead: RunAhead, left: number) {
    // Told to end before anything ran: a batch, or with a signal none.
    if (!ahead.isAhead && this.stopped) return this.#atOnce(1);
    const totals = await ahead.next(left);
    if (totals.steps === 0 && this.model.stopTraining) return this.#atOnce(1);
    return { done: totals.steps, logs: totals.steps > 0 ? toLogs(this.model, totals) : {} };
  }
}
