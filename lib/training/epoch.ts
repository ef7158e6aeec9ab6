import type { Logs } from '../callbacks/callback.js';
import type { CallbackList } from '../callbacks/list.js';
import type { Checkpointer } from '../checkpoint/checkpointer.js';
import { BATCHES_BETWEEN, batchesToEvent, events } from '../events.js';
import type { Model } from '../model/model.js';
import { resultLogs, toLogs } from '../model/results.js';
import type { Position } from '../model/training_state.js';
import type { Aborting } from './aborting.js';
import type { FitPlan } from './fit_plan.js';
import type { Interruption } from './interruption.js';
import { watchProgress } from './results.js';
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
  #at: Position;

  constructor(
    readonly model: Model,
    readonly plan: FitPlan,
    readonly list: CallbackList,
    readonly aborting: Aborting,
    readonly interruption: Interruption,
    readonly checkpointer: Checkpointer | null,
  ) {
    this.#ahead = list.wantsTrainBatches || checkpointer ? null : RunAhead.of(plan, list);
    this.#stops = {
      isStopped: () => model.stopTraining,
      isAborted: () => this.interrupted,
      isPaused: () => this.checkpointer?.isDue ?? false,
    };
    const { position } = plan.checkpoint?.resumable ?? {};
    this.#at = { epoch: plan.initialEpoch, begun: false, step: 0, consumed: 0, ...position };
  }

  /** Where a training that is put down now goes on. */
  get position(): Position {
    return { ...this.#at };
  }
  /** The epoch is over, as soon as its end has been told. */
  endEpoch(): void {
    this.#at = { epoch: this.#at.epoch + 1, begun: false, step: 0, consumed: this.#at.consumed };
  }

  /** Whether it ends where it stands, in the middle of an epoch. */
  get interrupted(): boolean {
    return this.aborting.aborted || this.interruption.reason !== null;
  }

  /** Whether the training was told to end, and all epochs that are done have been given. */
  get stopped(): boolean {
    return !this.#ahead?.isAhead && (this.model.stopTraining || this.interrupted);
  }

  /**
   * Trains one epoch, of `left` that are to come.
   * @param from batches of it that were done before the training was taken up again
   */
  async next(epoch: number, left: number, from = 0): Promise<EpochResult> {
    this.#at = { epoch, begun: true, step: from, consumed: this.#at.consumed };
    // Without a number of steps an epoch of a dataset lasts until it ends.
    const wanted = this.plan.steps ?? Number.POSITIVE_INFINITY;
    // A source that was put where it stood is not read past what was done.
    const began = this.plan.checkpoint?.sources?.placesX
      ? this.plan.batches.begin(wanted - from)
      : this.plan.batches.begin(wanted, from);
    if (began) await this.aborting.until(began);
    // Put down after its last batch: what is left of it is its end.
    const resumable = from > 0 ? this.plan.checkpoint?.resumable : null;
    if (resumable && (resumable.ended || from >= wanted))
      return { done: from, logs: resumable.logs, ranOut: resumable.ended === 'ranOut' };
    const { done, logs } = await (this.list.wantsTrainBatches
      ? this.#batchByBatch(wanted, from)
      : this.#ahead
        ? this.#several(this.#ahead, left)
        : this.#atOnce(wanted, from));
    const ranOut = !this.stopped && (done === 0 || (this.plan.steps !== null && done < this.plan.steps));
    return { done, logs, ranOut };
  }

  async #batchByBatch(wanted: number, from: number) {
    const { model, list, aborting } = this;
    const { batches } = this.plan;
    let done = from;
    let logs = this.#logsBefore(from);
    while (done < wanted && !this.#stops.isAborted()) {
      const ready = batches.ready(done === 0);
      if (!(typeof ready === 'boolean' ? ready : await ready)) break;
      const before = list.onTrainBatchBegin(done);
      if (before) await aborting.until(before);
      const run = () => runUntilStopped(1, this.#stops, () => batches.run(1, done === 0));
      let ran = await run();
      // A checkpoint that came due as it began has paused it: the batch is still there, and the checkpoint is written after it.
      if (ran === 0 && this.checkpointer?.isDue && !this.stopped) ran = await run();
      if (ran === 0) break;
      logs = resultLogs(model, this.plan.runner);
      this.#did(1);
      this.#tell(done + 1, logs);
      const after = list.onTrainBatchEnd(done++, logs);
      if (after) await aborting.until(after);
      if (this.stopped) break;
      if (this.checkpointer?.isDue && done < wanted) await this.#checkpoint();
    }
    return { done, logs };
  }

  async #atOnce(wanted: number, from = 0) {
    // With the first batch: before it the model need not be built.
    const ready = this.plan.batches.ready(from === 0);
    if (!(typeof ready === 'boolean' ? ready : await ready)) return { done: from, logs: this.#logsBefore(from) };
    const unwatch = watchProgress(this.model, this.list.progbar, this.plan.runner);
    try {
      let done = from;
      for (;;) {
        // A run ends where a checkpoint is due: by its number of batches, or because the time is up. One that is due before it is written after a batch.
        const wasDue = this.checkpointer?.isDue ?? false;
        const until = Math.min(this.checkpointer?.stepsLeft ?? wanted, batchesToEvent(done));
        const most = wasDue ? 1 : Math.min(wanted - done, until);
        const first = done === 0;
        const ran = await runUntilStopped(most, this.#stops, (count) => this.plan.batches.run(count, first, this.#stops));
        done += ran;
        this.#did(ran);
        if (ran > 0 && batchesToEvent(done) === BATCHES_BETWEEN) this.#tell(done, resultLogs(this.model, this.plan.runner));
        const isDue = this.checkpointer?.isDue ?? false;
        if (this.stopped || done >= wanted || (ran < most && (wasDue || !isDue))) break;
        if (isDue && ran > 0) await this.#checkpoint();
      }
      return { done, logs: done > from ? resultLogs(this.model, this.plan.runner) : this.#logsBefore(done) };
    } finally {
      unwatch();
    }
  }

  /** Whoever listens on the channel hears of every hundredth batch. */
  #tell(done: number, logs: Logs): void {
    if (batchesToEvent(done) !== BATCHES_BETWEEN) return;
    const { epoch } = this.position;
    events.batch.publish({ model: this.model.face, epoch, batch: done - 1, steps: this.plan.steps, logs: { ...logs } });
  }

  /** Of batches of the epoch that were done before the training was taken up again. */
  #logsBefore(from: number): Logs {
    return (from > 0 && this.plan.checkpoint?.resumable?.logs) || {};
  }

  #did(batches: number): void {
    this.#at.step += batches;
    this.#at.consumed += batches;
    this.checkpointer?.didSteps(batches, this.#at.consumed);
  }
  async #checkpoint(): Promise<void> {
    await this.checkpointer?.write(this.position, null);
  }

  async #several(ahead: RunAhead, left: number) {
    // Told to end before anything ran: a batch, or with a signal none.
    if (!ahead.isAhead && this.stopped) return this.#atOnce(1);
    const totals = await ahead.next(left);
    if (totals.steps === 0 && this.model.stopTraining) return this.#atOnce(1);
    return { done: totals.steps, logs: totals.steps > 0 ? toLogs(this.model, totals) : {} };
  }
}
