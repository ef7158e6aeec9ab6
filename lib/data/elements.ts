import type { DataArray } from '../../binding.js';
import { show, typeError, ValueError } from '../errors.js';
import { hasMemoryFor } from '../memory.js';
import { shapeText, sizeOf } from '../shapes.js';

/** Element types that data may have. */
export type TypedArray = DataArray;
/** What one element of an array is: `bigint` in a `BigInt64Array`, else `number`. */
export type Element<T extends TypedArray> = T extends BigInt64Array ? bigint : number;

/** Names of element types. */
export type DType =
  | 'float32'
  | 'float64'
  | 'int8'
  | 'uint8'
  | 'uint8_clamped'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64';

type TypedArrayConstructor = {
  new (length: number): TypedArray;
  // biome-ignore lint/suspicious/noExplicitAny: the constructors differ in the element they take
  from(values: any): TypedArray;
  name: string;
  BYTES_PER_ELEMENT: number;
};

const constructors: Record<DType, TypedArrayConstructor> = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  uint8_clamped: Uint8ClampedArray,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
};
const bytesOf = Object.fromEntries(Object.entries(constructors).map(([dtype, c]) => [dtype, c.BYTES_PER_ELEMENT])) as Record<
  DType,
  number
>;
const byTag = new Map(Object.entries(constructors).map(([dtype, c]) => [c.name, dtype as DType]));

export const dtypes = Object.keys(constructors) as DType[];
export const isBig = (data: TypedArray): data is BigInt64Array => tagOf(data) === 'BigInt64Array';

// The getter every typed array inherits sees through subclasses, proxies of names and arrays of other realms, as `instanceof` does not.
const tag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get!;
const tagOf = (value: unknown): string | undefined => tag.call(value) as string | undefined;

/** The element type of a typed array that can be data; undefined for anything else. */
export function dtypeOf(value: unknown): DType | undefined {
  const name = tagOf(value);
  return name === undefined ? undefined : byTag.get(name);
}

/** A typed array that can be data, in memory that nothing else may take away while it is read. */
export function checkTyped(where: string, value: unknown): TypedArray {
  const name = tagOf(value);
  if (name === undefined) throw typeError(`${where} must be a typed array. Received: ${show(value)}`);
  if (!byTag.has(name))
    throw typeError(
      `${where}: elements of a ${name} cannot be data. Convert it first, for example with ${name === 'BigUint64Array' ? 'BigInt64Array' : 'Float32Array'}.from(array).`,
      'ERR_DTYPE',
    );
  const { buffer } = value as TypedArray;
  if (Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]')
    throw new ValueError(
      `${where} is a view of a SharedArrayBuffer, which other threads may change while it is read. Copy it first: array.slice() makes a copy of its own.`,
      'ERR_BUFFER',
    );
  if ((buffer as ArrayBuffer & { resizable?: boolean }).resizable)
    throw new ValueError(
      `${where} is a view of a resizable ArrayBuffer, whose memory may go away while it is read. Copy it first: array.slice() makes a copy of fixed length.`,
      'ERR_BUFFER',
    );
  if (isDetached(buffer as ArrayBuffer))
    throw new ValueError(
      `${where}: its ArrayBuffer is detached (it was transferred, for example to a worker). Pass a copy to the worker instead.`,
      'ERR_BUFFER',
    );
  return value as TypedArray;
}

// `ArrayBuffer.prototype.detached` is newer than the oldest Node.js that is supported.
function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer, 0, 0);
    return false;
  } catch {
    return true;
  }
}

/** Zeros. A size no memory has room for is a ValueError. */
export function allocate(where: string, dtype: DType, shape: readonly number[]): TypedArray {
  const size = sizeOf(shape);
  try {
    if (!hasMemoryFor(size * bytesOf[dtype])) throw new RangeError('more than there is');
    return new constructors[dtype](size);
  } catch {
    throw new ValueError(
      `${where}: there is no memory for shape ${shapeText(shape)} of ${dtype}. Pass the data in parts, as a dataset.`,
      'ERR_MEMORY',
    );
  }
}

/** What whole types hold, but for those of 64 bits. */
export const integerRange: Partial<Record<DType, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  uint8_clamped: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
};

/** The same values in another element type. A value that the type cannot hold is a ValueError: nothing wraps round in silence. */
export function convertElements(where: string, data: TypedArray, dtype: DType): TypedArray {
  if (dtypeOf(data) === dtype) return data;
  const out = allocate(where, dtype, [data.length]);
  const range = integerRange[dtype];
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    const fits =
      dtype === 'int64'
        ? Number.isSafeInteger(value)
        : !range || (Number.isInteger(value) && value >= range[0] && value <= range[1]);
    if (!fits) throw new ValueError(`${where}: element ${i} is ${data[i]}, which ${dtype} cannot hold.`, 'ERR_OUT_OF_RANGE');
    if (isBig(out)) out[i] = BigInt(value);
    else out[i] = value;
  }
  return out;
}
