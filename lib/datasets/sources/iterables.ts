import { isOnesOwn, iterate } from '../../data/open.js';
import { RuntimeError, show, typeError } from '../../errors.js';
import { Items } from '../block.js';
import { type Blocks, Node, type Place, without } from '../node.js';

/** What gives elements: an iterable, an async iterable, a stream, or a function that returns one. */
export class Given {
  #isUsed = false;
  constructor(
    readonly where: string,
    readonly source: unknown,
  ) {
    const isOne =
      typeof source === 'function' ||
      (typeof source === 'object' &&
        source !== null &&
        (Symbol.iterator in source || Symbol.asyncIterator in source || isOnesOwn(source)));
    if (!isOne)
      throw typeError(`${where} takes an iterable, a stream, or a function that returns one. Received: ${show(source)}`);
  }

  /** Its elements from the begin. A stream or a generator object has none for a second pass. */
  async *elements(): AsyncGenerator<unknown, void, undefined> {
    const { source, where } = this;
    if (isOnesOwn(source)) {
      if (this.#isUsed)
        throw new RuntimeError(
          `${where}: this stream or generator can be read once, and has been. Give a function that makes a new one, or keep its elements: dataset.cache()`,
          'ERR_DATASET',
        );
      this.#isUsed = true;
    }
    const made = typeof source === 'function' ? await source() : source;
    // An array is iterated, though `iterate` takes it for data elsewhere.
    const iterator = Array.isArray(made) ? made[Symbol.iterator]() : iterate(where, made);
    let open = true;
    try {
      for (;;) {
        const result = await iterator.next();
        if (typeof result !== 'object' || result === null)
          throw typeError(`${where}: an iterator gives objects { value, done }. Received: ${show(result)}`, 'ERR_DATASET');
        if (result.done) break;
        yield await result.value;
      }
      open = false;
    } finally {
      if (open) await iterator.return?.();
    }
  }
}

/** Elements that a function of the user's makes, one by one. */
export class GeneratorNode extends Node {
  readonly below: readonly Node[] = [];
  constructor(
    readonly given: Given,
    readonly known: number | null,
  ) {
    super();
  }

  get length(): number | null {
    return this.known;
  }

  async *blocks({ skip }: Place): Blocks {
    yield* without(this.#all(), skip);
  }
  async *#all(): Blocks {
    for await (const element of this.given.elements()) yield new Items([element]);
  }
}
