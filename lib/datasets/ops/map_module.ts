import { Items, itemsOf } from '../block.js';
import { inOrder } from '../in_order.js';
import { type Blocks, Node, type Place } from '../node.js';
import { decode, encode } from '../parts/codec.js';
import { Workers } from '../parts/workers.js';

/** Elements that go to a thread together. */
const MOST = 64;

/** What the function of a module makes of each element, in threads; the elements keep their order. */
export class MappedByModule extends Node {
  readonly below: readonly Node[];
  constructor(
    readonly source: Node,
    readonly module: string,
    readonly workers: number,
  ) {
    super();
    this.below = [source];
  }

  get length(): number | null {
    return this.source.length;
  }

  async *blocks(place: Place): Blocks {
    const threads = new Workers(this.workers, { module: this.module });
    try {
      for await (const made of inOrder(this.#tasks(threads, place), 2 * this.workers)) yield new Items(decode(made));
    } finally {
      await threads.close();
    }
  }

  async *#tasks(threads: Workers, place: Place): AsyncGenerator<() => Promise<unknown>> {
    for await (const block of this.source.blocks(place))
      for (let from = 0; from < block.length; from += MOST) {
        const { value, transfer } = encode(itemsOf(block.slice(from, Math.min(block.length, from + MOST))));
        yield () => threads.run(value, transfer);
      }
  }
}
