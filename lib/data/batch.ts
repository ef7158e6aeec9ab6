import { show, typeError } from '../errors.js';
import { suggest } from '../options.js';
import { isArrayLike, isBlock } from './array_like.js';
import { isDictionary } from './containers.js';

/** One batch as a dataset gives it, in whatever form arrays may have. */
export interface Batch {
  /** Position in its epoch, from 0. */
  index: number;
  x: unknown;
  y: unknown;
  weights: unknown;
}

/**
 * `[x]`, `[x, y]`, `[x, y, weights]`, `{ xs, ys, weights }`, or x alone.
 * @param labels whether y is expected: then a list of two or three nested arrays is `[x, y]` even where it could be an x of two or three samples
 */
export function readBatch(where: string, index: number, value: unknown, labels: boolean): Batch {
  if (isDictionary(value) && Object.hasOwn(value, 'xs')) {
    const other = Object.keys(value).find((key) => !['xs', 'ys', 'weights', 'sampleWeight'].includes(key));
    if (other !== undefined)
      throw typeError(
        `${where}: a batch has no '${other}'.${suggest(other, ['xs', 'ys', 'weights', 'sampleWeight'])}`,
        'ERR_DATASET',
      );
    return { index, x: value.xs, y: value.ys ?? null, weights: value.weights ?? value.sampleWeight ?? null };
  }
  if (typeof value !== 'object' || value === null)
    throw typeError(
      `${where}: a dataset gives batches [x, y], [x, y, weights] or { xs, ys }. Received: ${show(value)}`,
      'ERR_DATASET',
    );
  if (!Array.isArray(value) || !isTuple(value, labels)) return { index, x: value, y: null, weights: null };
  const [x, y = null, weights = null] = value as unknown[];
  return { index, x, y, weights };
}

function isTuple(value: readonly unknown[], labels: boolean): boolean {
  if (value.length < 1 || value.length > 3) return false;
  const [x] = value;
  // Rows of a table are objects of single values, arrays by the names of inputs of arrays.
  if (isDictionary(x)) return labels || Object.values(x).some((v) => typeof v === 'object' && v !== null);
  if (isBlock(x)) return true;
  if (!Array.isArray(x) || value.length === 1) return false;
  return labels || value.slice(1).some((part) => nesting(part) !== nesting(x));
}

/** Lengths down the first elements, and what they end in, as a word to compare by. */
function nesting(value: unknown): string {
  const lengths: number[] = [];
  let here = value;
  for (; Array.isArray(here) && lengths.length < 32; here = here[0]) lengths.push(here.length);
  return `${lengths.join()} ${typeof here}`;
}

/**
 * Whether a list is one of batches, and not nested data: each item is `{ xs, ys }`, or `[x, y]` and `[x, y, weights]` of NDArrays, or of typed arrays
 * that have different lengths and so cannot be rows of one array. Lists of other batches are taken from a function.
 */
export function isListOfBatches(value: readonly unknown[]): boolean {
  // One by one, as `every` goes over holes: a sparse array may have billions.
  for (let i = 0; i < value.length; i++) if (!isBatchItem(value[i])) return false;
  return value.length > 0;
}

function isBatchItem(item: unknown): boolean {
  if (isDictionary(item)) return Object.hasOwn(item, 'xs');
  if (!Array.isArray(item) || item.length < 2 || item.length > 3) return false;
  const [x, y] = item as unknown[];
  if (isArrayLike(x)) return isBlock(y) || Array.isArray(y);
  return ArrayBuffer.isView(x) && (Array.isArray(y) || (isBlock(y) && lengthOf(y) !== lengthOf(x)));
}

const lengthOf = (block: unknown): number =>
  ArrayBuffer.isView(block) ? block.byteLength / ((block as Uint8Array).BYTES_PER_ELEMENT ?? 1) : -1;
