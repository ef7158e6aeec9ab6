import { setImmediate } from 'node:timers/promises';
import type { Batch } from '../data/batch.js';
import { copyBatch } from '../data/copy.js';
import type { BatchStream } from '../data/dataset.js';
import { BatchQueue } from './batch_queue.js';
import type { FeedParts } from './feed.js';

/** Milliseconds for which a source is read before the event loop has its turn. */
const TURN = 1;

/** What the batches are for. */
export interface Consumer {
  /** Whether the batches that a source gives may hang on this number: then it changes while they are made. */
  looks(): number;
  /** A batch as the engine reads it, checked; null where nothing may run while that is done. Throws where it does not fit. */
  prepare(batch: Batch): FeedParts | null;
}

/**
 * Reads a source ahead of the engine: small batches go into the queue; `next` is one that comes by itself, after those of the queue, and nothing is read
 * beyond it. So come the first of an epoch, large ones, and all of a source that looks at the model which it trains.
 */
export class BatchSupply {
  readonly queue = new BatchQueue();
  next: Batch | null = null;
  /** Batches of the epoch that may be read, and that have been. */
  #wanted = 0;
  #read = 0;
  #isFirst = true;
  #looksAtModel = false;
  /** The source has ended or failed. */
  #over = true;
  #failure: { error: unknown; batch: Batch | null } | null = null;
  /** The epoch that is under way, and the one that is being read. */
  #epoch = 0;
  #reading = 0;
  #wake: (() => void) | null = null;

  constructor(
    readonly stream: BatchStream,
    readonly consumer: Consumer,
  ) {}

  async begin(wanted: number, done: number): Promise<void> {
    this.#giveBack();
    this.#epoch++;
    await this.stream.begin(wanted);
    this.#read = done;
    this.#isFirst = true;
    this.#over = false;
    for (let i = 0; i < done; i++) if (!(await this.stream.next())) break;
  }

  close(): Promise<void> {
    this.#giveBack();
    this.#epoch++;
    this.#over = true;
    this.#wakeUp();
    return this.stream.close();
  }

  /** Nothing has been read that is not trained. */
  get isEmpty(): boolean {
    return this.queue.isEmpty && !this.next;
  }

  /** So many batches may be read before more are asked for, counting those that have been and are not trained. */
  allow(count: number): void {
    this.#wanted = this.#read - this.queue.length - (this.next ? 1 : 0) + count;
  }

  /** Waits until there is a batch; false where none will come. Throws what the source threw, once all before it have been taken. */
  async has(): Promise<boolean> {
    while (this.isEmpty && !this.#over && this.#read < this.#wanted) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.fill();
      await woken;
    }
    if (!this.isEmpty) return true;
    const failure = this.#failure;
    this.#failure = null;
    if (failure) throw failure.error;
    return false;
  }

  /** Reads on, while others run. */
  fill(): void {
    if (this.#reading === this.#epoch) return;
    const epoch = this.#epoch;
    this.#reading = epoch;
    void this.#readOn(epoch).finally(() => {
      if (this.#reading === epoch) this.#reading = 0;
      this.#wakeUp();
    });
  }

  async #readOn(epoch: number): Promise<void> {
    let began = performance.now();
    while (!this.#over && !this.next && this.#read < this.#wanted) {
      let batch: Batch | null = null;
      try {
        const now = this.#ask();
        batch = now === undefined ? await this.stream.next() : now;
        if (epoch !== this.#epoch) return;
        this.#over = batch === null;
        if (!batch) return;
        this.#read++;
        const room = this.#take(batch);
        // Who waits for it goes on, and has more read then.
        if (this.#wake) return;
        if (!room) await this.queue.untilRoom();
        else if (performance.now() - began > TURN) await setImmediate();
        else continue;
        began = performance.now();
      } catch (error) {
        if (epoch === this.#epoch) [this.#over, this.#failure] = [true, { error, batch }];
      }
      if (epoch !== this.#epoch) return;
    }
  }

  /** What the source gives at once; undefined where it is to be waited for. */
  #ask(): Batch | null | undefined {
    const before = this.consumer.looks();
    const batch = this.stream.nextNow();
    this.#looksAtModel ||= this.consumer.looks() !== before;
    return batch;
  }

  /** Whether there is room for another in the queue. */
  #take(batch: Batch): boolean {
    const parts = this.#isFirst || this.#looksAtModel ? null : this.consumer.prepare(batch);
    this.#isFirst = false;
    if (parts && BatchQueue.takes(parts)) return this.queue.push(parts, this.stream.isOwn ? copied(batch) : null);
    this.next = batch;
    return true;
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /** What was read and not trained is there for the next who reads the user's own source. */
  #giveBack(): void {
    const failure = this.#failure;
    const batches = [...this.queue.clear(), this.next, failure?.batch].filter((b) => b != null);
    this.stream.putBack(batches, failure !== null && failure.batch === null);
    this.next = this.#failure = null;
  }
}

const copied = (batch: Batch): Batch => ({
  ...batch,
  x: copyBatch(batch.x),
  y: copyBatch(batch.y),
  weights: copyBatch(batch.weights),
});
