import { type Blocks, Node, type Place } from '../node.js';

/** Passes that a dataset without end has numbers for, before those of its next reading begin. */
const PASSES = 2 ** 20;

/** Pass after pass as one. */
export class Repeat extends Node {
  readonly below: readonly Node[];
  constructor(
    readonly source: Node,
    readonly times: number,
  ) {
    super();
    this.below = [source];
  }

  get length(): number | null {
    const { length } = this.source;
    if (this.times === 0 || length === 0) return 0;
    return length === null ? (this.times === Number.POSITIVE_INFINITY ? this.times : null) : length * this.times;
  }

  async *blocks({ pass, skip }: Place): Blocks {
    const first = pass * Math.min(this.times, PASSES);
    const { length } = this.source;
    let i = length ? Math.floor(skip / length) : 0;
    let left = skip - i * (length ?? 0);
    for (; i < this.times; i++) {
      let given = 0;
      // Those before the place are counted where nobody knows how many a pass has.
      for await (const block of this.source.blocks({ pass: first + i, skip: length === null ? 0 : left })) {
        given += block.length;
        const out = length === null ? Math.min(left, block.length) : 0;
        left -= out;
        if (out < block.length) yield block.slice(out, block.length);
      }
      if (length !== null) {
        given += left;
        left = 0;
      }
      if (given === 0) return;
    }
  }
}
