import { show, typeError, ValueError } from '../errors.js';
import { checkOneOf } from '../options.js';
import { shapeText, sizeOf } from '../shapes.js';
import { isArrayLike, readArrayLike } from './array_like.js';
import { checkTyped, convertElements, type DType, dtypeOf, dtypes, type Element, type TypedArray } from './elements.js';
import type { NestedArray, WeightArray } from './inputs.js';
import { flatten } from './nested.js';

export type { DType, Element, TypedArray } from './elements.js';

/** Numbers in arrays in arrays: `[[1, 2], [3, 4]]`. */
export type NestedNumbers = number | bigint | NestedNumbers[];

const nodeInspect = Symbol.for('nodejs.util.inspect.custom');

/**
 * A block of numbers in row-major order: a typed array and its shape. It owns nothing: slices and rows are views of the same memory.
 * @example
 * const a = new NDArray(new Float32Array([1, 2, 3, 4, 5, 6]), [2, 3]);
 * a.at(1, -1); // 6
 * a.slice(0, 1); // shape [1, 3], the same memory
 * for (const row of a) console.log((row as NDArray).toArray()); // [1, 2, 3], then [4, 5, 6]
 */
export class NDArray<T extends TypedArray = Float32Array> implements Iterable<NDArray<T> | Element<T>> {
  readonly data: T;
  readonly shape: readonly number[];

  /** @param shape sizes, slowest axis first; their product is the length of `data`, else ValueError ERR_SHAPE. Default: one axis. */
  constructor(data: T, shape?: readonly number[]) {
    this.data = checkTyped("NDArray: 'data'", data) as T;
    this.shape = Object.freeze(readArrayLike('NDArray', { data, shape: shape ?? [data.length] }).shape);
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length;
  }

  /** Number of rows: the size of the first axis. 1 for a single number. */
  get length(): number {
    return this.shape.length ? this.shape[0] : 1;
  }

  get dtype(): DType {
    return dtypeOf(this.data)!;
  }

  /** One element, by an index for each axis. Negative indices count from the end; an index outside throws a ValueError. */
  at(...index: number[]): Element<T> {
    if (index.length !== this.shape.length)
      throw new ValueError(
        `NDArray.at takes ${this.shape.length} indices for shape ${shapeText(this.shape)}. Received: ${index.length}`,
        'ERR_SHAPE',
      );
    let position = 0;
    for (let k = 0; k < index.length; k++) {
      const i = index[k] < 0 ? index[k] + this.shape[k] : index[k];
      if (!Number.isInteger(i) || i < 0 || i >= this.shape[k])
        throw new ValueError(
          `NDArray.at: index ${show(index[k])} of axis ${k} is outside shape ${shapeText(this.shape)}.`,
          'ERR_OUT_OF_RANGE',
        );
      position = position * this.shape[k] + i;
    }
    return this.data[position] as Element<T>;
  }

  /** The elements as nested arrays; a single number for shape []. */
  toArray(): NestedNumbers {
    const build = (axis: number, from: number, size: number): NestedNumbers => {
      if (axis === this.shape.length) return this.data[from];
      const step = this.shape[axis] ? size / this.shape[axis] : 0;
      return Array.from({ length: this.shape[axis] }, (_, i) => build(axis + 1, from + i * step, step));
    };
    return build(0, 0, this.size);
  }

  /** Rows `from` up to, not including, `to`: a view of the same memory, cut to the rows there are. Negative numbers count from the end. */
  slice(from = 0, to: number = this.length): NDArray<T> {
    if (this.shape.length === 0) throw new ValueError('NDArray.slice: a single number has no rows.', 'ERR_SHAPE');
    const rows = this.shape[0];
    const place = (i: number) => (i < 0 ? Math.max(rows + Math.trunc(i), 0) : Math.min(Math.trunc(i) || 0, rows));
    const first = place(from);
    const count = Math.max(place(to) - first, 0);
    const rowSize = sizeOf(this.shape.slice(1));
    return new NDArray(this.data.subarray(first * rowSize, (first + count) * rowSize) as T, [count, ...this.shape.slice(1)]);
  }

