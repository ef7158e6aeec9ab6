import { readArrayLike } from '../data/array_like.js';
import { checkTyped, isBig, type TypedArray } from '../data/elements.js';
import { show, typeError, ValueError } from '../errors.js';
import { shapeText, sizeOf } from '../shapes.js';

/** Data before they are numbers: texts, or numbers of any type, with the batch first. */
export interface Raw {
  readonly data: readonly string[] | TypedArray;
  readonly shape: readonly number[];
}

export const isText = (data: Raw['data']): data is readonly string[] => Array.isArray(data);

/** Deeper than any data: what goes further contains itself. */
const DEEPEST = 32;

/**
 * Texts or numbers in any form that arrays have: lists of any depth, typed arrays, `{ data, shape }`. A flat list of texts is read in place. Numbers of
 * lists keep all their digits, which ids need.
 */
export function readRaw(where: string, value: unknown): Raw {
  if (ArrayBuffer.isView(value)) {
    const data = checkTyped(where, value);
    return notEmpty(where, { data, shape: [data.length] });
  }
  if (Array.isArray(value)) return notEmpty(where, fromLists(where, value));
  const { data, shape } = (value ?? {}) as { data?: unknown; shape?: unknown };
  if (Array.isArray(shape) && Array.isArray(data) && typeof data[0] === 'string') return textBlock(where, data, shape);
  if (data !== undefined && shape !== undefined) return notEmpty(where, readArrayLike(where, value as never));
  throw typeError(
    `${where} must be texts or numbers: a list, nested lists, a typed array or { data, shape }. Received: ${show(value)}`,
  );
}

function notEmpty(where: string, raw: Raw): Raw {
  if (raw.shape.every((d) => d > 0)) return raw;
  throw new ValueError(`${where} is empty: shape ${shapeText([...raw.shape])}.`, 'ERR_EMPTY');
}

function textBlock(where: string, data: readonly unknown[], shape: readonly number[]): Raw {
  if (sizeOf([...shape]) !== data.length)
    throw new ValueError(`${where}: shape ${shapeText([...shape])} does not fit ${data.length} texts.`, 'ERR_SHAPE');
  return notEmpty(where, { data: allOf(where, data), shape: [...shape] });
}

function fromLists(where: string, value: readonly unknown[]): Raw {
  const shape = lengths(where, value);
  const flat = shape.length === 1 ? value : flatten(where, value, shape);
  return { data: allOf(where, flat), shape };
}

/** Lengths down the first elements. */
function lengths(where: string, value: readonly unknown[]): number[] {
  const shape: number[] = [];
  for (let here: unknown = value; Array.isArray(here); here = here[0]) {
    if (shape.length === DEEPEST)
      throw new ValueError(`${where}: lists are nested more than ${DEEPEST} deep. Does one contain itself?`, 'ERR_SHAPE');
    shape.push(here.length);
  }
  return shape;
}

function flatten(where: string, value: readonly unknown[], shape: readonly number[]): unknown[] {
  const out: unknown[] = [];
  const visit = (list: unknown, depth: number, path: string) => {
    if (!Array.isArray(list) || list.length !== shape[depth])
      throw new ValueError(
        `${where} is ragged: ${path || 'it'} is ${Array.isArray(list) ? `of length ${list.length}` : show(list)} where ${shape[depth]} elements were expected. Give every sample the same shape.`,
        'ERR_SHAPE',
      );
    if (depth + 1 === shape.length) for (let i = 0; i < list.length; i++) out.push(list[i]);
    else for (let i = 0; i < list.length; i++) visit(list[i], depth + 1, `${path}[${i}]`);
  };
  visit(value, 0, '');
  return out;
}

/** All of one kind: that of the first. */
function allOf(where: string, flat: readonly unknown[]): Raw['data'] {
  const kind = typeof flat[0];
  const wrong = (i: number) =>
    typeError(
      `${where}: element ${i} must be ${kind === 'string' ? 'a text' : `a ${kind}`}, as the first one. Received: ${show(flat[i])}${flat[i] == null ? '. Missing values: see featureSpace' : ''}`,
    );
  if (kind === 'string') {
    for (let i = 0; i < flat.length; i++) if (typeof flat[i] !== 'string') throw wrong(i);
    return flat as string[];
  }
  if (kind === 'bigint') {
    const out = new BigInt64Array(flat.length);
    for (let i = 0; i < flat.length; i++) {
      if (typeof flat[i] !== 'bigint') throw wrong(i);
      out[i] = flat[i] as bigint;
    }
    return out;
  }
  const out = new Float64Array(flat.length);
  for (let i = 0; i < flat.length; i++) {
    const v = flat[i];
    if (typeof v === 'number') out[i] = v;
    else if (typeof v === 'boolean') out[i] = v ? 1 : 0;
    else if (v === undefined && flat.length === 0) break;
    else throw typeError(`${where}: element ${i} must be a text or a number. Received: ${show(v)}`);
  }
  return out;
}

/** Whole numbers, as keys of maps: numbers, and bigints where these do not hold them. What is no whole number is refused. */
export function wholeNumbers(where: string, data: TypedArray): (number | bigint)[] {
  if (isBig(data)) return Array.from(data, wholeNumber);
  return Array.from(data as Float64Array, (v, i) => {
    if (Number.isInteger(v)) return v;
    throw new ValueError(`${where}: element ${i} must be a whole number. Received: ${v}`, 'ERR_VALUE');
  });
}

/** One value for one whole number, whatever type it came in. */
export const wholeNumber = (v: number | bigint): number | bigint =>
  typeof v === 'bigint' && v >= -9007199254740991n && v <= 9007199254740991n ? Number(v) : v;
