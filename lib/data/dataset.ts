import { RuntimeError, show, typeError } from '../errors.js';
import { isArrayLike } from './array_like.js';
import { type Batch, isListOfBatches, readBatch } from './batch.js';
import { Lookahead } from './lookahead.js';

export type { Batch } from './batch.js';

// biome-ignore lint/suspicious/noExplicitAny: what a source gives is checked batch by batch
type AnyIterator = Iterator<any> | AsyncIterator<any>;

const method = (value: object, key: PropertyKey): boolean => typeof (value as Record<PropertyKey, unknown>)[key] === 'function';

/**
 * Whether `x` is a source of batches and not an array: a function that returns one, an iterable or async iterable, an iterator. Typed arrays, NDArrays
 * and nested arrays are data although they can be iterated; a plain list counts where its items can only be batches (`[x, y]` of NDArrays, `{ xs, ys }`).
 */
export function isDataset(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return isListOfBatches(value);
  if (ArrayBuffer.isView(value) || isArrayLike(value) || method(value, 'dataSync')) return false;
  return method(value, Symbol.asyncIterator) || method(value, Symbol.iterator) || method(value, 'next');
}

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
 * A function is called anew for each epoch, and an iterable iterated anew; a bare iterator or generator object goes on where it stands, and once dry stays
 * dry. Async sources are read ahead, one request at a time. Whatever a source throws rejects `next()` as a RuntimeError whose `cause` it is.
 */
export class BatchStream {
  #iterator: AnyIterator | null = null;
  #ahead: Lookahead | null = null;
  #ended = false;
  #closed = false;
  #index = 0;
  /** Bumped by `begin` and `close`: what was asked for before does not count any more. */
  #epoch = 0;

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
  }

  /** Begins an epoch: from the start, where the source can be read anew. */
  async begin(): Promise<void> {
    this.#index = 0;
    this.#closed = false;
    if (this.#iterator && this.#isBare()) return;
    const epoch = ++this.#epoch;
    await this.#release();
    const made = await this.#guard('could not be opened', () =>
      typeof this.source === 'function' ? this.source() : this.source,
    );
    const iterator = await this.#guard('could not be opened', () => iterate(this.where, made));
    if (epoch !== this.#epoch) return void ignore(() => iterator.return?.());
    this.#iterator = iterator;
    this.#ended = false;
    if (isAsync(made)) this.#ahead = new Lookahead(iterator, this.options.lookAhead ?? 2);
  }

  /** The next batch; null where the epoch ends. */
  async next(): Promise<Batch | null> {
    if (!this.#iterator && !this.#closed) await this.begin();
    const iterator = this.#iterator;
    if (this.#ended || this.#closed || !iterator) return null;
    const index = this.#index;
    const epoch = this.#epoch;
    const result = await this.#guard(`failed at batch ${index}`, () => (this.#ahead ? this.#ahead.next() : iterator.next()));
    if (epoch !== this.#epoch) return null;
    const { done, value: given } = checkResult(this.where, result);
    if (done) {
      this.#ended = true;
      return null;
    }
    // A plain iterable may hold promises of batches.
    const value = await this.#guard(`failed at batch ${index}`, () => given);
    this.#index++;
    return readBatch(`${this.where}, batch ${index}`, index, value, this.options.labels ?? true);
  }

  /** Ends the reading: the source's `return()` is called, a `next()` that waits gives null. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#epoch++;
    await this.#release();
  }

  /** Whether the source is an iterator by itself, which cannot be read a second time. */
  #isBare(): boolean {
    const { source } = this;
    if (typeof source === 'function') return false;
    if (!isAsync(source) && !method(source as object, Symbol.iterator)) return true;
    return method(source as object, 'next');
  }

  async #release(): Promise<void> {
    const iterator = this.#iterator;
    const ahead = this.#ahead;
    const ended = this.#ended;
    this.#iterator = null;
    this.#ahead = null;
    this.#ended = false;
    const waiting = ahead?.close() ?? false;
    if (!iterator || ended) return;
    const returned = ignore(() => iterator.return?.());
    // A source that does not answer must not keep its user waiting.
    if (!waiting) await returned;
  }

  /** Runs what belongs to the source; its errors come out with the place where they happened. */
  async #guard<T>(what: string, run: () => T | Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      this.#ended = true;
      if ((error as Error)?.name === 'AbortError' || (error as { code?: unknown })?.code === 'ERR_DATASET') throw error;
      throw failure(this.where, what, error);
    }
  }
}

/**
 * Reads a dataset once, for what needs no labels: at once where it is synchronous, else with a promise. `batch` sees each batch, `end` what comes after
 * the last. What the source throws comes out as a RuntimeError (ERR_DATASET) whose `cause` it is; the source is closed however it ends.
 */
export function eachBatch(where: string, source: unknown, batch: (b: Batch) => void, end: () => void): void | Promise<void> {
  const made = fromSource(where, () => (typeof source === 'function' ? source() : source));
  if (isAsync(made) || made instanceof Promise)
    return eachAsync(new BatchStream(() => made, where, { labels: false }), batch, end);
  const iterator = iterate(where, made) as Iterator<unknown>;
  let done = false;
  try {
    for (let index = 0; ; index++) {
      const result = checkResult(
        where,
        fromSource(where, () => iterator.next()),
      );
      if (result.done) {
        done = true;
        break;
      }
      batch(readBatch(`${where}, batch ${index}`, index, result.value, false));
    }
  } finally {
    if (!done) iterator.return?.();
  }
  end();
}

function checkResult<T>(where: string, result: IteratorResult<T> | undefined): IteratorResult<T> {
  if (typeof result === 'object' && result !== null) return result;
  throw typeError(`${where}: an iterator gives objects { value, done }. Received: ${show(result)}`, 'ERR_DATASET');
}

async function eachAsync(stream: BatchStream, batch: (b: Batch) => void, end: () => void): Promise<void> {
  try {
    for (let b = await stream.next(); b; b = await stream.next()) batch(b);
  } finally {
    await stream.close();
  }
  end();
}

function fromSource<T>(where: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw failure(where, 'failed', error);
  }
}

/** What a source threw, as the user of the dataset sees it. */
function failure(where: string, what: string, cause: unknown): RuntimeError {
  const message = typeof (cause as Error)?.message === 'string' ? (cause as Error).message : String(cause);
  return Object.assign(new RuntimeError(`${where}: the dataset ${what}: ${message}`, 'ERR_DATASET'), { cause });
}

const isAsync = (value: unknown): boolean => typeof value === 'object' && value !== null && method(value, Symbol.asyncIterator);

function iterate(where: string, source: unknown): AnyIterator {
  if (typeof source === 'object' && source !== null) {
    // biome-ignore lint/suspicious/noExplicitAny: checked by `method`
    const any = source as any;
    if (method(any, Symbol.asyncIterator)) return any[Symbol.asyncIterator]();
    if (method(any, Symbol.iterator) && !ArrayBuffer.isView(any) && !isArrayLike(any)) return any[Symbol.iterator]();
    if (method(any, 'next')) return any;
  }
  throw typeError(`${where}: the function must return an iterable of batches [x, y]. Received: ${show(source)}`, 'ERR_DATASET');
}

/** Waits, and says on the console where it failed: there is nothing left that the failure could stop. */
async function ignore(run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    process.emitWarning(`A dataset failed while it was closed: ${(error as Error)?.message ?? error}`, {
      code: 'GEMMFIT_DATASET_CLOSE',
    });
  }
}
