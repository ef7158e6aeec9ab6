import { RuntimeError, ValueError } from '../errors.js';
import { gibibytes, hasMemoryFor } from '../memory.js';
import { shapeText, sizeOf } from '../shapes.js';
import type { Shape } from './shape.js';

/** Numbers of one sample at most, between any two layers: 8 GiB. Sizes beyond it are mistakes, and their products leave the range of integers. */
export const MOST_NUMBERS = 2 ** 31 - 1;

/** A sample's shape as it is, where a sample of it is not too large. Sizes that are not known count as 1: the data's are checked when they come. */
export function checkSample(where: string, what: string, shape: Shape): Shape {
  const size = sizeOf(shape);
  if (size > MOST_NUMBERS)
    throw new ValueError(
      `${where}: ${what} of shape ${shapeText(shape)} has ${size} numbers (${gibibytes(size)}). A sample may have ${MOST_NUMBERS} at most (${gibibytes(MOST_NUMBERS)}). Give smaller sizes.`,
      'ERR_MEMORY',
    );
  return shape;
}

/** Before a weight is made: it, and the values that it starts from, must fit into the memory that is left. */
export function checkWeightSize(where: string, name: string, shape: readonly number[]): void {
  const size = sizeOf(shape);
  if (hasMemoryFor(size * 8)) return;
  throw new ValueError(
    `${where}: weight '${name}' of shape ${shapeText(shape)} has ${size} numbers (${gibibytes(size)}), more than there is memory for. Give smaller sizes.`,
    'ERR_MEMORY',
  );
}

/** Runs what makes a weight; where there is no memory, it says for which. */
export function withMemory<T>(where: string, name: string, shape: readonly number[], make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError) && (error as { code?: unknown })?.code !== 'ERR_MEMORY') throw error;
    throw new RuntimeError(
      `${where}: there is no memory for weight '${name}' of shape ${shapeText(shape)} (${gibibytes(sizeOf(shape))}): ${(error as Error).message}`,
      'ERR_MEMORY',
    );
  }
}
