import type { Block } from '../block.js';
import { type Blocks, Node, type Place } from '../node.js';

/** Reads ahead of whoever takes, by so many elements. */
export class Prefetch extends Node {
  readonly below: readonly Node[];
  constructor(
    readonly source: Node,
    readonly ahead: number,
  ) {
    super();
    this.below = [source];
  }

  get length(): number | null {
    return this.source.length;
  }

  async *blocks(place: Place): Blocks {
    const source = this.source.blocks(place);
    const asked: Promise<IteratorResult<Block, void>>[] = [];
    // Blocks differ in their lengths: the last one tells how many elements a request may bring.
    let expected = 1;
    try {
      for (;;) {
        while (asked.length === 0 || asked.length * expected < this.ahead) {
          const result = source.next();
          // Nobody may be waiting for it yet.
          result.catch(() => undefined);
          asked.push(result);
        }
        const { done, value } = await (asked.shift() as (typeof asked)[number]);
        if (done) return;
        expected = Math.max(1, (value as Block).length);
        yield value as Block;
      }
    } finally {
      await source.return();
    }
  }
}
