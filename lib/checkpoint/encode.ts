import { NDArray } from '../data/ndarray.js';
import { ValueError } from '../errors.js';

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

/** A value as JSON; arrays of numbers that are typed are put into `tensors` under names that begin with `prefix`. */
export function encode(where: string, value: unknown, prefix: string, tensors: Map<string, Stored>): Json {
  const visit = (v: unknown, depth: number): Json => {
    if (depth > MOST_DEPTH) throw new ValueError(`${where}: a state is nested more than ${MOST_DEPTH} deep.`, 'ERR_STATE');
    if (v === null || typeof v === 'boolean' || typeof v === 'string') return v;
    if (v === undefined) return { $: 'undefined' };
    if (typeof v === 'number') return Number.isFinite(v) && !Object.is(v, -0) ? v : { $: Object.is(v, -0) ? '-0' : String(v) };
    if (typeof v === 'bigint') return { $big: String(v) };
    if (v instanceof NDArray || ArrayBuffer.isView(v)) {
      const name = `${prefix}/${tensors.size}`;
      const array = v instanceof NDArray ? v : null;
      const data = (array?.data ?? v) as Float32Array;
      tensors.set(name, { shape: array ? array.shape : [data.length], data: data.slice() });
      return { $tensor: name, nd: array !== null, kind: data.constructor.name };
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

/** What `encode` was given. */
export function decode(value: unknown, tensors: ReadonlyMap<string, Stored>): unknown {
  if (Array.isArray(value)) return value.map((item) => decode(item, tensors));
  if (typeof value !== 'object' || value === null) return value;
  const o = value as Record<string, unknown>;
  if (Array.isArray(o.$object)) {
    const out: Record<string, unknown> = {};
    for (const [key, item] of o.$object as [string, unknown][])
      Object.defineProperty(out, key, { value: decode(item, tensors), enumerable: true, writable: true, configurable: true });
    return out;
  }
  if (typeof o.$ === 'string') return o.$ === 'undefined' ? undefined : NUMBERS[o.$];
  if (typeof o.$big === 'string') return BigInt(o.$big);
  if (typeof o.$tensor === 'string') {
    const tensor = tensors.get(o.$tensor);
    if (!tensor) throw new ValueError(`the checkpoint has no array '${o.$tensor}'.`, 'ERR_CHECKPOINT');
    const data = tensor.data as Float32Array;
    return o.nd ? new NDArray(data, [...tensor.shape]) : data;
  }
  return undefined;
}
