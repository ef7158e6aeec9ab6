import type { NativeFeed } from '../model/engine.js';
import type { Batches, Runner } from './batches.js';
import type { BatchShape } from './feed.js';

/** One pass over arrays, with batches of a size of its own. */
interface Pass {
  feed: NativeFeed;
  shape: BatchShape;
  /** Batches. */
  left: number;
}

/** Batches of arrays, pass by pass: with a size or an order of their own in each. */
export class PassBatches implements Batches {
  #pass: Pass | null = null;

  /**
   * @param next the number of the pass that begins next
   * @param rows samples of a pass
   * @param steps its batches; null where they are others from pass to pass
   * @param make a pass, without its first batches
   */
  constructor(
    private next: number,
    private readonly rows: number,
    readonly steps: number | null,
    private readonly runner: Runner,
    private readonly make: (pass: number, skip: number) => Pass,
  ) {}

  begin(_wanted: number, done = 0): void {
    this.#pass = this.make(this.next++, done);
    this.runner.begin?.(this.#pass.shape, this.rows);
  }
  ready(): boolean {
    return (this.#pass?.left ?? 0) > 0;
  }
  async run(count: number, reset: boolean): Promise<number> {
    const pass = this.#pass as Pass;
    const { done } = await this.runner.run(pass.feed, pass.shape, Math.min(count, pass.left), reset);
    pass.left -= done;
    return done;
  }
  close(): void {
    this.#pass = null;
  }
}
