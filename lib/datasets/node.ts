import type { Block } from './block.js';

/** Where a reading begins: the number of the pass, from which orders follow, and how many elements of it are left out. */
export interface Place {
  readonly pass: number;
  readonly skip: number;
}

export type Blocks = AsyncGenerator<Block, void, undefined>;

/** One step of a dataset: a source, or what is done with what another gives. It holds no state of a reading. */
export abstract class Node {
  /** What it reads from. */
  abstract readonly below: readonly Node[];
  /** Of whoever draws at random. A training that is taken up again brings its own. */
  seed?: number;

  /** Elements of a pass; null where only reading tells. */
  abstract get length(): number | null;
  abstract blocks(place: Place): Blocks;

  /** Elements of a pass, which are counted where nobody knows. */
  async count(): Promise<number> {
    if (this.length !== null) return this.length;
    let count = 0;
    for await (const block of this.blocks({ pass: 0, skip: 0 })) count += block.length;
    return count;
  }
}

/** All steps, each once, sources first. */
export function stepsOf(node: Node, found = new Set<Node>()): Set<Node> {
  for (const other of node.below) stepsOf(other, found);
  return found.add(node);
}

/** The same without the first elements. */
export async function* without(blocks: AsyncIterable<Block>, skip: number): Blocks {
  let left = skip;
  for await (const block of blocks) {
    if (left >= block.length) left -= block.length;
    else {
      yield left > 0 ? block.slice(left, block.length) : block;
      left = 0;
    }
  }
}
