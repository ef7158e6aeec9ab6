import { checkWeightArray } from '../data/ndarray.js';
import { show, typeError, ValueError } from '../errors.js';

interface Settable {
  readonly name: string;
  readonly shape: readonly number[];
  readonly variable: { write(values: Float32Array): void };
}

/** Gives weights their values, in this order: all, or none where something does not fit. */
export function setAllWeights(label: string, weights: readonly Settable[], values: readonly unknown[]): void {
  if (!Array.isArray(values)) throw typeError(`setWeights of ${label} takes a list of arrays. Received: ${show(values)}`);
  if (values.length !== weights.length)
    throw new ValueError(
      `setWeights of ${label}: ${values.length} arrays were given for ${weights.length} weights (${weights.map((w) => `${w.name} [${w.shape}]`).join(', ') || 'none'}).`,
      'ERR_SHAPE',
    );
  const flat = weights.map((w, i) => checkWeightArray(`weight '${w.name}' of ${label}`, values[i], w.shape));
  weights.forEach((w, i) => {
    w.variable.write(flat[i]);
  });
}
