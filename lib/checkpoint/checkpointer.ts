import { join } from 'node:path';
import type { CallbackList } from '../callbacks/list.js';
import { addon } from '../engine/addon.js';
import { events } from '../events.js';
import type { Model } from '../model/model.js';
import { type Ended, type Position, readTrainingState } from '../model/training_state.js';
import { encode, type Stored } from './encode.js';
import { type CheckpointFile, removeCheckpoints, writeCheckpoint } from './file.js';
import { readVariables } from './model_state.js';
import type { CheckpointPlan } from './options.js';
import type { SourceStates } from './source_states.js';

/** What a fit is, besides its model: a training goes on only as the same. */
export interface FitIdentity {
  /** Seed of the orders of its data. */
  seed: number;
  /** The epoch with which it began. */
  firstEpoch: number;
  /** Short prints of the model, of how it is compiled, of the data and of the options that change results. */
  prints: Record<string, string | null>;
}

/** How the engine computes: bits hang on it. */
export const binaryKind = (): string => {
  const { simd, blas } = addon.info();
  return `${process.arch} ${simd} ${blas}`;
};

/** Writes a fit's state down when it is due, off the training's path: the state is copied between two batches, the file is made while training goes on. */
export class Checkpointer {
  #since: { steps: number; epochs: number };
  #timeIsUp = false;
  #timer: NodeJS.Timeout | null = null;
  /** The state that is to be written next: a newer one takes its place. */
  #waiting: { file: CheckpointFile; position: Position } | null = null;
  #writing: Promise<void> | null = null;
  #warned = false;

  constructor(
    readonly model: Model,
    readonly plan: CheckpointPlan,
    readonly list: CallbackList,
    readonly identity: FitIdentity,
    readonly sources: SourceStates | null,
  ) {
    this.#since = { steps: 0, epochs: 0 };
    this.#arm();
  }

  #arm(): void {
    const { seconds } = this.plan.every;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timeIsUp = false;
    if (seconds === null) return;
    this.#timer = setTimeout(() => {
      this.#timeIsUp = true;
      // The run comes back after its batch.
      this.model.pauseEngine();
    }, 1000 * seconds);
    this.#timer.unref();
  }

  /** Batches until one is due by their number. */
  get stepsLeft(): number {
    const { steps } = this.plan.every;
    return steps === null ? Number.POSITIVE_INFINITY : steps - this.#since.steps;
  }
  /** Whether it is due between two batches of an epoch. */
  get isDue(): boolean {
    return this.#timeIsUp || this.stepsLeft <= 0;
  }
  /** @param consumed batches of the fit that are done with these */
  didSteps(count: number, consumed: number): void {
    this.#since.steps += count;
    this.sources?.trained(consumed);
  }
  /** An epoch is over; whether it is due now. */
  endsEpoch(): boolean {
    const { epochs } = this.plan.every;
    this.#since.epochs++;
    return this.isDue || (epochs !== null && this.#since.epochs >= epochs);
  }

  /** Copies the state, and has it written. Waits for callbacks that must put something away first. */
  async write(position: Position, ended: Ended): Promise<void> {
    const tensors = new Map<string, Stored>();
    readVariables(this.model, tensors);
    const state = await readTrainingState(this.model, this.list, position, ended);
    const encoded = (name: string, value: unknown) => value && encode(name, value, name, tensors);
    const meta = {
      ...state,
      fit: this.identity,
      sums: encoded('sums', state.sums),
      logs: encoded('logs', state.logs),
      history: encoded('history', state.history),
      callbacks: state.callbacks.map(({ className, state: own }, i) => ({
        className,
        state: encode(className, own, `callbacks/${i}`, tensors),
      })),
      sources: this.sources && (await this.sources.at(position.consumed, !position.begun || position.step === 0, tensors)),
    };
    this.#waiting = { file: { meta, tensors }, position };
    this.#since = { steps: 0, epochs: 0 };
    this.#arm();
    this.#writing ??= this.#drain();
  }

  /** What cannot be written is a warning: training goes on, and the next one may succeed. */
  async #drain(): Promise<void> {
    while (this.#waiting) {
      const { file, position } = this.#waiting;
      this.#waiting = null;
      try {
        const name = await writeCheckpoint(this.plan.path, file, position.epoch, position.step, this.plan.keep);
        this.#warned = false;
        const { epoch, step } = position;
        if (events.checkpoint.hasSubscribers)
          events.checkpoint.publish({ model: this.model.face, file: join(this.plan.path, name), epoch, step });
      } catch (error) {
        if (!this.#warned)
          process.emitWarning(
            `fit: a checkpoint could not be written, and training goes on without: ${(error as Error).message}`,
            {
              code: 'GEMMFIT_CHECKPOINT',
            },
          );
        this.#warned = true;
      }
    }
    this.#writing = null;
  }

  /** Waits until all is on the disk. @param over whether the training has come to its end */
  async end(over: boolean): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    await this.#writing;
    if (over && this.plan.deleteAtEnd) await removeCheckpoints(this.plan.path);
  }
}
