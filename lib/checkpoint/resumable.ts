import type { TrainingSums } from '../../binding.js';
import type { Logs } from '../callbacks/callback.js';
import { CSVLogger } from '../callbacks/csv_logger.js';
import { EarlyStopping } from '../callbacks/early_stopping.js';
import { JSONLogger } from '../callbacks/json_logger.js';
import type { CallbackList } from '../callbacks/list.js';
import { type CallbackMemory, callbackName, remembering } from '../callbacks/memory.js';
import { ModelCheckpoint } from '../callbacks/model_checkpoint.js';
import { ReduceLROnPlateau } from '../callbacks/reduce_lr_on_plateau.js';
import { SwapEMAWeights } from '../callbacks/swap_ema_weights.js';
import { ValueError } from '../errors.js';
import type { Model } from '../model/model.js';
import { type Ended, type ModelCounters, type Position, setModelCounters } from '../model/training_state.js';
import type { FitIdentity } from './checkpointer.js';
import { decode } from './encode.js';
import { type CheckpointFile, newestCheckpoint, removeTorn } from './file.js';
import { misfit, writeVariables } from './model_state.js';
import type { CheckpointPlan } from './options.js';
import type { SourceStates } from './source_states.js';
import { checkHistory, hasFormOf, takingUp } from './validate.js';

const WORDS: Record<string, string> = {
  model: 'the model has other layers or options',
  compile: 'it is compiled otherwise',
  x: 'x is other data',
  y: 'y is other data',
  sampleWeight: 'sampleWeight is other data',
  options: 'batchSize, shuffle, stepsPerEpoch, classWeight or the split is another',
  binary: 'the engine computes with other instructions',
};

/** Callbacks that put what they are given into themselves. */
const OWN = new Set<unknown>([CSVLogger, EarlyStopping, JSONLogger, ModelCheckpoint, ReduceLROnPlateau, SwapEMAWeights]);

/** The newest checkpoint that a fit is to go on from; null where it starts anew. */
export async function findResumable(plan: CheckpointPlan): Promise<Resumable | null> {
  await removeTorn(plan.path);
  if (plan.resume === 'never') return null;
  const found = await newestCheckpoint(plan.path);
  if (found) return new Resumable(found.name, found.file);
  if (plan.resume === 'auto') return null;
  throw new ValueError(`fit: there is no checkpoint in ${plan.path}, and resume is 'must'.`, 'ERR_NO_CHECKPOINT');
}

/** A checkpoint that has been read, and what of it goes where when it is taken up. */
export class Resumable {
  readonly position: Position;
  readonly identity: FitIdentity;
  /** Why no further batch comes, where none does before the last epoch is over. */
  readonly ended: Ended;

  constructor(
    readonly name: string,
    private readonly file: CheckpointFile,
  ) {
    const { position, fit, ended } = file.meta;
    this.position = position as Position;
    this.identity = fit as FitIdentity;
    this.ended = ended as Ended;
  }

  /** ValueError ERR_CHECKPOINT, which says what differs. */
  checkIdentity(identity: FitIdentity, model: Model, steps: number | null): void {
    const { prints } = this.identity;
    const keys = [...new Set([...Object.keys(prints), ...Object.keys(identity.prints)])];
    const differs = keys.filter((key) => (prints[key] ?? null) !== (identity.prints[key] ?? null));
    const { step } = this.position;
    if (steps !== null && step > steps)
      throw new ValueError(
        `fit: the checkpoint ${this.name} is after ${step} batches of an epoch that has ${steps}. Give resume: 'never' to start anew.`,
        'ERR_CHECKPOINT',
      );
    const why = differs.length ? differs.map((key) => WORDS[key] ?? key).join('; ') : misfit(model, this.file.tensors);
    if (why)
      throw new ValueError(
        `fit: the checkpoint ${this.name} is of another training: ${why}. Give what it was begun with, another folder, or resume: 'never' to start anew.`,
        'ERR_CHECKPOINT',
      );
  }

  /** Puts the model where the checkpoint left it. The callbacks' states come with `restoreCallbacks`, after `onTrainBegin`. */
  restoreModel(model: Model): void {
    const { meta, tensors } = this.file;
    const sums = this.position.step > 0 ? (decode(meta.sums, tensors) as TrainingSums) : null;
    setModelCounters(model, { ...(meta as unknown as ModelCounters), sums }, () => writeVariables(model, tensors));
  }

  /** Puts the sources where they stood that say so themselves. */
  async restoreSources(sources: SourceStates | null): Promise<void> {
    const stored = (this.file.meta.sources ?? {}) as Record<string, unknown>;
    const given = new Map(sources?.sources);
    for (const name of new Set([...Object.keys(stored), ...given.keys()])) {
      const where = `fit: the checkpoint ${this.name}`;
      const source = given.get(name);
      if (!source || !Object.hasOwn(stored, name))
        throw new ValueError(
          `${where} was written with a source ${name} that ${source ? 'has no' : 'has'} getState. Give it anew, or resume: 'never' to start anew.`,
          'ERR_CHECKPOINT',
        );
      await takingUp(`${where}: ${name}.setState`, () => source.setState(decode(stored[name], this.file.tensors)));
    }
  }

  /** What the epoch that is under way has come to so far. */
  get logs(): Logs {
    const logs = decode(this.file.meta.logs ?? { $object: [] }, this.file.tensors);
    return typeof logs === 'object' &&
      logs !== null &&
      Object.values(logs)
        .flat()
        .every((v) => typeof v === 'number')
      ? (logs as Logs)
      : {};
  }

  /** What callbacks remembered, and the history. */
  async restoreCallbacks(list: CallbackList): Promise<void> {
    const { meta, tensors } = this.file;
    const at = `fit: the checkpoint ${this.name}`;
    const stored = meta.callbacks as CallbackMemory[];
    const taking = remembering(list.callbacks);
    if (stored.length !== taking.length || stored.some((s, i) => s.className !== callbackName(taking[i])))
      throw new ValueError(
        `${at} was written with other callbacks: ${stored.map((s) => s.className).join(', ') || 'none'} that remember something. Received: ${taking.map(callbackName).join(', ') || 'none'}.`,
        'ERR_CHECKPOINT',
      );
    for (const [i, callback] of taking.entries()) {
      const where = `${at}: callback ${callbackName(callback)}`;
      await takingUp(where, async () => {
        const state = decode(stored[i].state, tensors);
        // States of users' callbacks are theirs to look at.
        if (OWN.has(callback.constructor) && !hasFormOf(state, await callback.getState?.()))
          throw new ValueError(`${where}: its state is none.`, 'ERR_CHECKPOINT');
        await callback.setState?.(state);
      });
    }
    if (meta.history === null || !list.history) return;
    Object.assign(list.history, checkHistory(at, decode(meta.history, tensors)));
  }
}
