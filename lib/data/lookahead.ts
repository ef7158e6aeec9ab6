type Result = IteratorResult<unknown>;
type Item = { result: Result } | { error: unknown };

/**
 * Reads an async iterator ahead of its user by a few items, one request at a time: many iterators do not stand two. A failure waits in the queue like an
 * item until it is asked for, so that no rejection is ever without a handler.
 */
export class Lookahead {
  readonly #items: Item[] = [];
  #pumping = false;
  #finished = false;
  #wake: (() => void) | null = null;

  constructor(
    // biome-ignore lint/suspicious/noExplicitAny: any iterator
    readonly iterator: AsyncIterator<any> | Iterator<any>,
    readonly limit: number,
  ) {}

  /** The next result; undefined after `close`. One call at a time. */
  async next(): Promise<Result | undefined> {
    void this.#pump(1);
    while (this.#items.length === 0 && !this.#finished) await new Promise<void>((resolve) => (this.#wake = resolve));
    const item = this.#items.shift();
    void this.#pump(0);
    if (!item) return undefined;
    if ('error' in item) throw item.error;
    return item.result;
  }

  /** Drops what was read ahead. Returns whether a request is still under way. */
  close(): boolean {
    const waiting = this.#pumping;
    this.#finished = true;
    this.#items.length = 0;
    this.#wake?.();
    return waiting;
  }

  async #pump(atLeast: number): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.#finished && this.#items.length < Math.max(this.limit, atLeast)) {
        const result = await this.iterator.next();
        if (this.#finished) return;
        if (result?.done) this.#finished = true;
        this.#items.push({ result });
        this.#wake?.();
      }
    } catch (error) {
      if (!this.#finished) this.#items.push({ error });
      this.#finished = true;
    } finally {
      this.#pumping = false;
      this.#wake?.();
    }
  }
}
