import { isPromise, show, typeError, ValueError } from './errors.js';

/** Edits (insert, delete, replace, swap neighbours) that turn one word into the other: for "did you mean". */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  for (let j = 0; j <= b.length; j++) rows[0][j] = j;
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  return rows[a.length][b.length];
}

/** The name in `known` that `name` most likely meant, or undefined. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > 100) return undefined; // no misspelling, and the search takes time with its length
  const plain = (s: string) => s.toLowerCase().replaceAll('_', '');
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const k of known) {
    const d = distance(plain(name), plain(k));
    if (d < least) [best, least] = [k, d];
  }
  return best;
}

/** " Did you mean 'x'?" where something is near, else a list of what there is. */
export function suggest(name: string, known: Iterable<string>): string {
  const all = [...known];
  if (all.length === 0) return ' There are none.';
  const near = nearest(name, all);
  return near ? ` Did you mean '${near}'?` : ` Known: ${all.join(', ')}.`;
}

/**
 * Whether a value is an object of no class, `{ ... }` of any realm: its prototype, where it has one, is the end of the chain. What a promise, a
 * Map or a class of the user's would bring is not among its own keys, and would be ignored.
 */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || (Object.getPrototypeOf(prototype) === null && !Array.isArray(value) && !isPromise(value));
}

/** Looks into what a user gave. Getters and proxies may throw: that becomes a TypeError of ours. */
export function reading<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (typeof (error as { code?: unknown } | null)?.code === 'string') throw error;
    throw Object.assign(typeError(`${where}: what was given cannot be read. ${String((error as Error)?.message ?? '')}`.trim()), {
      cause: error,
    });
  }
}

/** Entries of a list that are looked at: shapes, sizes and axes have fewer, data have more and are checked where they are read. */
const LOOKED_AT = 64;

/** What no option can be: a promise, a list with holes, what throws when it is looked at. */
function examine(where: string, value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null) return;
  if (isPromise(value)) throw typeError(`${where} is a Promise: did you forget await?`);
  if (isPlain(value)) Object.values(value);
  if (!Array.isArray(value)) return;
  const { length } = value;
  for (let i = 0; i < Math.min(length, LOOKED_AT); i++) {
    if (!(i in value)) throw typeError(`${where}: the list has a hole at position ${i} of ${length}.`);
    if (depth < 2) examine(`${where}[${i}]`, value[i], depth + 1);
  }
  if (length > LOOKED_AT && !(length - 1 in value)) throw typeError(`${where}: the list has holes. Received: ${show(value)}`);
}

/** Refuses what the value of no option can be, by a TypeError. */
export const checkReadable = (where: string, value: unknown): void => reading(where, () => examine(where, value));

/** What the options should have looked like: `{ units: 64 }` for 64. */
function example(given: unknown, defaults: object): string {
  const keys = Object.keys(defaults);
  const fits = ([, value]: [string, unknown]) => value === undefined || value === null || typeof value === typeof given;
  const simple = ['number', 'string', 'boolean'].includes(typeof given);
  const meant = simple ? Object.entries(defaults).find(fits)?.[0] : undefined;
  if (meant) return `{ ${meant}: ${show(given)} }`;
  return keys.length ? `{ ${keys.slice(0, 2).join(', ')} }` : '{}';
}

/**
 * Options of one part or call over their defaults. An option nobody knows is a TypeError that suggests the nearest: nothing is ignored.
 * `undefined` means "not given".
 */
export function readOptions<T extends object>(where: string, given: unknown, defaults: T): T {
  if (given === undefined || given === null) return { ...defaults };
  const entries = reading(where, () => (isPlain(given) ? Object.entries(given) : null));
  if (!entries)
    throw typeError(`${where}: options must be one object such as ${example(given, defaults)}. Received: ${show(given)}`);
  const result = { ...defaults } as Record<string, unknown>;
  for (const [key, value] of entries) {
    if (!Object.hasOwn(defaults, key))
      throw typeError(`${where}: unknown option '${key}'.${suggest(key, Object.keys(defaults))}`, 'ERR_UNKNOWN_OPTION');
    if (value === undefined) continue;
    checkReadable(`${where}: '${key}'`, value);
    result[key] = value;
  }
  return result as T;
}

type Range = { min?: number; max?: number; above?: number; below?: number; integer?: boolean };

function describe(r: Range): string {
  const parts: string[] = [];
  if (r.min !== undefined) parts.push(`>= ${r.min}`);
  if (r.above !== undefined) parts.push(`> ${r.above}`);
  if (r.max !== undefined) parts.push(`<= ${r.max}`);
  if (r.below !== undefined) parts.push(`< ${r.below}`);
  return `${r.integer ? 'a whole number' : 'a finite number'}${parts.length ? ` ${parts.join(' and ')}` : ''}`;
}

/** A number in a range. The wrong type is a TypeError, the wrong value a ValueError; both name the option and what came. */
export function checkNumber(where: string, name: string, value: unknown, range: Range = {}): number {
  if (typeof value !== 'number') throw typeError(`${where}: '${name}' must be ${describe(range)}. Received: ${show(value)}`);
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity, integer = false } = range;
  const fits = Number.isFinite(value) && value >= min && value <= max && value > above && value < below;
  if (integer && Number.isFinite(value) && !Number.isInteger(value))
    throw typeError(`${where}: '${name}' must be ${describe(range)}. Received: ${value}`);
  if (!fits) throw new ValueError(`${where}: '${name}' must be ${describe(range)}. Received: ${value}`, 'ERR_OUT_OF_RANGE');
  return value;
}

export function checkBoolean(where: string, name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw typeError(`${where}: '${name}' must be true or false. Received: ${show(value)}`);
  return value;
}

const inCamelCase = (word: string): string => word.replace(/_+([a-z0-9])/g, (_, c: string) => c.toUpperCase());

/** One of a few words. TensorFlow.js has those of Keras in camelCase: 'fanAvg' is 'fan_avg'. */
export function checkOneOf<T extends string>(where: string, name: string, value: unknown, allowed: readonly T[]): T {
  if (typeof value !== 'string')
    throw typeError(`${where}: '${name}' must be one of ${allowed.map((a) => `'${a}'`).join(', ')}. Received: ${show(value)}`);
  const known = allowed.find((word) => word === value || inCamelCase(word) === value);
  if (known === undefined)
    throw new ValueError(
      `${where}: '${name}' must be one of ${allowed.map((a) => `'${a}'`).join(', ')}. Received: '${value}'.${suggest(value, allowed)}`,
      'ERR_OUT_OF_RANGE',
    );
  return known;
}
