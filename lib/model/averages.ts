import type { Weight } from '../layers/layer.js';
import type { Optimizer } from '../optimizers/index.js';
import { slotsOf } from './optimizer_state.js';

/** At the end of a fit: weights become their running averages, where the optimizer keeps them. */
export function applyAverages(optimizer: Optimizer, weights: readonly Weight[]): void {
  if (!optimizer.common().useEma || optimizer.iterations === 0) return;
  // Averages that stand in the weights already are those that both have then.
  eachAverage(optimizer, weights, (weight, average) => (optimizer.averagesAreIn ? [weight, weight] : [average, average]));
  optimizer.averagesAreIn = false;
}

/** Weights and their averages change places. false where the optimizer keeps no averages. */
export function swapAverages(optimizer: Optimizer, weights: readonly Weight[]): boolean {
  if (!optimizer.common().useEma) return false;
  eachAverage(optimizer, weights, (weight, average) => [average, weight]);
  optimizer.averagesAreIn = !optimizer.averagesAreIn;
  return true;
}

/** @param change gives what a weight and its average are from now on */
function eachAverage(
  optimizer: Optimizer,
  weights: readonly Weight[],
  change: (weight: Float32Array, average: Float32Array) => [Float32Array, Float32Array],
): void {
  for (const w of weights) {
    const { variable } = w;
    const { names, variables } = slotsOf(optimizer, w);
    const slot = variables[names.indexOf('average')];
    const [weight, average] = [new Float32Array(variable.size), new Float32Array(variable.size)];
    variable.read(weight);
    slot.read(average);
    const changed = change(weight, average);
    variable.write(changed[0]);
    slot.write(changed[1]);
  }
}