  /** Rows, as views; numbers where there is one axis only. */
  *[Symbol.iterator](): Generator<NDArray<T> | Element<T>> {
    if (this.shape.length === 0) throw new ValueError('A single number has no rows to go over.', 'ERR_SHAPE');
    const rowShape = this.shape.slice(1);
    const rowSize = sizeOf(rowShape);
    for (let i = 0; i < this.shape[0]; i++)
      yield rowShape.length === 0
        ? (this.data[i] as Element<T>)
        : new NDArray(this.data.subarray(i * rowSize, (i + 1) * rowSize) as T, rowShape);
  }

  /** @internal */
  [nodeInspect](_depth: number, _options: object, inspect: (value: NestedNumbers) => string): string {
    const few = this.size <= 100 ? ` ${inspect(this.toArray())}` : '';
    return `NDArray(${shapeText(this.shape)}, ${this.dtype})${few}`;
  }
}

/**
 * An NDArray of what is given: nested arrays (float32, or int64 for bigints), a typed array (used in place, not copied), or anything with `data` and `shape`.
 * @param shape default: that of the nesting, or one axis; its product is the number of elements, else ValueError ERR_SHAPE
 * @example
 * array([[1, 2], [3, 4]]); // shape [2, 2], float32
 * array(new Uint8Array(6000 * 28 * 28), [6000, 28, 28]); // stays a Uint8Array, used in place
 * array([0, 1, 2], null, 'int32');
 */
export function array<T extends TypedArray>(
  values: T | { data: T; shape: readonly number[] },
  shape?: readonly number[] | null,
): NDArray<T>;
/** As float32. */
export function array(values: NestedArray | number, shape?: readonly number[] | null, dtype?: 'float32'): NDArray;
export function array(values: WeightArray, shape: readonly number[] | null | undefined, dtype: 'float32'): NDArray;
/** @param dtype converts the elements; one that does not fit the type is a ValueError */
export function array(values: WeightArray, shape?: readonly number[] | null, dtype?: DType): NDArray<TypedArray>;
export function array(values: unknown, shape?: readonly number[] | null, dtype?: DType): NDArray<TypedArray> {
  if (shape !== undefined && shape !== null && !Array.isArray(shape))
    throw typeError(`array: 'shape' must be an array of whole numbers. Received: ${show(shape)}`);
  const given = read('array', values);
  const type = dtype === undefined || dtype === null ? undefined : checkOneOf('array', 'dtype', dtype, dtypes);
  return new NDArray(type ? convertElements('array', given.data, type) : given.data, shape ?? given.shape);
}

function read(where: string, values: unknown): { data: TypedArray; shape: number[] } {
  if (Array.isArray(values)) return flatten(where, values);
  if (ArrayBuffer.isView(values)) {
    const data = checkTyped(where, values);
    return { data, shape: [data.length] };
  }
  if (isArrayLike(values)) return readArrayLike(where, values);
  if (typeof values === 'number') return { data: Float32Array.of(values), shape: [] };
  throw typeError(`${where} must be nested arrays of numbers, a typed array, or { data, shape }. Received: ${show(values)}`);
}

/**
 * Values for a weight as float32: an NDArray-like or nested arrays of exactly its shape, a typed array of exactly its size, or a number for shape [].
 * Not copied where they are float32 already.
 */
export function checkWeightArray(where: string, values: unknown, shape: readonly number[]): Float32Array {
  const given = read(where, values);
  const bare = ArrayBuffer.isView(values);
  const fits = bare
    ? given.data.length === sizeOf(shape)
    : given.shape.length === shape.length && given.shape.every((d, k) => d === shape[k]);
  if (!fits)
    throw new ValueError(
      `${where} has shape ${shapeText(shape)}${bare ? ` (${sizeOf(shape)} elements)` : ''} and takes an array of exactly that shape. ` +
        `Received: ${bare ? `a ${dtypeOf(given.data)} array of ${given.data.length} elements` : `shape ${shapeText(given.shape)}`}.`,
      'ERR_SHAPE',
    );
  return convertElements(where, given.data, 'float32') as Float32Array;
}
