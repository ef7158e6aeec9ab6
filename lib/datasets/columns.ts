import { allocate, dtypeOf, isBig, type TypedArray } from '../data/elements.js';
import { NDArray } from '../data/ndarray.js';
import { ValueError } from '../errors.js';
import { shapeText, sizeOf } from '../shapes.js';
import { numbersOf } from './structure.js';

/** Numbers of one leaf, row after row: `size` of them a row, which have `shape`. */
export interface Dense {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly size: number;
}
/** Anything else: texts, and what nobody knows. */
export interface Listed {
  readonly list: readonly unknown[];
}
/** One leaf of many elements. */
export type Column = Dense | Listed;

export const isDense = (column: Column): column is Dense => 'data' in column;

export const dense = (data: TypedArray, shape: readonly number[] = []): Dense => ({ data, shape, size: sizeOf(shape) });

/** Copies elements between arrays of one type. */
export function copyInto(to: TypedArray, at: number, from: TypedArray): void {
  if (isBig(to)) to.set(from as BigInt64Array, at);
  else to.set(from as Float32Array, at);
}

/** Bytes of a row, of those leaves that are numbers. */
export const rowBytes = (columns: readonly Column[]): number =>
  columns.reduce((n, c) => n + (isDense(c) ? c.size * c.data.BYTES_PER_ELEMENT : 32), 0);

/** What stands in a row: a number, an array of numbers, or what the list has there. */
export function valueAt(column: Column, row: number): unknown {
  if (!isDense(column)) return column.list[row];
  const { data, shape, size } = column;
  return shape.length === 0 ? data[row] : new NDArray(data.subarray(row * size, (row + 1) * size) as TypedArray, shape);
}

/** All rows as one array with the rows first; lists stay lists. */
export function stacked(column: Column, length: number): unknown {
  if (!isDense(column)) return column.list;
  return new NDArray(column.data as TypedArray, [length, ...column.shape]);
}

/** Some rows, over the same memory. */
export function sliceColumn(column: Column, from: number, to: number): Column {
  if (!isDense(column)) return { list: column.list.slice(from, to) };
  return { ...column, data: column.data.subarray(from * column.size, to * column.size) as TypedArray };
}

/** Room for rows as those of another column. */
export function roomLike(column: Column, rows: number): Column {
  if (!isDense(column)) return { list: new Array(rows) };
  return { ...column, data: allocate('a dataset', dtypeOf(column.data)!, [rows, column.size]) };
}

/** Puts one row of a column in the place of another of its kind. */
export function putRow(to: Column, at: number, from: Column, row: number): void {
  if (!isDense(to)) {
    (to.list as unknown[])[at] = (from as Listed).list[row];
    return;
  }
  const { data, size } = from as Dense;
  if (size === 1) (to.data as Float32Array)[at] = (data as Float32Array)[row];
  else copyInto(to.data, at * size, data.subarray(row * size, (row + 1) * size) as TypedArray);
}

/** Whether rows of both can stand in one column. */
export function areAlike(a: Column, b: Column): boolean {
  if (!isDense(a) || !isDense(b)) return isDense(a) === isDense(b);
  return dtypeOf(a.data) === dtypeOf(b.data) && a.shape.length === b.shape.length && a.shape.every((d, k) => d === b.shape[k]);
}

/** Columns below each other. */
export function joined(parts: readonly Column[], lengths: readonly number[]): Column {
  const rows = lengths.reduce((n, d) => n + d, 0);
  const [first] = parts;
  if (!isDense(first)) return { list: parts.flatMap((part) => (part as Listed).list) };
  const out = roomLike(first, rows) as Dense;
  let at = 0;
  for (const part of parts as Dense[]) {
    copyInto(out.data, at, part.data);
    at += part.data.length;
  }
  return out;
}

/** A column of the values of one leaf: numbers become float32, big ones int64; arrays keep their element type; all else is a list. */
export function columnOf(values: readonly unknown[], name: string): Column {
  const [first] = values;
  if (typeof first === 'number' || typeof first === 'boolean') {
    const data = new Float32Array(values.length);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value !== 'number' && typeof value !== 'boolean') throw mixed(name, i, 'a number');
      data[i] = Number(value);
    }
    return dense(data);
  }
  if (typeof first === 'bigint') {
    const wrong = values.findIndex((value) => typeof value !== 'bigint');
    if (wrong >= 0) throw mixed(name, wrong, 'a bigint');
    return dense(BigInt64Array.from(values as bigint[]));
  }
  const head = numbersOf(name, first);
  if (!head) return { list: values };
  const out = roomLike(dense(head.data, head.shape), values.length) as Dense;
  for (let i = 0; i < values.length; i++) {
    const one = i === 0 ? head : numbersOf(name, values[i]);
    if (!one) throw mixed(name, i, 'an array of numbers');
    if (dtypeOf(one.data) !== dtypeOf(head.data) || shapeText(one.shape) !== shapeText(head.shape))
      throw new ValueError(
        `${name}: element ${i} of a batch is ${dtypeOf(one.data)} of shape ${shapeText(one.shape)}, the first is ${dtypeOf(head.data)} of shape ${shapeText(head.shape)}. Give all of them one shape before they become a batch, by map.`,
        'ERR_SHAPE',
      );
    copyInto(out.data, i * out.size, one.data);
  }
  return out;
}

const mixed = (name: string, index: number, wanted: string) =>
  new ValueError(`${name}: element ${index} of a batch is not ${wanted}, as the first is.`, 'ERR_DATASET');
