import { show, typeError } from '../errors.js';
import { isArrayLike } from './array_like.js';
import { pulls } from './pulled.js';
import { Reader } from './reader.js';

// biome-ignore lint/suspicious/noExplicitAny: what a source gives is checked batch by batch
type AnyIterator = Iterator<any> | AsyncIterator<any>;

export const method = (value: object, key: PropertyKey): boolean =>
  typeof (value as Record<PropertyKey, unknown>)[key] === 'function';

export const isAsync = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && method(value, Symbol.asyncIterator);

const isNodeStream = (value: object): boolean => method(value, 'pipe') && method(value, 'read') && method(value, 'on');
const isWebStream = (value: object): boolean => method(value, 'getReader') && method(value, 'cancel');

/**
 * Whether a source is the user's own and stands somewhere: an iterator, a generator object, a stream. It is read on from there, and whoever made
 * it closes it. What we make ourselves, by calling a function or iterating an iterable, begins anew each epoch and is closed by us.
 */
export function isOnesOwn(source: unknown): boolean {
  if (typeof source !== 'object' || source === null || Array.isArray(source)) return false;
  return method(source, 'next') || isNodeStream(source) || isWebStream(source);
}

/** The readers of users' own sources, and how many read by them. What one training asked for and did not use is there for the next. */
const readers = new WeakMap<object, { reader: Reader; users: number }>();

/** A reader of what belongs to the user, which goes on where the last one stood. */
export function enterOwn(where: string, source: object, ahead: number): Reader {
  let shared = readers.get(source);
  if (!shared) {
    shared = { reader: new Reader(iterateGently(where, source), isAsync(source) ? ahead : 0), users: 0 };
    readers.set(source, shared);
  }
  shared.users++;
  return shared.reader;
}

/** The user's source is not needed any more for now. A stream that was not asked in vain can be read by others again. */
export function leaveOwn(source: object): unknown {
  const shared = readers.get(source);
  if (!shared || --shared.users > 0) return undefined;
  const { reader } = shared;
  if (method(source, 'next') || reader.isAsking || reader.isReady) return undefined;
  readers.delete(source);
  return reader.iterator.return?.();
}

/** Streams whose failures are listened to. */
const heard = new WeakSet<object>();

/**
 * A stream may fail when nobody reads it: what it read ahead, or its cleaning up. Without a listener that would end the process; whoever reads it next
 * gets the error.
 */
function hear(source: unknown): void {
  if (typeof source !== 'object' || source === null || !isNodeStream(source) || heard.has(source)) return;
  heard.add(source);
  (source as { on(event: 'error', listener: (error: unknown) => void): void }).on('error', (error) => {
    if ((readers.get(source)?.users ?? 0) === 0) warnClosed(error);
  });
}

/** There is nothing left that the failure could stop. */
export function warnClosed(error: unknown): void {
  process.emitWarning(`A dataset failed after it was left: ${(error as Error)?.message ?? error}`, {
    code: 'GEMMFIT_DATASET_CLOSE',
  });
}

/** An iterator of a stream that leaves the stream open when it is returned. */
function iterateGently(where: string, source: object): AnyIterator {
  // biome-ignore lint/suspicious/noExplicitAny: checked by `method`
  const any = source as any;
  hear(source);
  if (isNodeStream(source) && method(source, 'iterator')) return any.iterator({ destroyOnReturn: false });
  if (isWebStream(source) && method(source, 'values')) return any.values({ preventCancel: true });
  const iterator = iterate(where, source);
  // Of a stream that has no such iterator, `return` would destroy it.
  return method(source, 'next') ? iterator : ({ next: () => iterator.next() } as AnyIterator);
}

export function iterate(where: string, source: unknown): AnyIterator {
  if (typeof source === 'object' && source !== null) {
    // biome-ignore lint/suspicious/noExplicitAny: checked by `method`
    const any = source as any;
    hear(source);
    if (method(any, pulls)) return any[pulls]();
    if (method(any, Symbol.asyncIterator)) return any[Symbol.asyncIterator]();
    if (method(any, Symbol.iterator) && !ArrayBuffer.isView(any) && !isArrayLike(any)) return any[Symbol.iterator]();
    if (method(any, 'next')) return any;
  }
  throw typeError(`${where}: the function must return an iterable of batches [x, y]. Received: ${show(source)}`, 'ERR_DATASET');
}
