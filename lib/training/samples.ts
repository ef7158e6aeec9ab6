import type { Tensor } from '../data/convert.js';
import type { Named } from '../data/finite.js';
import { sizeOf } from '../shapes.js';

/** Arrays of one data set, checked against the model: what a feed reads in place. */
export interface Samples {
  x: Tensor;
  y: Tensor | null;
  weights: Tensor | null;
  /** Number of samples. */
  count: number;
}

/** Their arrays under the names of the arguments. */
export function named(where: string, { x, y, weights }: Samples): Named[] {
  const of = (name: string, tensor: Tensor | null) => (tensor ? [{ where: where ? `${where}: ${name}` : name, tensor }] : []);
  return [...of('x', x), ...of('y', y), ...of('sampleWeight', weights)];
}

export const rowSize = (t: Tensor) => sizeOf(t.shape.slice(1));

/** The samples from `first` on, as views. */
export function cut({ x, y, weights, count }: Samples, first: number): Samples {
  const part = (t: Tensor): Tensor => ({
    data: t.data.subarray(first * rowSize(t)),
    shape: [count - first, ...t.shape.slice(1)],
  });
  return { x: part(x), y: y && part(y), weights: weights && part(weights), count: count - first };
}
