import type { TrainingSums } from '../../binding.js';
import type { Callback, Logs } from '../callbacks/callback.js';
import { CSVLogger } from '../callbacks/csv_logger.js';
import { EarlyStopping } from '../callbacks/early_stopping.js';
import type { CallbackList } from '../callbacks/list.js';
import { ModelCheckpoint } from '../callbacks/model_checkpoint.js';
import { ReduceLROnPlateau } from '../callbacks/reduce_lr_on_plateau.js';
import { SwapEMAWeights } from '../callbacks/swap_ema_weights.js';
import { addon } from '../engine/addon.js';
import { ValueError } from '../errors.js';
import type { Model } from '../model/model.js';
import { resultLogs } from '../training/results.js';
import { decode, encode, type Stored } from './encode.js';
import { type CheckpointFile, newestCheckpoint, removeCheckpoints, removeTorn, writeCheckpoint } from './file.js';
import { misfit, readVariables, writeVariables } from './model_state.js';
import type { CheckpointPlan } from './options.js';
import { checkHistory, hasFormOf, takingUp } from './validate.js';

/** Where a training stands: between two batches. */
export interface Position {
  /** The epoch that is next, or under way. */
  epoch: number;
  /** Whether callbacks have heard that it begins. */
  begun: boolean;
  /** Its batches that are done. */
  step: number;
  /** Batches done since the fit began, over all epochs. */
  consumed: number;
}

/** What a fit is, besides its model: a training goes on only as the same. */
export interface FitIdentity {
  /** Seed of the orders of its data. */
  seed: number;
  /** The epoch with which it began. */
  firstEpoch: number;
  /** Short prints of the model, of how it is compiled, of the data and of the options that change results. */
  prints: Record<string, string | null>;
}

/** A checkpoint that has been read and not yet taken up. */
export interface Resumable {
  name: string;
  file: CheckpointFile;
  position: Position;
  identity: FitIdentity;
  /** Why no further batch comes, where none does before the last epoch is over. */
  ended: Ended;
}

/** A callback stopped it, or there were no more data: an epoch that is under way has its validation and its end before it. null: it goes on. */
export type Ended = 'stopped' | 'ranOut' | null;

/** The newest checkpoint that a fit is to go on from; null where it starts anew. */
export async function findResumable(plan: CheckpointPlan): Promise<Resumable | null> {
  await removeTorn(plan.path);
  if (plan.resume === 'never') return null;
  const found = await newestCheckpoint(plan.path);
  if (!found) {
    if (plan.resume === 'auto') return null;
    throw new ValueError(`fit: there is no checkpoint in ${plan.path}, and resume is 'must'.`, 'ERR_NO_CHECKPOINT');
  }
  const { meta } = found.file;
  return {
    ...found,
    position: meta.position as Position,
    identity: meta.fit as FitIdentity,
    ended: meta.ended as Ended,
  };
}

const WORDS: Record<string, string> = {
  model: 'the model has other layers or options',
  compile: 'it is compiled otherwise',
  x: 'x is other data',
  y: 'y is other data',
  sampleWeight: 'sampleWeight is other data',
  options: 'batchSize, shuffle, stepsPerEpoch, classWeight or the split is another',
  binary: 'the engine computes with other instructions',
};

