import { integerRange } from '../../data/elements.js';
import { show } from '../../errors.js';
import type { ColumnType } from './options.js';
import type { Field } from './schema.js';

/** Why a value does not fit its column, as the end of a message. */
export class BadCell extends Error {}

/** The row is left out. */
export const SKIP: unique symbol = Symbol('skip');

const RANGES: Partial<Record<ColumnType, readonly [number, number]>> = { ...integerRange, bool: [0, 1] };

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const INFINITE = /^([+-])?inf(?:inity)?$/i;

/** A number written as files write them; undefined where it is none. */
export function numberOf(text: string): number | undefined {
  if (NUMBER.test(text)) return Number(text);
  const infinite = INFINITE.exec(text);
  return infinite ? Number(`${infinite[1] ?? ''}Infinity`) : undefined;
}

const BOOLS: Record<string, number> = { true: 1, false: 0, True: 1, False: 0, TRUE: 1, FALSE: 0 };
/** 'true' and 'false' as files write them; undefined for anything else. */
export const boolOf = (text: string): number | undefined => (Object.hasOwn(BOOLS, text) ? BOOLS[text] : undefined);

/** What a missing value becomes. */
export function missingValue(field: Field): number | string | typeof SKIP {
  if (field.missing === 'skip') return SKIP;
  if (field.missing) return field.missing.value;
  throw new BadCell(
    field.type === 'float32' || field.type === 'float64'
      ? "is missing. Say what it becomes: missing: 'nan', 'skip', or values by column"
      : `is missing, and ${field.type} has no number for that. Say what it becomes: missing: 'skip', or a value for the column`,
  );
}

/** A number as the column holds it. Throws BadCell where it cannot. */
export function checkedNumber(field: Field, value: number): number {
  const range = RANGES[field.type as ColumnType];
  if (!range) return value;
  if (!Number.isInteger(value) || value < range[0] || value > range[1])
    throw new BadCell(`is ${value}, which ${field.type} cannot hold`);
  return value;
}

/** A text as the column holds it, where the file has texts only. */
export function ofText(field: Field, text: string, na: ReadonlySet<string>): number | bigint | string | typeof SKIP {
  if (field.type === 'string') return text === '' && field.missing !== null ? missingValue(field) : text;
  if (field.classes) return classOf(field, text);
  const word = text.trim();
  if (na.has(word)) return missingValue(field);
  if (field.type === 'bool') {
    const bool = boolOf(word) ?? numberOf(word);
    if (bool === undefined) throw new BadCell(`is ${show(text)}, which is neither true nor false`);
    return checkedNumber(field, bool);
  }
  if (field.type === 'int64') {
    if (!/^[+-]?\d+$/.test(word)) throw new BadCell(`is ${show(text)}, which is no whole number`);
    return whole(BigInt(word));
  }
  const value = numberOf(word);
  if (value === undefined)
    throw new BadCell(
      `is ${show(text)}, which is no number. If the column is text, say so: columns: { ${show(field.name)}: 'string' }`,
    );
  return checkedNumber(field, value);
}

/** A value of an object as the column holds it. */
export function ofValue(field: Field, value: unknown): unknown {
  if (field.type === 'array') {
    if (value === null || value === undefined) return missingValue(field);
    return value;
  }
  const isNone = value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value));
  if (field.type === 'string') {
    if (isNone || value === '') return field.missing ? missingValue(field) : '';
    if (typeof value === 'string') return value;
    return value instanceof Date ? value.toISOString() : String(value);
  }
  if (isNone) return missingValue(field);
  if (field.classes) return classOf(field, String(value));
  if (typeof value === 'string') return ofText(field, value, NONE);
  if (field.type === 'int64') {
    if (typeof value === 'bigint') return whole(value);
    if (Number.isSafeInteger(value)) return BigInt(value as number);
    throw new BadCell(`is ${show(value)}, which int64 cannot hold`);
  }
  if (typeof value === 'number' || typeof value === 'boolean') return checkedNumber(field, Number(value));
  if (typeof value === 'bigint') {
    if (!Number.isSafeInteger(Number(value))) throw new BadCell(`is ${value}, which is beyond 2^53. Declare the column: 'int64'`);
    return checkedNumber(field, Number(value));
  }
  throw new BadCell(`is ${show(value)}, which is no number`);
}

const NONE: ReadonlySet<string> = new Set(['']);

function whole(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new BadCell(`is ${value}, which int64 cannot hold`);
  return value;
}

function classOf(field: Field, text: string): number {
  const found = (field.classes as readonly string[]).indexOf(text);
  if (found < 0)
    throw new BadCell(`is ${show(text)}, which is none of the classes ${(field.classes as readonly string[]).join(', ')}`);
  return found;
}
