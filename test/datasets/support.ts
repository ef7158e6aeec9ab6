import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NDArray } from '../../lib/data/ndarray.js';

export const fixture = (name: string) => join(import.meta.dirname, 'files', name);
/** What the programs that made the files read back. */
export const expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8'));

/** Elements as plain values: arrays of numbers for NDArrays. */
export function plain(value: unknown): unknown {
  if (value instanceof NDArray) return { shape: [...value.shape], data: Array.from(value.data, Number) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}

/** The error that something ends with. */
export async function failure(run: () => unknown): Promise<{ name: string; code?: string; message: string }> {
  try {
    await run();
  } catch (error) {
    return error as { name: string; code?: string; message: string };
  }
  throw new Error('nothing was thrown');
}
