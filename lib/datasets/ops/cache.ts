import type { Block } from '../block.js';
import { type Blocks, Node, type Place, without } from '../node.js';

/** What the first whole pass gave, kept in memory for those after it. */
export class Cache extends Node {
  readonly below: readonly Node[];
  #kept: Block[] | null = null;
  constructor(readonly source: Node) {
    super();
    this.below = [source];
  }

  get length(): number | null {
    return this.#kept?.reduce((n, block) => n + block.length, 0) ?? this.source.length;
  }

  async *blocks({ pass, skip }: Place): Blocks {
    if (this.#kept) {
      yield* without(inTurn(this.#kept), skip);
      return;
    }
    yield* without(this.#keep(pass), skip);
  }

  /** A pass that is left before its end keeps nothing. */
  async *#keep(pass: number): Blocks {
    const kept: Block[] = [];
    for await (const block of this.source.blocks({ pass, skip: 0 })) {
      kept.push(block);
      yield block;
    }
    this.#kept ??= kept;
  }
}

async function* inTurn(blocks: readonly Block[]): Blocks {
  yield* blocks;
}
