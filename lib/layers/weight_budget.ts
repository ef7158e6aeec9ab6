import { ValueError } from '../errors.js';
import { sizeOf } from '../shapes.js';

/** What weights may still be made of, in bytes, while a config from elsewhere becomes a model; null at all other times. */
let left: number | null = null;

/** Makes a model whose weights take no more than so many bytes: a config may ask for any number of units. ValueError ERR_FILE_REFUSED where it asks for more. */
export function withWeightBudget<T>(bytes: number, make: () => T): T {
  const before = left;
  left = bytes;
  try {
    return make();
  } finally {
    left = before;
  }
}

/** Before memory is taken for a weight. */
export function takeWeight(label: string, name: string, shape: readonly number[]): void {
  if (left === null) return;
  left -= 4 * sizeOf(shape);
  if (!(left >= 0))
    throw new ValueError(
      `${label}: its weight '${name}' of shape [${shape}] is more than the file has, or more than 'limits.bytes' allows.`,
      'ERR_FILE_REFUSED',
    );
}
