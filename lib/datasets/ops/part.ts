import { type Blocks, Node, type Place } from '../node.js';

/** Elements from one to another: what `take` and `skip` leave. */
export class Part extends Node {
  readonly below: readonly Node[];
  constructor(
    readonly source: Node,
    readonly from: number,
    readonly most: number,
  ) {
    super();
    this.below = [source];
  }

  get length(): number | null {
    const { length } = this.source;
    if (length === null) return this.most === 0 ? 0 : null;
    return Math.min(Math.max(length - this.from, 0), this.most);
  }

  async *blocks({ pass, skip }: Place): Blocks {
    let left = this.most - skip;
    if (left <= 0) return;
    for await (const block of this.source.blocks({ pass, skip: this.from + skip })) {
      yield block.length > left ? block.slice(0, left) : block;
      left -= block.length;
      if (left <= 0) return;
    }
  }
}
