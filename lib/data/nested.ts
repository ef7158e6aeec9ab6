import { show, typeError, ValueError } from '../errors.js';
import { shapeText, sizeOf } from '../shapes.js';
import { isArrayLike, readArrayLike } from './array_like.js';
import { allocate, checkTyped, type DType, dtypeOf, isBig, type TypedArray } from './elements.js';

// Deeper than any data: what goes further contains itself.
const maxDepth = 32;
// Elements. Shared rows can describe far more of them than memory holds.
const maxElements = 2 ** 33;
const LONG = 2 ** 22;

export interface Tensor {
  data: TypedArray;
  shape: number[];
}

const at = (path: readonly number[]): string => path.map((i) => `[${i}]`).join('');

/**
 * Nested arrays as one flat array: numbers and booleans become float32, bigints int64; rows that are typed arrays or NDArrays keep their
 * element type. Checked in full before memory is taken: equal lengths, no holes, nothing but numbers.
 */
export function flatten(where: string, value: readonly unknown[]): Tensor {
  const { lengths, leaf } = measure(where, value);
  const rows = leafRows(where, leaf);
  const shape = rows ? [...lengths, ...rows.shape] : lengths;
  if (shape.reduce((n, d) => n * Math.max(d, 1), 1) > maxElements)
    throw new ValueError(`${where}: shape ${shapeText(shape)} is too large. Pass the data in parts, as a dataset.`, 'ERR_MEMORY');
  checkLengths(where, value, lengths, 0, []);
  const dtype: DType = rows ? rows.dtype : typeof leaf === 'bigint' ? 'int64' : 'float32';
  const data = allocate(where, dtype, shape);
  if (sizeOf(lengths) > 0) {
    if (rows) fillRows(where, value, lengths.length, [], data, rows, { position: 0 });
    else fillNumbers(where, value, lengths.length, [], data, { position: 0 });
  }
  return { data, shape };
}

/** Lengths down the first elements, and the first element that is no list. */
function measure(where: string, value: readonly unknown[]): { lengths: number[]; leaf: unknown } {
  const lengths: number[] = [];
  let here: unknown = value;
  while (Array.isArray(here)) {
    if (lengths.length === maxDepth)
      throw new ValueError(`${where}: arrays are nested more than ${maxDepth} deep. Does one contain itself?`, 'ERR_SHAPE');
    lengths.push(here.length);
    if (here.length === 0) return { lengths, leaf: 0 };
    here = here[0];
  }
  return { lengths, leaf: here };
}

interface Rows {
  shape: number[];
  dtype: DType;
}

/** Shape and type of the innermost rows, where they are typed arrays or NDArrays. */
function leafRows(where: string, leaf: unknown): Rows | null {
  if (ArrayBuffer.isView(leaf)) {
    const data = checkTyped(`${where}: the first row`, leaf);
    return { shape: [data.length], dtype: dtypeOf(data)! };
  }
  if (!isArrayLike(leaf)) return null;
  const { data, shape } = readArrayLike(`${where}: the first row`, leaf);
  return { shape, dtype: dtypeOf(data)! };
}

function checkLengths(where: string, value: readonly unknown[], lengths: readonly number[], depth: number, path: number[]): void {
  if (value.length !== lengths[depth])
    throw new ValueError(
      `${where} is ragged: ${at(path) || 'it'} has length ${value.length} where ${at(path.map(() => 0))} has length ${lengths[depth]}. Pad or cut the rows to one length.`,
      'ERR_SHAPE',
    );
  if (depth + 1 === lengths.length) {
    // A sparse array may have any length: its first hole is found before memory is taken for all of it.
    if (value.length >= LONG)
      for (let i = 0; i < value.length; i++)
        if (value[i] === undefined) throw notANumber(where, undefined, [...path, i], i in value, 'a number');
    return;
  }
  for (let i = 0; i < value.length; i++) {
    path.push(i);
    if (!Array.isArray(value[i])) throw notAList(where, value[i], lengths[depth + 1], path, i in value);
    checkLengths(where, value[i] as unknown[], lengths, depth + 1, path);
    path.pop();
  }
}

