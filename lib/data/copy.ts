import { type ArrayLike, isArrayLike, readArrayLike } from './array_like.js';
import { isDictionary } from './containers.js';
import { NDArray } from './ndarray.js';

/** Levels of lists within lists; deeper ones, and those that hold themselves, are refused when they are read. */
const DEEPEST = 32;

/**
 * A batch of its own memory: who made it may fill the same arrays anew. What is no array of numbers stays as it is, also what cannot be
 * copied: whoever reads it says what is wrong with it.
 */
export function copyBatch(value: unknown, level = 0): unknown {
  if (typeof value !== 'object' || value === null || level > DEEPEST) return value;
  if (ArrayBuffer.isView(value)) return copyElements(value);
  if (isArrayLike(value)) return copyArrayLike(value);
  if (Array.isArray(value)) return typeof value[0] === 'number' ? value.slice() : value.map((item) => copyBatch(item, level + 1));
  if (isDictionary(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyBatch(item, level + 1)]));
  return value;
}

/** Only what it shows: it may be a small view of a large array. */
function copyArrayLike(value: ArrayLike): unknown {
  try {
    const { data, shape } = readArrayLike('', value);
    return new NDArray(copyElements(data), shape);
  } catch {
    return value;
  }
}

function copyElements<T extends ArrayBufferView>(view: T): T {
  const isShared = typeof SharedArrayBuffer !== 'undefined' && view.buffer instanceof SharedArrayBuffer;
  if (isShared || view.byteLength === 0 || view instanceof DataView) return view;
  // Of the typed array itself: a Buffer's own `slice` is a view.
  const { slice } = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
  return slice.call(view) as unknown as T;
}
