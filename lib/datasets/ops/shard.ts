import { type Blocks, Node, type Place } from '../node.js';

/** Each `count`th element, from the one at `index` on. */
export class Shard extends Node {
  readonly below: readonly Node[];
  constructor(
    readonly source: Node,
    readonly shards: number,
    readonly index: number,
  ) {
    super();
    this.below = [source];
  }

  get length(): number | null {
    const { length } = this.source;
    return length === null ? null : Math.ceil(Math.max(0, length - this.index) / this.shards);
  }

  async *blocks({ pass, skip }: Place): Blocks {
    let at = 0;
    for await (const block of this.source.blocks({ pass, skip: skip * this.shards })) {
      const rows: number[] = [];
      const first = (this.index - (at % this.shards) + this.shards) % this.shards;
      for (let i = first; i < block.length; i += this.shards) rows.push(i);
      at += block.length;
      if (rows.length) yield block.pick(rows);
    }
  }
}
