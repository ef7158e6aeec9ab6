import { addon } from '../engine/addon.js';
import { ValueError } from '../errors.js';
import type { Tensor } from './nested.js';

/** Elements looked at before the event loop has its turn: about a millisecond. */
const PART = 2 ** 21;

/** Data with the name of the argument that they came as. */
export interface Named {
  where: string;
  tensor: Tensor;
  /** The first element to look at. Default 0. */
  from?: number;
}

/**
 * Throws a ValueError (ERR_NOT_FINITE) that names the first element that is NaN, infinite or beyond float32. One pass; integers are not looked at.
 */
export function checkFinite({ where, tensor, from: first = 0 }: Named, from = first, to = tensor.data.length): void {
  const part = from === 0 && to === tensor.data.length ? tensor.data : tensor.data.subarray(from, to);
  const index = addon.firstNotFinite(part);
  if (index >= 0) throw notFinite(where, tensor, from + index);
}

/** All of them, in parts where they are many, so that the event loop goes on meanwhile. */
export function checkAllFinite(all: readonly Named[]): Promise<void> | void {
  if (all.reduce((n, { tensor, from = 0 }) => n + tensor.data.length - from, 0) > PART) return inParts(all);
  for (const one of all) checkFinite(one);
}

async function inParts(all: readonly Named[]): Promise<void> {
  for (const one of all)
    for (let from = one.from ?? 0; from < one.tensor.data.length; from += PART) {
      checkFinite(one, from, Math.min(from + PART, one.tensor.data.length));
      await new Promise((resolve) => setImmediate(resolve));
    }
}

function notFinite(where: string, { data, shape }: Tensor, index: number): ValueError {
  const path: number[] = [];
  let rest = index;
  for (let k = shape.length - 1; k >= 0; k--) {
    path.unshift(rest % shape[k]);
    rest = Math.floor(rest / shape[k]);
  }
  return new ValueError(
    `${where}${path.map((i) => `[${i}]`).join('')} is ${data[index]}, and a model computes with finite numbers of float32 (up to 3.4e38). Leave out that sample or give it a value; checkFinite: false lets such numbers pass.`,
    'ERR_NOT_FINITE',
  );
}
