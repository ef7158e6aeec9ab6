import { show, typeError, ValueError } from '../errors.js';
import { checkNumber } from '../options.js';

/** 0, 1, 2 or 'auto' (1). */
export function readVerbose(where: string, value: unknown): 0 | 1 | 2 {
  if (value === 'auto' || value === true) return 1;
  if (value === false) return 0;
  if (value === 0 || value === 1 || value === 2) return value;
  const message = `${where}: 'verbose' must be 0, 1, 2 or 'auto'. Received: ${show(value)}`;
  throw typeof value === 'number' || typeof value === 'string' ? new ValueError(message, 'ERR_OUT_OF_RANGE') : typeError(message);
}

export function readBatchSize(where: string, name: string, value: unknown): number | null {
  return value === null || value === undefined ? null : checkNumber(where, name, value, { min: 1, integer: true });
}