function fillNumbers(
  where: string,
  value: readonly unknown[],
  depth: number,
  path: number[],
  out: TypedArray,
  to: { position: number },
): void {
  if (depth > 1) {
    for (let i = 0; i < value.length; i++) {
      path.push(i);
      fillNumbers(where, value[i] as unknown[], depth - 1, path, out, to);
      path.pop();
    }
    return;
  }
  if (isBig(out)) {
    for (let i = 0; i < value.length; i++) {
      const v = value[i];
      if (typeof v !== 'bigint') throw notANumber(where, v, [...path, i], i in value, 'a bigint, as the elements before it');
      if (BigInt.asIntN(64, v) !== v)
        throw new ValueError(`${where}${at([...path, i])} is ${v}n, which no 64-bit integer holds.`, 'ERR_OUT_OF_RANGE');
      out[to.position++] = v;
    }
    return;
  }
  const from = to.position;
  for (let i = 0; i < value.length; i++) {
    const v = value[i];
    if (typeof v === 'number') out[from + i] = v;
    else if (typeof v === 'boolean') out[from + i] = v ? 1 : 0;
    else throw notANumber(where, v, [...path, i], i in value, 'a number');
  }
  to.position += value.length;
}

function fillRows(
  where: string,
  value: readonly unknown[],
  depth: number,
  path: number[],
  out: TypedArray,
  rows: Rows,
  to: { position: number },
): void {
  for (let i = 0; i < value.length; i++) {
    path.push(i);
    if (depth > 1) fillRows(where, value[i] as unknown[], depth - 1, path, out, rows, to);
    else {
      const row = readRow(where, value[i], path, rows, i in value);
      if (isBig(out)) out.set(row as BigInt64Array, to.position);
      else out.set(row as Float32Array, to.position);
      to.position += row.length;
    }
    path.pop();
  }
}

function readRow(where: string, value: unknown, path: readonly number[], rows: Rows, there: boolean): TypedArray {
  const name = `${where}${at(path)}`;
  let row: Tensor;
  if (ArrayBuffer.isView(value)) {
    const data = checkTyped(name, value);
    row = { data, shape: [data.length] };
  } else if (isArrayLike(value)) row = readArrayLike(name, value);
  else throw notANumber(where, value, path, there, `a row of shape ${shapeText(rows.shape)}, as the first one`);
  if (row.shape.length !== rows.shape.length || row.shape.some((d, k) => d !== rows.shape[k]))
    throw new ValueError(
      `${where} is ragged: ${at(path)} has shape ${shapeText(row.shape)} where the first row has ${shapeText(rows.shape)}. Pad or cut the rows to one length.${path.length > 1 ? ' If these are batches [x, y], give a function that returns them.' : ''}`,
      'ERR_SHAPE',
    );
  if (dtypeOf(row.data) !== rows.dtype)
    throw new ValueError(
      `${where}: rows have different element types: ${at(path)} has ${dtypeOf(row.data)}, the first row ${rows.dtype}.`,
      'ERR_DTYPE',
    );
  return row.data;
}

function notAList(where: string, value: unknown, length: number, path: readonly number[], there: boolean): Error {
  if (!there) return notANumber(where, value, path, there, `an array of length ${length}`);
  if (typeof value === 'number')
    return new ValueError(
      `${where} is ragged: ${at(path)} is the number ${value} where ${at(path.map(() => 0))} is an array of length ${length}. Give every sample the same shape.`,
      'ERR_SHAPE',
    );
  return notANumber(where, value, path, there, `an array of length ${length}`);
}

function notANumber(where: string, value: unknown, path: readonly number[], there: boolean, expected: string): Error {
  if (!there)
    return new ValueError(
      `${where}${at(path)} is a hole in a sparse array, where ${expected} was expected. Fill every position.`,
      'ERR_VALUE',
    );
  if (Array.isArray(value))
    return new ValueError(
      `${where} is ragged: ${at(path)} is an array of length ${value.length} where ${expected} was expected. Give every sample the same shape.`,
      'ERR_SHAPE',
    );
  const hint = typeof value === 'string' ? ' Turn text into numbers first.' : '';
  return typeError(`${where}${at(path)} must be ${expected}. Received: ${show(value)}.${hint}`, 'ERR_TYPE');
}
