import { Items } from '../block.js';
import { type Blocks, Node, type Place } from '../node.js';
import { Pending } from '../pending.js';

/** Elements together, as arrays with one more axis in front. */
export class Batch extends Node {
  readonly below: readonly Node[];
  constructor(
    readonly source: Node,
    readonly size: number,
    readonly dropRemainder: boolean,
  ) {
    super();
    this.below = [source];
  }

  get length(): number | null {
    const { length } = this.source;
    return length === null ? null : this.dropRemainder ? Math.floor(length / this.size) : Math.ceil(length / this.size);
  }

  async *blocks({ pass, skip }: Place): Blocks {
    const { size } = this;
    const pending = new Pending();
    for await (const block of this.source.blocks({ pass, skip: skip * size })) {
      pending.add(block);
      const batches: unknown[] = [];
      while (pending.length >= size) batches.push(pending.take(size).batched());
      if (batches.length) yield new Items(batches);
    }
    if (pending.length && !this.dropRemainder) yield new Items([pending.take(size).batched()]);
  }
}
