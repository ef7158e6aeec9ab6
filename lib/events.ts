import { channel } from 'node:diagnostics_channel';

/**
 * What a process may hear of every `fit` in it, without the program's help: channels of `node:diagnostics_channel`. Where nobody has subscribed
 * when a training runs, nothing is done for them. docs/watching.md says what each brings.
 */
export const events = {
  epoch: channel('gemmfit:epoch'),
  batch: channel('gemmfit:batch'),
  checkpoint: channel('gemmfit:checkpoint'),
  abort: channel('gemmfit:abort'),
};

/** Batches of an epoch between two events: each would cost a way to JavaScript and back, which takes longer than a batch of a small model. */
export const BATCHES_BETWEEN = 100;

/** Batches until the next event of an epoch that has done so many. */
export const batchesToEvent = (done: number): number =>
  events.batch.hasSubscribers ? BATCHES_BETWEEN - (done % BATCHES_BETWEEN) : Number.POSITIVE_INFINITY;
