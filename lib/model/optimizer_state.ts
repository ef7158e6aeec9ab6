import { addon, type NativeVariable } from '../engine/addon.js';
import { ValueError } from '../errors.js';
import type { Layer, Weight } from '../layers/layer.js';
import { withInner } from '../layers/stack.js';
import type { Optimizer } from '../optimizers/index.js';
import { classNameOf } from '../registry.js';

/** State that an optimizer keeps for one weight, under Keras's names, in the order the engine takes it. */
export interface Slots {
  names: string[];
  variables: NativeVariable[];
}

interface State {
  slots: Map<Weight, Slots>;
  /** The models that were compiled with it, and their layers: to those it belongs. */
  models: WeakSet<object>;
  layers: WeakSet<Layer>;
}

const states = new WeakMap<Optimizer, State>();

function stateOf(optimizer: Optimizer): State {
  let state = states.get(optimizer);
  if (!state) {
    state = { slots: new Map(), models: new WeakSet(), layers: new WeakSet() };
    states.set(optimizer, state);
  }
  return state;
}

/** A model, as far as its optimizer is concerned. */
export interface Owner {
  readonly name: string;
  readonly layers: readonly Layer[];
}

/**
 * An optimizer belongs to the weights that it was first compiled with: its count of updates and its moments are theirs.
 * Throws a ValueError where another model has weights that it would train and has not seen.
 */
export function checkOwner(optimizer: Optimizer, model: Owner, training: ReadonlySet<Layer>): void {
  const state = states.get(optimizer);
  if (!state || state.models.has(model)) return;
  const stranger = withInner(model.layers).find((l) => training.has(l) && l.learns && !state.layers.has(l));
  if (!stranger) return;
  throw new ValueError(
    `compile: 'optimizer' (${classNameOf(optimizer)}) belongs to another model: it has not seen the weights of ${stranger.label} of model '${model.name}', and its count of updates is that of the other. Make a new one for this model: optimizer.clone() has the same options.`,
    'ERR_OPTIMIZER',
  );
}

/** Notes that a model was compiled with an optimizer, or has got other layers since. */
export function claim(optimizer: Optimizer, model: Owner): void {
  const state = stateOf(optimizer);
  state.models.add(model);
  for (const layer of withInner(model.layers)) state.layers.add(layer);
}

/** Drops what an optimizer keeps for layers that were taken off the model. */
export function release(optimizer: Optimizer, layers: readonly Layer[]): void {
  const state = stateOf(optimizer);
  for (const layer of withInner(layers)) {
    state.layers.delete(layer);
    for (const w of layer.weights) state.slots.delete(w);
  }
}

/**
 * The optimizer's state for a weight, made at its first use. It belongs to the optimizer: compiling again with the same one goes on,
 * a new one starts anew.
 */
export function slotsOf(optimizer: Optimizer, weight: Weight): Slots {
  const state = stateOf(optimizer).slots;
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
  const slotsOfAll = states.get(optimizer)?.slots;
  if (!slotsOfAll?.size) return 0;
  let n = 2;
  for (const slots of slotsOfAll.values()) for (const v of slots.variables) n += v.size;
  return n;
}
