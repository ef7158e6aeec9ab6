import type { Batch } from '../data/batch.js';
import { BatchStream } from '../data/dataset.js';
import { checkFinite } from '../data/finite.js';
import { show, ValueError } from '../errors.js';
import type { Model } from '../model/model.js';
import { type Admission, admit, outputFor } from './admit.js';
import { BatchSupply } from './batch_supply.js';
import type { Batches, Runner } from './batches.js';
import type { ClassWeights } from './class_weights.js';
import { type FeedParts, feedOf, feedParts } from './feed.js';
import { named, type Samples } from './samples.js';
import { type Stops, unstoppable } from './stopping.js';

/** Batches of one run: the rates of a schedule are worked out before it. */
const MOST = 256;

/**
 * Batches of a dataset. Where nobody wants to hear of each, they are read, checked and put into a queue while the engine takes those before them, and
 * errors come out in their place.
 */
export class DatasetBatches implements Batches {
  readonly steps = null;
  readonly where: string;
  readonly #supply: BatchSupply;
  /** The batch that comes by itself, once it is checked. */
  #checked: { batch: Batch; samples: Samples } | null = null;

  constructor(
    source: unknown,
    where: string,
    readonly model: Model,
    readonly admission: Admission,
    readonly classWeights: ClassWeights | null,
    readonly runner: Runner,
    readonly finite: boolean,
  ) {
    this.where = where || 'x';
    this.#supply = new BatchSupply(new BatchStream(source, this.where, { labels: admission.compilation !== null }), {
      looks: () => model.turns.looks,
      prepare: (batch) => this.#prepare(batch),
    });
  }

  begin(wanted: number, done = 0): Promise<void> {
    return this.#supply.begin(wanted, done);
  }
  close(): Promise<void> {
    return this.#supply.close();
  }

  async ready(first: boolean): Promise<boolean> {
    this.#supply.allow(1);
    if (!(await this.#supply.has())) return false;
    if (this.#supply.next) this.#samplesOf(this.#supply.next, first);
    return true;
  }

  async run(count: number, reset: boolean, stops: Stops = unstoppable): Promise<number> {
    const supply = this.#supply;
    let done = 0;
    while (done < count) {
      supply.allow(count - done);
      if (!(await supply.has()) || stops.isAborted()) break;
      const first = reset && done === 0;
      // One that comes after the word to stop is trained: Keras looks at the flag after a batch.
      const most = stops.isStopped() ? 1 : Math.min(MOST, count - done);
      const ran = await (supply.queue.isEmpty ? this.#runNext(first) : this.#runQueued(most, first));
      done += ran;
      if (ran === 0 || stops.isStopped() || stops.isPaused?.()) break;
    }
    return done;
  }

  /** The batch that came by itself, in place. */
  async #runNext(reset: boolean): Promise<number> {
    const next = this.#supply.next as Batch;
    const samples = this.#samplesOf(next, reset);
    const { feed, shape } = feedOf(this.admission.compilation, samples, outputFor(this.model, samples.x), {
      batch: samples.count,
      classWeights: this.classWeights,
    });
    this.runner.begin?.(shape, null);
    const { done } = await this.runner.run(feed, shape, 1, reset);
    if (done > 0 && this.#supply.next === next) this.#supply.next = this.#checked = null;
    return done;
  }

  /** Batches of the queue, while others are put in. */
  async #runQueued(count: number, reset: boolean): Promise<number> {
    const { queue } = this.#supply;
    try {
      const most = this.runner.makesRoom ? Math.min(count, queue.length) : count;
      const running = this.runner.run(queue.native, queue.shape, most, reset);
      this.#supply.fill();
      return (await running).done;
    } finally {
      queue.dropDone();
    }
  }

  #samplesOf(batch: Batch, first: boolean): Samples {
    if (this.#checked?.batch !== batch)
      this.#checked = { batch, samples: this.model.tentatively(() => this.#read(batch, first)) };
    return this.#checked.samples;
  }

  /** null where the batch may change the model's loss and metrics. */
  #prepare(batch: Batch): FeedParts | null {
    if (this.model.shapes().outputShape.at(-1) === null) return null;
    const samples = this.#read(batch, false);
    return feedParts(this.admission.compilation, samples, outputFor(this.model, samples.x), this.classWeights);
  }

  #read(batch: Batch, first: boolean): Samples {
    const where = `${this.where}, batch ${batch.index}`;
    if (this.admission.compilation && (batch.y === null || batch.y === undefined))
      throw new ValueError(
        `${where}: y is missing: the batches of a dataset are pairs here, [x, y], or { xs, ys }; in a generator: yield [x, y]. Received: x alone, ${show(batch.x)}`,
        'ERR_MISSING_DATA',
      );
    const samples = admit(this.model, where, batch, { ...this.admission, needsY: true, first });
    if (this.finite) for (const one of named(where, samples)) checkFinite(one);
    return samples;
  }
}
