import { type Blocks, Node, type Place } from '../node.js';
import { Part } from './part.js';
import { type Shares, TEST, TRAIN } from './split.js';

/** A part of a split by place: first those to train on, then those to validate on, then those to test on. Where nobody knows how many there are, they are counted once. */
export class LastPart extends Node {
  readonly below: readonly Node[];
  constructor(
    readonly source: Node,
    readonly part: number,
    readonly shares: Shares,
    readonly counted: { rows: Promise<number> | null },
  ) {
    super();
    this.below = [source];
  }

  get length(): number | null {
    const { length } = this.source;
    return length === null ? null : this.#of(length).length;
  }

  async *blocks(place: Place): Blocks {
    this.counted.rows ??= this.source.count();
    yield* this.#of(await this.counted.rows).blocks(place);
  }

  #of(rows: number): Part {
    const { validation, test } = this.shares;
    const ends = [Math.floor(rows * (1 - validation - test)), Math.floor(rows * (1 - test)), rows];
    const from = this.part === TRAIN ? 0 : this.part === TEST ? ends[1] : ends[0];
    return new Part(this.source, from, ends[this.part] - from);
  }
}
