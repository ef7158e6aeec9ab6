import { isPromise } from '../../errors.js';
import { type Blocks, Node, type Place, without } from '../node.js';

/** Those elements of which a function says so. */
export class Filter extends Node {
  readonly below: readonly Node[];
  constructor(
    readonly source: Node,
    readonly keeps: (element: unknown) => unknown,
  ) {
    super();
    this.below = [source];
  }

  get length(): number | null {
    return this.source.length === 0 ? 0 : null;
  }

  async *blocks({ pass, skip }: Place): Blocks {
    yield* without(this.#kept(pass), skip);
  }

  async *#kept(pass: number): Blocks {
    for await (const block of this.source.blocks({ pass, skip: 0 })) {
      const rows: number[] = [];
      for (let i = 0; i < block.length; i++) {
        const keeps = this.keeps(block.item(i));
        if (isPromise(keeps) ? await keeps : keeps) rows.push(i);
      }
      if (rows.length) yield rows.length === block.length ? block : block.pick(rows);
    }
  }
}
