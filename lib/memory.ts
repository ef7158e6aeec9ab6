import { freemem } from 'node:os';

/** From this size on it is asked whether there is memory: a system may promise more than it has, and end the process when that is used. */
const LARGE = 2 ** 28;

/** Whether the process may still take so many bytes, as far as the machine and the limits that it runs under tell. */
export function hasMemoryFor(bytes: number): boolean {
  if (!(bytes <= Number.MAX_SAFE_INTEGER)) return false;
  if (bytes < LARGE) return true;
  const left = (process as { availableMemory?: () => number }).availableMemory?.();
  return bytes <= (left || freemem());
}

/** So many float32 numbers, for messages. */
export const gibibytes = (numbers: number): string => `${((numbers * 4) / 2 ** 30).toPrecision(3)} GiB`;
