import { sizeOf } from '../shapes.js';
import { toTensor } from './convert.js';
import { isBig, type TypedArray } from './elements.js';
import type { NestedArray } from './inputs.js';
import { NDArray } from './ndarray.js';

/** What the helpers take: a typed array, an NDArray (or anything with `data` and `shape`), or nested arrays of numbers. */
export type Rows<T extends TypedArray = Float32Array> = T | { readonly data: T; readonly shape: readonly number[] } | NestedArray;

/** What is given as an NDArray over the same memory, with at least one row. */
export function readRows<T extends TypedArray>(where: string, value: Rows<T>): NDArray<T> {
  const { data, shape } = toTensor(where, value);
  return new NDArray(data as T, shape);
}

/** Zeros of the element type of another array. */
export function zerosLike<T extends TypedArray>(data: T, length: number): T {
  return new (data.constructor as new (length: number) => T)(length);
}

/** The rows named, in that order, as an array of their own with the same element type. */
export function gatherRows<T extends TypedArray>(array: NDArray<T>, rows: ArrayLike<number>): NDArray<T> {
  const size = sizeOf(array.shape.slice(1));
  const out = zerosLike(array.data, rows.length * size);
  for (let i = 0; i < rows.length; i++) copyElements(array.data, rows[i] * size, size, out, i * size);
  return new NDArray(out, [rows.length, ...array.shape.slice(1)]);
}

export function copyElements<T extends TypedArray>(from: T, at: number, count: number, to: T, start: number): void {
  const part = from.subarray(at, at + count);
  if (isBig(to)) to.set(part as BigInt64Array, start);
  else to.set(part as Float32Array, start);
}
