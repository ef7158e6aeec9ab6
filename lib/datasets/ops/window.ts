import { Items } from '../block.js';
import { type Blocks, Node, type Place } from '../node.js';
import { Pending } from '../pending.js';

/** Steps of a window. */
export interface WindowSteps {
  /** Elements of a window. */
  readonly size: number;
  /** Elements from the begin of one to that of the next. */
  readonly shift: number;
  /** Elements from one of a window to the next of it. */
  readonly stride: number;
  /** Whether windows that the end cuts short are left out. */
  readonly dropRemainder: boolean;
}

/** Elements that follow each other, as one: tf.data's windows, each made a batch. */
export class Window extends Node {
  readonly below: readonly Node[];
  constructor(
    readonly source: Node,
    readonly steps: WindowSteps,
  ) {
    super();
    this.below = [source];
  }

  get length(): number | null {
    const { length } = this.source;
    if (length === null) return null;
    const { shift, dropRemainder } = this.steps;
    return dropRemainder ? Math.max(0, Math.floor((length - this.#reach) / shift) + 1) : Math.ceil(length / shift);
  }

  /** Elements from the first of a window to its last. */
  get #reach(): number {
    return (this.steps.size - 1) * this.steps.stride + 1;
  }

  async *blocks({ pass, skip }: Place): Blocks {
    const { shift, dropRemainder } = this.steps;
    const pending = new Pending();
    let jump = 0;
    const advance = () => {
      jump = Math.max(0, shift - pending.length);
      pending.drop(shift);
    };
    for await (const block of this.source.blocks({ pass, skip: skip * shift })) {
      const passed = Math.min(jump, block.length);
      jump -= passed;
      if (passed < block.length) pending.add(block.slice(passed, block.length));
      const windows: unknown[] = [];
      while (pending.length >= this.#reach) {
        windows.push(this.#window(pending));
        advance();
      }
      if (windows.length) yield new Items(windows);
    }
    while (!dropRemainder && pending.length > 0) {
      yield new Items([this.#window(pending)]);
      advance();
    }
  }

  #window(pending: Pending): unknown {
    const { stride } = this.steps;
    const all = pending.peek(this.#reach);
    if (stride === 1) return all.batched();
    return all.pick(Uint32Array.from({ length: Math.ceil(all.length / stride) }, (_, i) => i * stride)).batched();
  }
}
