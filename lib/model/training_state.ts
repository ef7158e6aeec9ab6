import type { TrainingSums } from '../../binding.js';
import type { CallbackMemory } from '../callbacks/memory.js';
import type { Logs } from '../logs.js';
import type { CounterState } from './counters.js';
import type { Model } from './model.js';
import { resultLogs } from './results.js';

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

/** A callback stopped it, or there were no more data: an epoch that is under way has its validation and its end before it. null: it goes on. */
export type Ended = 'stopped' | 'ranOut' | null;

/** What the optimizer counts. What it keeps for each weight are variables, as the weights themselves. */
export interface OptimizerCounters {
  /** Batches that it was called for. */
  calls: number;
  /** null where it is a schedule, which follows from the calls. */
  learningRate: number | null;
}

/** What a model stands at. */
export interface ModelCounters {
  model: CounterState;
  optimizer: OptimizerCounters;
  /** What loss and metrics of the epoch that is under way were summed up to. */
  sums: TrainingSums;
}

/**
 * All that a training hangs on besides its variables (weights, what the optimizer keeps for them, states of layers) and its data: what a
 * checkpoint writes down beside them. Random numbers and orders of rows follow from the seeds and counts in it.
 */
export interface TrainingState extends ModelCounters {
  position: Position;
  ended: Ended;
  /** Results of the epoch that is under way; null where none of its batches is done. */
  logs: Logs | null;
  history: { epoch: number[]; history: Record<string, number[]>; stopReason: string | null } | null;
  callbacks: CallbackMemory[];
}

/** Those who are told of a training, as far as its state goes. */
interface Listeners {
  readonly history: { epoch: number[]; history: Record<string, number[]>; stopReason: string | null } | null;
  memories(): Promise<CallbackMemory[]>;
}

/** The state of a training between two batches. Waits for callbacks that must put something away first. */
export async function readTrainingState(
  model: Model,
  listeners: Listeners,
  position: Position,
  ended: Ended,
): Promise<TrainingState> {
  const callbacks = await listeners.memories();
  const { history } = listeners;
  const { optimizer } = model;
  return {
    position,
    ended,
    model: model.counters.state,
    optimizer: {
      calls: optimizer.calls,
      learningRate: typeof optimizer.learningRate === 'number' ? optimizer.learningRate : null,
    },
    sums: model.engine().trainingSums,
    // An epoch that was put down after its last batch has no further one to give its results.
    logs: position.step > 0 ? resultLogs(model) : null,
    history: history && { epoch: history.epoch, history: history.history, stopReason: history.stopReason },
    callbacks,
  };
}

/**
 * Puts a model where a training left it, also in the middle of an epoch. Callbacks take their part up by themselves, after `onTrainBegin`.
 * @param writeVariables puts weights, and what the optimizer keeps for them, where they were
 * @param sums null where no batch of the epoch is done
 */
export function setModelCounters(
  model: Model,
  { model: counters, optimizer, sums }: Omit<ModelCounters, 'sums'> & { sums: TrainingSums | null },
  writeVariables: () => void,
): void {
  model.setCounters(counters);
  writeVariables();
  model.optimizer.calls = optimizer.calls;
  if (optimizer.learningRate !== null) model.optimizer.learningRate = optimizer.learningRate;
  model.takeUp(sums);
}
