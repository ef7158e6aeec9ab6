import { isArrayLike, readArrayLike } from '../../data/array_like.js';
import { isDictionary } from '../../data/containers.js';
import { NDArray } from '../../data/ndarray.js';
import { type Column, isDense } from '../columns.js';

// Elements on their way between threads: arrays go with memory of their own, classes are taken off and put on again.

/** An array with its shape, as it travels. */
interface Sent {
  readonly $array: ArrayBufferView;
  readonly shape: readonly number[];
}

/** Elements as they are sent, and the memory that goes with them. */
export function encode(elements: readonly unknown[]): { value: unknown; transfer: ArrayBuffer[] } {
  const transfer: ArrayBuffer[] = [];
  const own = (view: ArrayBufferView): ArrayBufferView => {
    // A view may be a small part of much, and its owner goes on with it.
    const copy = (view as Float32Array).slice();
    transfer.push(copy.buffer as ArrayBuffer);
    return copy;
  };
  const visit = (value: unknown): unknown => {
    if (ArrayBuffer.isView(value)) return own(value);
    if (isArrayLike(value)) {
      const { data, shape } = readArrayLike('map', value);
      return { $array: own(data), shape: [...shape] } satisfies Sent;
    }
    if (Array.isArray(value)) return value.map(visit);
    if (isDictionary(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item)]));
    return value;
  };
  return { value: elements.map(visit), transfer };
}

/** What was sent. */
export function decode(sent: unknown): unknown[] {
  const visit = (value: unknown): unknown => {
    if (ArrayBuffer.isView(value)) return value;
    if (Array.isArray(value)) return value.map(visit);
    if (!isDictionary(value)) return value;
    if (ArrayBuffer.isView(value.$array)) return new NDArray(value.$array as Float32Array, value.shape as number[]);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item)]));
  };
  return (sent as unknown[]).map(visit);
}

/** The memory of columns, each once. */
export function buffersOf(columns: readonly Column[]): ArrayBuffer[] {
  return [...new Set(columns.flatMap((column) => (isDense(column) ? [column.data.buffer as ArrayBuffer] : [])))];
}
