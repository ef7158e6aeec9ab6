import { type Block, joinBlocks } from './block.js';

/** Elements that have come and are not used yet: blocks go in, others of any length come out. Nothing is copied where one block has all that is asked for. */
export class Pending {
  #blocks: Block[] = [];
  /** Of the first block, how many are used. */
  #used = 0;
  length = 0;

  add(block: Block): void {
    this.#blocks.push(block);
    this.length += block.length;
  }

  /** The next elements; at most those there are. */
  take(count: number): Block {
    const parts = this.#look(count);
    this.drop(count);
    return parts;
  }

  /** The next elements, which stay. */
  peek(count: number): Block {
    return this.#look(count);
  }

  drop(count: number): void {
    let left = Math.min(count, this.length);
    this.length -= left;
    while (left > 0) {
      const here = this.#blocks[0].length - this.#used;
      if (left < here) {
        this.#used += left;
        return;
      }
      left -= here;
      this.#blocks.shift();
      this.#used = 0;
    }
  }

  #look(count: number): Block {
    const parts: Block[] = [];
    let left = Math.min(count, this.length);
    let from = this.#used;
    for (let i = 0; left > 0; i++) {
      const block = this.#blocks[i];
      const to = Math.min(block.length, from + left);
      parts.push(block.slice(from, to));
      left -= to - from;
      from = 0;
    }
    return joinBlocks(parts);
  }
}
