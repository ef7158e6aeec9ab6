import type { Weight } from '../layers/layer.js';
import type { Optimizer } from '../optimizers.js';
import { addon, type NativeVariable } from './addon.js';

/** State that an optimizer keeps for one weight, under Keras's names, in the order the engine takes it. */
export interface Slots {
  names: string[];
  variables: NativeVariable[];
}

const states = new WeakMap<Optimizer, Map<Weight, Slots>>();

/**
 * The optimizer's state for a weight, made at its first use. It belongs to the optimizer: compiling again with the same one goes on,
 * a new one starts anew.
 */
export function slotsOf(optimizer: Optimizer, weight: Weight): Slots {
  let state = states.get(optimizer);
  if (!state) {
    state = new Map();
    states.set(optimizer, state);
  }
  let slots = state.get(weight);
  if (!slots) {
    const { useEma, emaCopyFirst, gradientAccumulationSteps } = optimizer.common();
    const names = [...optimizer.slotNames()];
    const initial: (number | Float32Array)[] = names.map((n) => optimizer.slotInitialValue(n));
    if (useEma) {
      names.push('average');
      const start = new Float32Array(weight.variable.size);
      if (emaCopyFirst === false) weight.variable.read(start);
      initial.push(start);
    }
    if ((gradientAccumulationSteps ?? 1) > 1) {
      names.push('gradient_accumulator');
      initial.push(0);
    }
    const variables = initial.map((value) => {
      const v = new addon.Variable([...weight.shape]);
      if (typeof value !== 'number') v.write(value);
      else if (value !== 0) v.write(new Float32Array(v.size).fill(value));
      return v;
    });
    slots = { names, variables };
    state.set(weight, slots);
  }
  return slots;
}

/** How many numbers the optimizer keeps, as `summary()` counts them: iterations and learning rate too, once there is any. */
export function countSlots(optimizer: Optimizer): number {
  const state = states.get(optimizer);
  if (!state) return 0;
  let n = 2;
  for (const slots of state.values()) for (const v of slots.variables) n += v.size;
  return n;
}
