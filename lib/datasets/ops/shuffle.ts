import { type Block, checkAlike, Items, Table } from '../block.js';
import { type Column, putRow, roomLike } from '../columns.js';
import { type Blocks, Node, type Place, without } from '../node.js';
import { RandomStream } from '../random_stream.js';

/**
 * tf.data's shuffle: a buffer is filled, then each element that comes takes the place of one that is drawn. The order follows from the seed and, where it
 * changes, from the number of the pass.
 */
export class Shuffle extends Node {
  readonly below: readonly Node[];
  constructor(
    readonly source: Node,
    readonly size: number,
    override seed: number,
    readonly reshuffles: boolean,
  ) {
    super();
    this.below = [source];
  }

  get length(): number | null {
    return this.source.length;
  }

  async *blocks({ pass, skip }: Place): Blocks {
    yield* without(this.#shuffled(pass), skip);
  }

  async *#shuffled(pass: number): Blocks {
    const random = new RandomStream(this.seed, this.reshuffles ? pass : 0);
    let buffer: Room | null = null;
    let filled = 0;
    for await (const given of this.source.blocks({ pass, skip: 0 })) {
      buffer ??= new Room(given, Math.min(this.size, this.source.length ?? this.size));
      const block = buffer.fitting(given);
      const fills = Math.min(this.size - filled, block.length);
      buffer.grow(filled + fills);
      for (let i = 0; i < fills; i++) buffer.put(filled++, block, i);
      if (fills === block.length) continue;
      const out = new Room(block, block.length - fills);
      out.grow(block.length - fills);
      for (let i = fills; i < block.length; i++) {
        const drawn = random.below(filled);
        out.put(i - fills, buffer.block, drawn);
        buffer.put(drawn, block, i);
      }
      yield out.block;
    }
    if (!buffer || filled === 0) return;
    // What is left, in an order drawn for all of it.
    const order = Uint32Array.from({ length: filled }, (_, i) => i);
    for (let i = filled - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    const step = Math.min(filled, AT_ONCE);
    for (let at = 0; at < filled; at += step) yield buffer.block.pick(order.subarray(at, at + step));
  }
}

/** Elements of what is left in the buffer that go on together. */
const AT_ONCE = 1024;

/** Elements that may be put anywhere. */
class Room {
  block: Block;
  #size = 0;

  constructor(
    readonly like: Block,
    readonly most: number,
  ) {
    this.block = like.slice(0, 0);
  }

  /** Another block with the kinds that there is room for. */
  fitting(block: Block): Block {
    if (this.like instanceof Table) return checkAlike(this.like, block);
    return block;
  }

  /** Makes room: twice what there was, so that little is copied. */
  grow(size: number): void {
    if (size <= this.#size) return;
    const { like } = this;
    const next = Math.max(size, Math.min(this.most, Math.max(2 * this.#size, AT_ONCE)));
    const grown: Block =
      like instanceof Table
        ? new Table(
            like.structure,
            like.columns.map((column) => roomLike(column, next)),
            next,
          )
        : new Items(new Array(next));
    const before = this.block;
    this.block = grown;
    for (let i = 0; i < this.#size; i++) this.put(i, before, i);
    this.#size = next;
  }

  put(at: number, from: Block, row: number): void {
    const { block } = this;
    if (block instanceof Items) {
      (block.items as unknown[])[at] = from.item(row);
      return;
    }
    const { columns } = from as Table;
    for (let leaf = 0; leaf < columns.length; leaf++) putRow(block.columns[leaf] as Column, at, columns[leaf], row);
  }
}
