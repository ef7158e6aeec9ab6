import { RuntimeError, show, typeError } from '../errors.js';
import { type Batch, readBatch } from './batch.js';
import { isDataset } from './is_dataset.js';
import { enterOwn, isAsync, isOnesOwn, iterate, leaveOwn, method, warnClosed } from './open.js';
import { pulls } from './pulled.js';
import { type Item, Reader } from './reader.js';
import { ENDED, Waits } from './waits.js';

/** Options of {@link BatchStream}. */
export interface StreamOptions {
  /** Batches that an async source may be ahead. Default 2. */
  lookAhead?: number;
  /** Whether batches bring labels; without, two nested arrays of one shape are samples. Default true. */
  labels?: boolean;
}

/**
 * The batches of a dataset, epoch by epoch: `begin()`, then `next()` until it gives null, and `close()` at the end.
 *
 * A function is called anew for each epoch, an iterable iterated anew, and what came of it is closed; a source of the user's own ({@link isOnesOwn})
 * goes on where it stands, is left open, and once dry stays dry. Async sources are read ahead, one request at a time. Whatever a source throws
 * rejects `next()` as a RuntimeError whose `cause` it is.
 */
export class BatchStream {
  #reader: Reader | null = null;
  readonly #isOwn: boolean;
  /** No more comes. */
  #ended = false;
  #failed: Item | null = null;
  /** What we opened has not ended by itself. */
  #open = false;
  #closed = false;
  #index = 0;
  /** Bumped by `begin` and `close`: what was asked for before does not count any more. */
  #epoch = 0;
  readonly #waits = new Waits();

  constructor(
    readonly source: unknown,
    readonly where = 'dataset',
    readonly options: StreamOptions = {},
  ) {
    if (!isDataset(source) && !Array.isArray(source))
      throw typeError(
        `${where} must be an iterable of batches, or a function that returns one. Received: ${show(source)}`,
        'ERR_DATASET',
      );
    this.#isOwn = isOnesOwn(source);
  }

  /** Whether it can be read once only. */
  get isOwn(): boolean {
    return this.#isOwn;
  }

  /**
   * Begins an epoch: from the start, where the source can be read anew.
   * @param wanted batches that the epoch takes at most; no more are read ahead
   */
  async begin(wanted = Number.POSITIVE_INFINITY): Promise<void> {
    this.#index = 0;
    this.#closed = false;
    const epoch = ++this.#epoch;
    if (this.#isOwn) {
      this.#reader ??= this.#guard('could not be opened', () =>
        enterOwn(this.where, this.source as object, this.options.lookAhead ?? 2),
      );
      this.#reader.expect(wanted);
      return;
    }
    await this.#release();
    const opened = this.#opened(epoch, wanted);
    await this.#waits.until(opened);
  }

  /** The next batch; null where the epoch ends. */
  async next(): Promise<Batch | null> {
    if (!this.#reader && !this.#closed) await this.begin();
    const epoch = this.#epoch;
    const reader = this.#reader;
    if (this.#ended || this.#closed || !reader) return null;
    // Somebody else who reads the same source may have taken what came.
    while (!reader.isReady) {
      if ((await this.#waits.until(reader.request())) === ENDED || epoch !== this.#epoch) return null;
    }
    return this.#batchOf(reader.take());
  }

  /** The next batch of a source that answers at once; undefined where `next` is to be waited for. */
  nextNow(): Batch | null | undefined {
    if (this.#ended || this.#closed) return null;
    const item = this.#reader?.takeNow();
    return item && this.#batchOf(item);
  }

  /**
   * Gives back batches that were not used: the user's own source goes on with them.
   * @param failure whether what it threw after them was not told to anybody either
   */
  putBack(batches: readonly Batch[], failure: boolean): void {
    if (!this.#isOwn) return;
    const items: Item[] = batches.map(({ x, y, weights }) => ({ result: { done: false, value: { xs: x, ys: y, weights } } }));
    if (failure && this.#failed) items.push(this.#failed);
    this.#reader?.putBack(items);
  }

  #batchOf(item: Item | undefined): Batch | null {
    const index = this.#index;
    if (!item || 'error' in item) {
      this.#ended = true;
      this.#open &&= item?.open === true;
      this.#failed = item ?? null;
      throw this.#failure(`failed at batch ${index}`, item?.error);
    }
    const { done, value } = this.#checked(item.result);
    if (done) {
      this.#ended = true;
      this.#open = false;
      return null;
    }
    this.#index++;
    return readBatch(`${this.where}, batch ${index}`, index, value, this.options.labels ?? true);
  }

  /** Ends the reading: a source that is ours is closed, a `next()` that waits gives null. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#epoch++;
    this.#waits.end();
    await this.#release();
  }

  async #opened(epoch: number, wanted: number): Promise<void> {
    const { source } = this;
    const made = await this.#guarded('could not be opened', () => (typeof source === 'function' ? source() : source));
    const iterator = this.#guard('could not be opened', () => iterate(this.where, made));
    // Closed while the function was waited for.
    if (epoch !== this.#epoch) return void ignore(() => iterator.return?.());
    this.#reader = new Reader(iterator, isAsync(made) && !method(made as object, pulls) ? (this.options.lookAhead ?? 2) : 0);
    this.#reader.expect(wanted);
    this.#ended = false;
    this.#open = true;
  }

  async #release(): Promise<void> {
    const reader = this.#reader;
    const open = this.#open;
    this.#reader = null;
    this.#open = false;
    if (!reader) return;
    reader.expect(0);
    if (this.#isOwn) {
      await ignore(() => leaveOwn(this.source as object));
      return;
    }
    if (!open) return;
    const returned = ignore(() => reader.iterator.return?.());
    // A source that does not answer must not keep its user waiting.
    if (!reader.isAsking) await this.#waits.until(returned);
  }

  #checked(result: IteratorResult<unknown> | undefined): IteratorResult<unknown> {
    if (typeof result === 'object' && result !== null) return result;
    this.#ended = true;
    throw typeError(`${this.where}: an iterator gives objects { value, done }. Received: ${show(result)}`, 'ERR_DATASET');
  }

  /** Runs what belongs to the source; its errors come out with the place where they happened. */
  #guard<T>(what: string, run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw this.#failure(what, error);
    }
  }
  async #guarded<T>(what: string, run: () => T | Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw this.#failure(what, error);
    }
  }
  #failure(what: string, error: unknown): unknown {
    if ((error as Error)?.name === 'AbortError' || (error as { code?: unknown })?.code === 'ERR_DATASET') return error;
    return failure(this.where, what, error);
  }
}

/** What a source threw, as the user of the dataset sees it. */
export function failure(where: string, what: string, cause: unknown): RuntimeError {
  const message = typeof (cause as Error)?.message === 'string' ? (cause as Error).message : String(cause);
  return Object.assign(new RuntimeError(`${where}: the dataset ${what}: ${message}`, 'ERR_DATASET'), { cause });
}

/** Waits, and only warns where it failed. */
async function ignore(run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    warnClosed(error);
  }
}
