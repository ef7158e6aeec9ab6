import { isArrayLike } from './array_like.js';
import { isListOfBatches } from './batch.js';
import { method } from './open.js';

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
