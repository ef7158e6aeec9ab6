import type { RunResult } from '../../binding.js';
import { BatchStream } from '../data/dataset.js';
import { checkFinite } from '../data/finite.js';
import { show, ValueError } from '../errors.js';
import type { Compilation } from '../model/compilation.js';
import type { NativeFeed, RunShape } from '../model/engine.js';
import type { Model } from '../model/model.js';
import { feedOf } from './feed.js';
import { type ClassWeights, named, outputFor, readSamples, type Samples } from './sources.js';

/** Batches that the engine runs, wherever they come from. */
export interface Batches {
  /** Batches of a pass, where that is known. */
  readonly steps: number | null;
  /** Whether each batch is a turn of JavaScript anyway. */
  readonly oneByOne: boolean;
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
  run(count: number, reset: boolean): Promise<number>;
  close(): Promise<void> | void;
}

export type Trainer = (
  feed: NativeFeed,
  shape: RunShape,
  count: number,
  reset: boolean,
  epochSteps?: number,
) => Promise<RunResult>;

/** Batches of arrays: one feed, as many batches a call as are asked for. */
export class ArrayBatches implements Batches {
  readonly oneByOne = false;
  #current: { feed: NativeFeed; shape: RunShape } | null = null;
  #left = 0;

  /**
   * @param make a feed for the whole run
   * @param passes of the data that the feed makes; null: a feed of one pass for each epoch
   */
  constructor(
    readonly steps: number,
    readonly make: () => { feed: NativeFeed; shape: RunShape },
    readonly runner: Trainer,
    readonly passes: number | null,
    /** Batches of the first pass that the feed leaves out. */
    readonly skip = 0,
  ) {}

  begin(): void {
    if (this.#current && this.passes !== null) return;
    this.#current = this.make();
    this.#left = this.steps * (this.passes ?? 1) - this.skip;
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
    const { feed, shape } = this.#current as { feed: NativeFeed; shape: RunShape };
    const result = await this.runner(feed, shape, count, reset, epochSteps);
    this.#left -= result.done;
    return result;
  }
  close(): void {
    this.#current = null;
  }
}

/** Batches of a dataset: each is converted, checked and run by itself. */
export class DatasetBatches implements Batches {
  readonly steps = null;
  readonly oneByOne = true;
  readonly where: string;
  readonly #stream: BatchStream;
  #samples: Samples | null = null;

  constructor(
    source: unknown,
    where: string,
    readonly model: Model,
    readonly compilation: Compilation,
    readonly classWeights: ClassWeights | null,
    readonly runner: Trainer,
    readonly finite: boolean,
  ) {
    this.where = where || 'x';
    this.#stream = new BatchStream(source, this.where);
  }
  async begin(wanted: number, done = 0): Promise<void> {
    this.#samples = null;
    await this.#stream.begin(wanted);
    for (let i = 0; i < done; i++) if (!(await this.#stream.next())) break;
  }
  async ready(first: boolean): Promise<boolean> {
    const batch = await this.#stream.next();
    if (!batch) return false;
    const where = `${this.where}, batch ${batch.index}`;
    if (batch.y === null || batch.y === undefined)
      throw new ValueError(
        `${where}: y is missing: the batches of a dataset are pairs here, [x, y], or { xs, ys }; in a generator: yield [x, y]. Received: x alone, ${show(batch.x)}`,
        'ERR_MISSING_DATA',
      );
    this.#samples = this.model.tentatively(() => {
      const samples = readSamples(this.model, this.compilation, where, batch.x, batch.y, batch.weights, true, first);
      if (this.finite) for (const one of named(where, samples)) checkFinite(one);
      return samples;
    });
    return true;
  }
  /** Runs the batch that is ready. */
  async run(_count: number, reset: boolean): Promise<number> {
    const samples = this.#samples;
    if (!samples) return 0;
    const { feed, shape } = feedOf(this.compilation, samples, outputFor(this.model, samples.x), {
      batch: samples.count,
      classWeights: this.classWeights,
    });
    return (await this.runner(feed, shape, 1, reset)).done;
  }
  close(): Promise<void> {
    return this.#stream.close();
  }
}
