import { show, typeError, ValueError } from '../errors.js';
import { checkNumber, checkOneOf, readOptions } from '../options.js';

/** How often a training is written down: whichever of them comes first. */
export interface CheckpointEvery {
  /** Epochs. */
  epochs?: number;
  /** Batches, counted over all epochs of the fit. */
  steps?: number;
  /** Time. Written after the batch that is running then. */
  seconds?: number;
}

/** Option `checkpoint` of `fit`. */
export interface CheckpointOptions {
  /** The folder of the checkpoints; made where it is missing. */
  path: string;
  /** Default: every epoch. */
  every?: CheckpointEvery;
  /** How many are kept, the newest ones: a whole number from 1 on. Default 3. */
  keep?: number;
  /**
   * `'auto'`: goes on from the newest whole checkpoint of the folder where there is one (default); `'must'`: ValueError ERR_NO_CHECKPOINT where there is
   * none; `'never'`: starts anew.
   */
  resume?: 'auto' | 'must' | 'never';
}

export interface CheckpointPlan {
  path: string;
  every: { epochs: number | null; steps: number | null; seconds: number | null };
  keep: number;
  resume: 'auto' | 'must' | 'never';
  /** Whether the checkpoints go when the training has come to its end. */
  deleteAtEnd: boolean;
}

export function readCheckpoint(where: string, given: unknown): CheckpointPlan | null {
  if (given === null || given === undefined) return null;
  const at = `${where}: 'checkpoint'`;
  const o = readOptions<Required<CheckpointOptions>>(at, typeof given === 'string' ? { path: given } : given, {
    path: '',
    every: { epochs: 1 },
    keep: 3,
    resume: 'auto',
  });
  if (typeof o.path !== 'string' || !o.path)
    throw typeError(`${at}: 'path' must be the path of a folder. Received: ${show(o.path)}`);
  const every = readOptions<CheckpointEvery>(`${at}: 'every'`, o.every, {
    epochs: undefined,
    steps: undefined,
    seconds: undefined,
  });
  const count = (name: 'epochs' | 'steps') =>
    every[name] === undefined ? null : checkNumber(at, name, every[name], { min: 1, integer: true });
  const plan = {
    epochs: count('epochs'),
    steps: count('steps'),
    seconds: every.seconds === undefined ? null : checkNumber(at, 'seconds', every.seconds, { above: 0 }),
  };
  if (plan.epochs === null && plan.steps === null && plan.seconds === null)
    throw new ValueError(`${at}: 'every' must say how often, such as { epochs: 1 }. Received: ${show(o.every)}`, 'ERR_OPTIONS');
  return {
    path: o.path,
    every: plan,
    keep: checkNumber(at, 'keep', o.keep, { min: 1, integer: true }),
    resume: checkOneOf(at, 'resume', o.resume, ['auto', 'must', 'never'] as const),
    deleteAtEnd: false,
  };
}
