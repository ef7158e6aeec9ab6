import { show, typeError } from '../errors.js';
import type { Salt } from '../preprocessing/bins.js';

/** A key of SipHash64: one whole number for both of its words, or two. null: FarmHash64 instead. */
export type SaltOption = number | readonly [number, number] | null;

export function readSalt(where: string, value: unknown): Salt {
  if (value === null) return null;
  const words = typeof value === 'number' ? [value, value] : value;
  if (Array.isArray(words) && words.length === 2 && words.every((w) => Number.isSafeInteger(w))) return [words[0], words[1]];
  throw typeError(`${where}: 'salt' must be a whole number, two of them, or null. Received: ${show(value)}`);
}
