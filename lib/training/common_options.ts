import { show, typeError, ValueError } from '../errors.js';
import { checkNumber } from '../options.js';

/**
 * 0, 1, 2 or 'auto'.
 * @param auto what 'auto' is
 */
export function readVerbose(where: string, value: unknown, auto: 0 | 1 = 1): 0 | 1 | 2 {
  if (value === 'auto') return auto;
  if (value === true) return 1;
  if (value === false) return 0;
  if (value === 0 || value === 1 || value === 2) return value;
  const message = `${where}: 'verbose' must be 0, 1, 2 or 'auto'. Received: ${show(value)}`;
  throw typeof value === 'number' || typeof value === 'string' ? new ValueError(message, 'ERR_OUT_OF_RANGE') : typeError(message);
}

/** 'auto' of `evaluate` and `predict`: a bar on a terminal; where nobody watches, not a line for each of perhaps a thousand calls. */
export const autoOfOneCall = (): 0 | 1 => (process.stdout.isTTY ? 1 : 0);

export function readBatchSize(where: string, name: string, value: unknown): number | null {
  return value === null || value === undefined ? null : checkNumber(where, name, value, { min: 1, integer: true });
}
