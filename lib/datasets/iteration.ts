import { isPromise } from '../errors.js';
import type { Block } from './block.js';
import type { Blocks } from './node.js';

type Result = IteratorResult<unknown, undefined>;

/** One reading of a dataset. `pull` gives at once what is there, and a promise where it is to be waited for; never more than one block is asked for. */
export class Iteration {
  #blocks: Blocks | null = null;
  #block: Block | null = null;
  #at = 0;
  #ended = false;
  #waiting: Promise<Result> | null = null;

  /** @param note is told of each element that was given, and of the end */
  constructor(
    readonly open: () => Blocks,
    readonly note: (ended: boolean) => void,
  ) {}

  next(): Promise<Result> {
    const result = this.pull();
    return isPromise(result) ? result : Promise.resolve(result);
  }

  pull(): Result | Promise<Result> {
    if (this.#waiting) return this.#later(this.#waiting);
    if (this.#ended) return { done: true, value: undefined };
    if (this.#block && this.#at < this.#block.length) return this.#give(this.#block);
    return this.#later(null);
  }

  async return(): Promise<Result> {
    this.#ended = true;
    this.#block = null;
    await this.#blocks?.return();
    return { done: true, value: undefined };
  }

  #give(block: Block): Result {
    const value = block.item(this.#at++);
    this.note(false);
    return { done: false, value };
  }

  /** After the request before, whatever came of that. */
  #later(before: Promise<Result> | null): Promise<Result> {
    const result: Promise<Result> = (before ? before.then(ignore, ignore).then(() => this.#settle()) : this.#settle()).finally(
      () => {
        if (this.#waiting === result) this.#waiting = null;
      },
    );
    this.#waiting = result;
    return result;
  }

  async #settle(): Promise<Result> {
    while (!this.#ended && !(this.#block && this.#at < this.#block.length)) {
      this.#blocks ??= this.open();
      try {
        const { done, value } = await this.#blocks.next();
        if (this.#ended) break;
        if (done) {
          this.#ended = true;
          this.note(true);
        } else [this.#block, this.#at] = [value, 0];
      } catch (error) {
        this.#ended = true;
        throw error;
      }
    }
    return this.#ended ? { done: true, value: undefined } : this.#give(this.#block as Block);
  }
}

const ignore = () => undefined;
