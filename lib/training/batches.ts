import type { RunResult } from '../../binding.js';
import type { NativeFeed, NativeSource } from '../model/engine.js';
import type { BatchShape } from './feed.js';
import type { Stops } from './stopping.js';

/** Batches that the engine runs, wherever they come from. */
export interface Batches {
  /** Batches of a pass, where that is known. */
  readonly steps: number | null;
  /**
   * An epoch begins, of `wanted` batches at most.
   * @param done those of them that were done before a training was taken up again: a source is read past them
   */
  begin(wanted: number, done?: number): Promise<void> | void;
  /**
   * Whether there is another batch. It is asked for and checked here, so that hooks hear of a batch only when there is one.
   * @param first whether nothing has been summed up in this epoch yet
   */
  ready(first: boolean): Promise<boolean> | boolean;
  /** Runs up to `count` batches; resolves to how many were done. Fewer than asked for: the source ended, or the engine was stopped. */
  run(count: number, reset: boolean, stops?: Stops): Promise<number>;
  close(): Promise<void> | void;
}

/** What is done with batches: a training, an evaluation or a prediction. */
export interface Runner {
  /**
   * The next runs are of batches of this kind: an epoch of arrays begins, or a batch of a dataset has been admitted.
   * @param rows how many are to come in all; null where that is not known
   */
  begin?(shape: BatchShape, rows: number | null): void;
  run(feed: NativeSource, shape: BatchShape, count: number, reset: boolean, epochSteps?: number): Promise<RunResult>;
  /** Whether a run must be told how many batches it takes at most: it makes room for what comes of them. */
  readonly makesRoom?: boolean;
}

/** Batches of arrays: one feed, as many batches a call as are asked for. */
export class ArrayBatches implements Batches {
  #current: { feed: NativeFeed; shape: BatchShape } | null = null;
  #left = 0;

  /**
   * @param make a feed for the whole run
   * @param passes of the data that the feed makes; null: a feed of one pass for each epoch
   */
  constructor(
    readonly steps: number,
    readonly make: () => { feed: NativeFeed; shape: BatchShape },
    readonly runner: Runner,
    /** Samples of a pass. */
    readonly rows: number,
    readonly passes: number | null,
    /** Batches of the first pass that the feed leaves out. */
    readonly skip = 0,
  ) {}

  begin(): void {
    if (!this.#current || this.passes === null) {
      this.#current = this.make();
      this.#left = this.steps * (this.passes ?? 1) - this.skip;
    }
    this.runner.begin?.(this.#current.shape, this.rows);
  }
  ready(): boolean {
    return this.#left > 0;
  }
  async run(count: number, reset: boolean): Promise<number> {
    return (await this.#run(count, reset)).done;
  }
  /** Runs up to `count` epochs of `steps` batches each. */
  runEpochs(count: number, steps: number): Promise<RunResult> {
    return this.#run(count * steps, true, steps);
  }
  async #run(count: number, reset: boolean, epochSteps?: number): Promise<RunResult> {
    const { feed, shape } = this.#current as { feed: NativeFeed; shape: BatchShape };
    const result = await this.runner.run(feed, shape, count, reset, epochSteps);
    this.#left -= result.done;
    return result;
  }
  close(): void {
    this.#current = null;
  }
}
