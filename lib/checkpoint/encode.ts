import { NDArray } from '../data/ndarray.js';
import { ValueError } from '../errors.js';
import { sizeOf } from '../shapes.js';

// States of callbacks and the history, as JSON: numbers that JSON has no words for, and arrays, which go into tensors of the file.

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Stored = { shape: readonly number[]; data: ArrayBufferView };

const NUMBERS: Record<string, number> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '-0': -0,
};
const MOST_DEPTH = 50;
/** Whole numbers of any size are read back, up to what is no number any more. */
const BIG = /^-?\d{1,1000}$/;

type Kind = { new (buffer: ArrayBuffer, at: number, count: number): ArrayBufferView; BYTES_PER_ELEMENT: number };
/** The typed arrays that a state may hold. */
const KINDS = new Map<string, Kind>(
  [
    Float32Array,
    Float64Array,
    Int8Array,
    Int16Array,
    Int32Array,
    BigInt64Array,
    Uint8Array,
    Uint8ClampedArray,
    Uint16Array,
    Uint32Array,
    BigUint64Array,
  ].map((kind) => [kind.name, kind as unknown as Kind]),
);
/** As the container holds them: kinds that it has no name for go as their bytes. */
const asStored = (data: ArrayBufferView): ArrayBufferView =>
  data instanceof Float32Array || data instanceof Float64Array || data instanceof Int32Array || data instanceof Uint32Array
    ? data
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A value as JSON; arrays of numbers that are typed are put into `tensors` under names that begin with `prefix`. */
export function encode(where: string, value: unknown, prefix: string, tensors: Map<string, Stored>): Json {
  const visit = (v: unknown, depth: number): Json => {
    if (depth > MOST_DEPTH) throw new ValueError(`${where}: a state is nested more than ${MOST_DEPTH} deep.`, 'ERR_STATE');
    if (v === null || typeof v === 'boolean' || typeof v === 'string') return v;
    if (v === undefined) return { $: 'undefined' };
    if (typeof v === 'number') return Number.isFinite(v) && !Object.is(v, -0) ? v : { $: Object.is(v, -0) ? '-0' : String(v) };
    if (typeof v === 'bigint') return { $big: String(v) };
    const array = v instanceof NDArray ? v : null;
    const data = (array?.data ?? v) as Float32Array;
    if (ArrayBuffer.isView(data) && KINDS.has(kindOf(data))) {
      const name = `${prefix}/${tensors.size}`;
      const stored = asStored(Float32Array.prototype.slice.call(data)) as Float32Array;
      tensors.set(name, { shape: [stored.length], data: stored });
      return { $tensor: name, shape: array && [...array.shape], kind: kindOf(data) };
    }
    if (Array.isArray(v)) return v.map((item) => visit(item, depth + 1));
    if (typeof v === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(v)))
      return { $object: Object.entries(v).map(([key, item]) => [key, visit(item, depth + 1)]) };
    throw new ValueError(
      `${where}: a state is made of plain objects, lists, numbers, texts and arrays. Received: ${typeof v}`,
      'ERR_STATE',
    );
  };
  return visit(value, 0);
}

/** Also of classes made from one, such as Node's Buffer. */
const kindOf = (data: ArrayBufferView): string => (data as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag];

const damaged = (what: string) => new ValueError(`the checkpoint holds a state that is none: ${what}.`, 'ERR_CHECKPOINT');

/** What `encode` was given. ValueError ERR_CHECKPOINT where it was not: files come from anywhere. */
export function decode(value: unknown, tensors: ReadonlyMap<string, Stored>): unknown {
  if (Array.isArray(value)) return value.map((item) => decode(item, tensors));
  if (typeof value !== 'object' || value === null) return value;
  const o = value as Record<string, unknown>;
  if (Array.isArray(o.$object)) {
    const out: Record<string, unknown> = {};
    for (const entry of o.$object as unknown[]) {
      if (!Array.isArray(entry) || entry.length !== 2 || typeof entry[0] !== 'string') throw damaged('an object without keys');
      const [key, item] = entry as [string, unknown];
      Object.defineProperty(out, key, { value: decode(item, tensors), enumerable: true, writable: true, configurable: true });
    }
    return out;
  }
  if (o.$ === 'undefined') return undefined;
  if (typeof o.$ === 'string' && Object.hasOwn(NUMBERS, o.$)) return NUMBERS[o.$];
  if (typeof o.$big === 'string' && BIG.test(o.$big)) return BigInt(o.$big);
  if (typeof o.$tensor === 'string') return arrayOf(o.$tensor, o.kind, o.shape, tensors);
  throw damaged(`a value with the keys ${Object.keys(o).slice(0, 5).join(', ').slice(0, 100)}`);
}

function arrayOf(name: string, kind: unknown, shape: unknown, tensors: ReadonlyMap<string, Stored>): unknown {
  const stored = tensors.get(name)?.data;
  if (!stored) throw new ValueError(`the checkpoint has no array '${name}'.`, 'ERR_CHECKPOINT');
  const Kind = KINDS.get(kind as string);
  if (!Kind || stored.byteLength % Kind.BYTES_PER_ELEMENT !== 0) throw damaged(`an array '${name}' of an unknown kind`);
  const { buffer, byteOffset, byteLength } = stored;
  const count = byteLength / Kind.BYTES_PER_ELEMENT;
  // Owned by whoever takes it, and at a place where its kind may lie.
  const data = new Kind(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer, 0, count);
  if (shape === null) return data;
  if (!Array.isArray(shape) || shape.some((d) => !Number.isSafeInteger(d) || d < 0) || sizeOf(shape) !== count)
    throw damaged(`an array '${name}' of another shape`);
  return new NDArray(data as Float32Array, shape as number[]);
}
