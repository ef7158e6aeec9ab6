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
  /** Whether labels may be missing: NaN. */
  missing?: boolean;
}

/** Their arrays under the names of the arguments. */
export function named(where: string, { x, y, weights, missing }: Samples): Named[] {
  const of = (name: string, tensor: Tensor | null) => (tensor ? [{ where: where ? `${where}: ${name}` : name, tensor }] : []);
  return [...of('x', x), ...of('y', missing ? null : y), ...of('sampleWeight', weights)];
}

export const rowSize = (t: Tensor) => sizeOf(t.shape.slice(1));

function part(samples: Samples, from: number, to: number): Samples {
  const of = (t: Tensor): Tensor => ({
    data: t.data.subarray(from * rowSize(t), to * rowSize(t)),
    shape: [to - from, ...t.shape.slice(1)],
  });
  const { x, y, weights } = samples;
  return { ...samples, x: of(x), y: y && of(y), weights: weights && of(weights), count: to - from };
}

/** The first samples, as views. */
export const head = (samples: Samples, count: number): Samples => part(samples, 0, count);

/** The samples from `first` on, as views. */
export const cut = (samples: Samples, first: number): Samples => part(samples, first, samples.count);
