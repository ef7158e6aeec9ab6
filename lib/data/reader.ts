import { copyBatch } from './copy.js';

type Result = IteratorResult<unknown> | undefined;
/** What a request came to. `open`: it failed, and the iterator did not end by it. */
export type Item = { result: Result } | { error: unknown; open: boolean };

const isPromise = (value: unknown): boolean => typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';

/**
 * Reads an iterator for whoever asks, one request at a time: many iterators do not stand two. What has come and was not taken waits for the
 * next who asks, a failure too, so that no rejection is ever without a handler.
 *
 * Async iterators are read ahead by up to `ahead` items. Their makers may fill one buffer again and again, so an item is copied before more
 * is asked for.
 */
export class Reader {
  /** Items that may be asked for before somebody waits for them. */
  #wanted = 0;
  readonly #items: Item[] = [];
  #request: Promise<void> | null = null;
  /** Nothing is read ahead after an end or a failure. */
  #dry = false;

  constructor(
    // biome-ignore lint/suspicious/noExplicitAny: what an iterator gives is checked batch by batch
    readonly iterator: Iterator<any> | AsyncIterator<any>,
    readonly ahead: number,
  ) {}

  /** Whether a request is under way. */
  get isAsking(): boolean {
    return this.#request !== null;
  }
  /** Whether something waits to be taken. */
  get isReady(): boolean {
    return this.#items.length > 0;
  }

  /** How many are wanted from now on: no more are read ahead, counting those that are there. */
  expect(count: number): void {
    this.#wanted = Math.max(0, count - this.#items.length - (this.isAsking ? 1 : 0));
  }

  /** Resolves when there is something to take; never rejects. */
  request(): Promise<void> {
    if (this.isReady) return Promise.resolve();
    this.#request ??= this.#ask();
    return this.#request;
  }

  /** What has come first. Reading ahead goes on. */
  take(): Item | undefined {
    const item = this.#items.shift();
    this.#readAhead();
    return item;
  }

  /** The next item at once, of an iterator that answers at once; undefined where it is to be waited for. */
  takeNow(): Item | undefined {
    if (this.isReady) return this.take();
    if (this.ahead > 0 || this.isAsking || this.#dry) return undefined;
    let item: Item;
    try {
      const result: Result = this.iterator.next() as Result;
      if (isPromise(result) || isPromise(result?.value)) {
        this.#request = this.#settle(result);
        return undefined;
      }
      item = { result };
      this.#dry = result?.done === true;
    } catch (error) {
      item = { error, open: false };
      this.#dry = true;
    }
    this.#wanted = Math.max(0, this.#wanted - 1);
    return item;
  }

  /** Gives back what was taken and not used: the next who asks gets it. */
  putBack(items: readonly Item[]): void {
    this.#items.unshift(...items);
  }

  #ask(): Promise<void> {
    let result: Result | PromiseLike<Result>;
    try {
      result = this.iterator.next();
    } catch (error) {
      result = Promise.reject(error);
    }
    return this.#settle(result);
  }

  async #settle(asked: Result | PromiseLike<Result>): Promise<void> {
    this.#wanted = Math.max(0, this.#wanted - 1);
    const item = await this.#itemOf(asked);
    this.#dry = 'error' in item || item.result?.done === true;
    this.#items.push(item);
    this.#request = null;
    this.#readAhead();
  }

  async #itemOf(asked: Result | PromiseLike<Result>): Promise<Item> {
    let open = false;
    try {
      const result: Result = await asked;
      if (typeof result !== 'object' || result === null || result.done) return { result };
      open = true;
      // A plain iterable may hold promises of batches.
      const value = await result.value;
      return { result: { done: false, value: this.ahead > 0 ? copyBatch(value) : value } };
    } catch (error) {
      return { error, open };
    }
  }

  #readAhead(): void {
    if (!this.#dry && this.#wanted > 0 && this.#items.length < this.ahead) this.#request ??= this.#ask();
  }
}