/** ValueError ERR_CHECKPOINT, which says what differs. */
export function checkIdentity(resumable: Resumable, identity: FitIdentity, model: Model, steps: number | null): void {
  const { prints } = resumable.identity;
  const keys = [...new Set([...Object.keys(prints), ...Object.keys(identity.prints)])];
  const differs = keys.filter((key) => (prints[key] ?? null) !== (identity.prints[key] ?? null));
  const { step } = resumable.position;
  if (steps !== null && step > steps)
    throw new ValueError(
      `fit: the checkpoint ${resumable.name} is after ${step} batches of an epoch that has ${steps}. Give resume: 'never' to start anew.`,
      'ERR_CHECKPOINT',
    );
  const why = differs.length ? differs.map((key) => WORDS[key] ?? key).join('; ') : misfit(model, resumable.file.tensors);
  if (why)
    throw new ValueError(
      `fit: the checkpoint ${resumable.name} is of another training: ${why}. Give what it was begun with, another folder, or resume: 'never' to start anew.`,
      'ERR_CHECKPOINT',
    );
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
  didSteps(count: number): void {
    this.#since.steps += count;
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
    const callbacks = [];
    for (const callback of this.list.callbacks) {
      if (!callback.getState) continue;
      const state = await callback.getState();
      callbacks.push({
        className: nameOf(callback),
        state: encode(nameOf(callback), state, `callbacks/${callbacks.length}`, tensors),
      });
    }
    const { history } = this.list;
    const { optimizer } = this.model;
    const meta = {
      position,
      ended,
      fit: this.identity,
      model: this.model.counterState,
      optimizer: {
        calls: optimizer.calls,
        learningRate: typeof optimizer.learningRate === 'number' ? optimizer.learningRate : null,
      },
      sums: encode('sums', this.model.engine().trainingSums, 'sums', tensors),
      // An epoch that was put down after its last batch has no further one to give its results.
      logs: position.step > 0 ? encode('logs', resultLogs(this.model), 'logs', tensors) : null,
      history:
        history &&
        encode('history', { epoch: history.epoch, history: history.history, stopReason: history.stopReason }, 'history', tensors),
      callbacks,
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
        await writeCheckpoint(this.plan.path, file, position.epoch, position.step, this.plan.keep);
        this.#warned = false;
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

/** Callbacks that put what they are given into themselves. */
const OWN = new Set<unknown>([CSVLogger, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau, SwapEMAWeights]);

const nameOf = (callback: Callback): string =>
  callback.constructor.name === 'PlainCallback' ? 'object' : callback.constructor.name;

/** Puts the model where the checkpoint left it. The callbacks' states come with `restoreCallbacks`, after `onTrainBegin`. */
export function restoreModel(model: Model, { file }: Resumable): void {
  const { model: counters, optimizer } = file.meta as {
    model: Model['counterState'];
    optimizer: { calls: number; learningRate: number | null };
  };
  model.counterState = counters;
  writeVariables(model, file.tensors);
  model.optimizer.calls = optimizer.calls;
  if (optimizer.learningRate !== null) model.optimizer.learningRate = optimizer.learningRate;
}

/** What the epoch that is under way has come to so far. */
export function restoredLogs({ file }: Resumable): Logs {
  const logs = decode(file.meta.logs ?? { $object: [] }, file.tensors);
  return typeof logs === 'object' &&
    logs !== null &&
    Object.values(logs)
      .flat()
      .every((v) => typeof v === 'number')
    ? (logs as Logs)
    : {};
}

/** Sums of loss and metrics of the epoch that is under way. */
export function restoreTotals(model: Model, { file }: Resumable): void {
  model.engine().trainingSums = decode(file.meta.sums, file.tensors) as TrainingSums;
}

/** What callbacks remembered, and the history. */
export async function restoreCallbacks(list: CallbackList, { file, name }: Resumable): Promise<void> {
  const stored = file.meta.callbacks as { className: string; state: unknown }[];
  const taking = list.callbacks.filter((c) => c.getState);
  if (stored.length !== taking.length || stored.some((s, i) => s.className !== nameOf(taking[i])))
    throw new ValueError(
      `fit: the checkpoint ${name} was written with other callbacks: ${stored.map((s) => s.className).join(', ') || 'none'} that remember something. Received: ${taking.map(nameOf).join(', ') || 'none'}.`,
      'ERR_CHECKPOINT',
    );
  for (const [i, callback] of taking.entries()) {
    const where = `fit: the checkpoint ${name}: callback ${nameOf(callback)}`;
    await takingUp(where, async () => {
      const state = decode(stored[i].state, file.tensors);
      // States of users' callbacks are theirs to look at.
      if (OWN.has(callback.constructor) && !hasFormOf(state, await callback.getState?.()))
        throw new ValueError(`${where}: its state is none.`, 'ERR_CHECKPOINT');
      await callback.setState?.(state);
    });
  }
  if (file.meta.history === null || !list.history) return;
  Object.assign(list.history, checkHistory(`fit: the checkpoint ${name}`, decode(file.meta.history, file.tensors)));
}
