/**
 * Why a training ended before its last epoch was over: a callback (`'earlyStopping'`, `'terminateOnNaN'`), whoever set `model.stopTraining`, a
 * dataset that gave fewer batches than were asked for, the option `signal`, a signal of the system (`handleSignals`), or its time was up (`timeLimit`).
 */
export type StopReason = 'earlyStopping' | 'terminateOnNaN' | 'stopTraining' | 'dataRanOut' | 'aborted' | 'signal' | 'timeLimit';

/** What the engine spent its time on: one row a part of a step, the longest first. Times are sums over threads. */
export interface ProfileRow {
  /** Such as 'forward dense #0', 'weights dense #0' (the gradient and, within it, 'update of weights'), 'gather'. */
  name: string;
  seconds: number;
  /** Share of the time of all threads, from 0 to 1. */
  share: number;
  count: number;
  /** Rate of the part's matrix products on one thread; null where it has none. */
  gflops: number | null;
  /** Of what this machine's thread multiplies and adds in registers, from 0 to 1; null where there are no products. */
  ofPeak: number | null;
}

export interface Profile {
  /** GFLOP/s of one thread in registers, measured now. */
  peak: number;
  threads: number;
  rows: ProfileRow[];
}

/** What is kept of a training: see `History`. */
export interface TrainingRecord {
  history: Record<string, number[]>;
  epoch: number[];
  profile: Profile | null;
  stopReason: StopReason | null;
  resumedFrom: { epoch: number; step: number; file: string } | null;
}
