import { isPromise } from '../../errors.js';
import { Items, itemsOf } from '../block.js';
import { inOrder } from '../in_order.js';
import { type Blocks, Node, type Place } from '../node.js';

/** What a function makes of each element, in their order. */
export class Mapped extends Node {
  readonly below: readonly Node[];
  constructor(
    readonly source: Node,
    readonly make: (element: unknown) => unknown,
    readonly parallelCalls: number,
  ) {
    super();
    this.below = [source];
  }

  get length(): number | null {
    return this.source.length;
  }

  blocks(place: Place): Blocks {
    return this.parallelCalls > 1 ? this.#ahead(place) : this.#oneByOne(place);
  }

  /** Where one fails, those before it are given first. */
  async *#oneByOne(place: Place): Blocks {
    for await (const block of this.source.blocks(place)) {
      const made: unknown[] = [];
      let failed: { error: unknown } | null = null;
      for (let i = 0; i < block.length && !failed; i++) {
        try {
          const value = this.make(block.item(i));
          made.push(isPromise(value) ? await value : value);
        } catch (error) {
          failed = { error };
        }
      }
      if (made.length) yield new Items(made);
      if (failed) throw failed.error;
    }
  }

  async *#ahead(place: Place): Blocks {
    for await (const made of inOrder(this.#calls(place), this.parallelCalls)) yield new Items([made]);
  }

  async *#calls(place: Place): AsyncGenerator<() => Promise<unknown>> {
    for await (const block of this.source.blocks(place))
      for (const element of itemsOf(block)) yield async () => await this.make(element);
  }
}
