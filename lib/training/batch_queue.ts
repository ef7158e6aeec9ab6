import type { Batch } from '../data/batch.js';
import { addon } from '../engine/addon.js';
import type { BatchShape, FeedParts } from './feed.js';

/** A batch that larger ones than this are not copied: they are trained one by one, in place. */
const LARGEST = 2 ** 23;

type NativeQueue = InstanceType<typeof addon.FeedQueue>;

interface Queued {
  shape: BatchShape;
  /** What the source gave, where it must be able to have it back. */
  given: Batch | null;
}

/**
 * Batches on their way to the engine: it takes one after the other while more are put in. They are copied into the queue's own memory, which is
 * bounded, so that their source may be read ahead and may fill one array again and again.
 */
export class BatchQueue {
  readonly native: NativeQueue;
  /** What has been put in and not been trained yet, as far as is known. */
  #queued: Queued[] = [];
  #last: FeedParts | null = null;
  #room: (() => void) | null = null;

  constructor() {
    this.native = new addon.FeedQueue(() => this.makeRoom());
  }

  static takes({ x, y, weights }: FeedParts): boolean {
    return (x.byteLength ?? 0) + (y?.byteLength ?? 0) + (weights?.byteLength ?? 0) <= LARGEST;
  }

  get length(): number {
    return this.#queued.length;
  }
  get isEmpty(): boolean {
    return this.#queued.length === 0;
  }
  /** Of the batch that comes first. */
  get shape(): BatchShape {
    return this.#queued[0].shape;
  }

  /** Whether there is room for another. */
  push(parts: FeedParts, given: Batch | null): boolean {
    if (!this.#last || !isAlike(this.#last, parts)) this.native.kind(parts);
    this.#last = parts;
    const room = this.native.push(parts.x, parts.y, parts.weights);
    this.#queued.push({ shape: parts.shape, given });
    return room;
  }

  /** Resolves when there is room again. */
  untilRoom(): Promise<void> {
    return new Promise((resolve) => {
      this.#room = resolve;
    });
  }
  makeRoom(): void {
    this.#room?.();
    this.#room = null;
  }

  /** A run has ended: what it took is done with. */
  dropDone(): void {
    const left = this.native.length();
    if (left < this.#queued.length) this.#queued.splice(0, this.#queued.length - left);
  }

  /** Gives up what no run has taken. @returns it, where it was kept */
  clear(): Batch[] {
    const left = this.native.clear();
    const given = this.#queued.slice(this.#queued.length - left).flatMap((q) => q.given ?? []);
    this.#queued = [];
    this.makeRoom();
    return given;
  }
}

/** Whether one run can take both. */
function isAlike(a: FeedParts, b: FeedParts): boolean {
  return (
    a.xSize === b.xSize &&
    a.ySize === b.ySize &&
    a.weightSize === b.weightSize &&
    a.shape.weightSteps === b.shape.weightSteps &&
    a.classWeights?.labelWidth === b.classWeights?.labelWidth &&
    a.shape.sampleShape.length === b.shape.sampleShape.length &&
    a.shape.sampleShape.every((d, k) => d === b.shape.sampleShape[k])
  );
}
