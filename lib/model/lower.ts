import type { Activation } from '../activations.js';
import type { NativeVariable } from '../engine/addon.js';
import type { OpSpec, SpecValue } from '../engine/spec.js';
import { type Layer, type Lowering, lowerAll, type Shape, type Weight } from '../layers/layer.js';

/** A stack of layers as the engine takes it. */
export interface Program {
  ops: OpSpec[];
  /** Every weight once, in Keras's order: what positions in `ops` count. */
  weights: Weight[];
  /** What stateful layers carry from batch to batch: what `state` in `ops` counts. */
  states: NativeVariable[];
  /** The activation that makes the predictions, where it is their very last op: losses may then use its input, the logits. */
  finalActivation: string | null;
}

/** Turns built layers into native ops. @param training the layers that train */
export function lower(layers: readonly Layer[], inputShape: Shape, training: ReadonlySet<Layer>): Program {
  const weights: Weight[] = [];
  const states: NativeVariable[] = [];
  const position = new Map<Weight, number>();
  const lowering: Lowering = {
    weights: (layer) =>
      layer.weights.map((w) => {
        let at = position.get(w);
        if (at === undefined) {
          at = weights.push(w) - 1;
          position.set(w, at);
        }
        return at;
      }),
    trains: (layer) => training.has(layer),
    state: (variable) => (states.includes(variable) ? states.indexOf(variable) : states.push(variable) - 1),
    activation: (activation: Activation) => (activation.isLinear ? [] : [{ op: 'activation', ...activation.spec() }]),
  };
  const ops = lowerAll(layers, inputShape, lowering);
  joinPenalties(ops);
  const last = ops.at(-1);
  const onLastAxis = last?.axis === undefined || last.axis === -1;
  const isActivation = last?.op === 'activation' || last?.op === 'penalizedActivation';
  return { ops, weights, states, finalActivation: isActivation && onLastAxis ? (last.activation as string) : null };
}

/**
 * Activity regularizers of a final sigmoid or softmax become one op with it: as in Keras, a cross-entropy still takes the logits, and the probabilities
 * are for the penalty only.
 */
function joinPenalties(ops: OpSpec[]): void {
  let at = ops.length;
  while (at > 0 && ops[at - 1].op === 'activityRegularization' && (ops[at - 1].regularizer ?? 'l1l2') === 'l1l2') at--;
  const final = ops[at - 1];
  const joins = final?.op === 'activation' && ['sigmoid', 'softmax'].includes(final.activation as string);
  if (at === ops.length || !joins || (final.axis ?? -1) !== -1) return;
  const penalties = ops.splice(at);
  const sum = (key: string) => penalties.reduce((total, p) => total + ((p[key] as number | undefined) ?? 0), 0);
  ops[at - 1] = { ...final, op: 'penalizedActivation', l1: sum('l1'), l2: sum('l2') };
}

/** What the engine is told of each variable. */
export function describeVariables(
  weights: readonly Weight[],
  trainable: ReadonlySet<Weight>,
  keepsSize: (w: Weight) => boolean,
): SpecValue[] {
  return weights.map((w) => ({
    trainable: trainable.has(w),
    regularizer: w.regularizer ? (w.regularizer.spec() as SpecValue) : null,
    constraint: w.constraint ? (w.constraint.spec() as SpecValue) : null,
    decay: !keepsSize(w),
  }));
}
