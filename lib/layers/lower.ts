import type { Activation } from '../activations/index.js';
import type { NativeVariable } from '../engine/addon.js';
import type { ProgramOp, SpecValue } from '../engine/spec.js';
import { type Layer, type Lowering, lowerAll, type Shape, type Weight } from './layer.js';

/** A stack of layers as the engine takes it. */
export interface Program {
  ops: ProgramOp[];
  /** The value that is the predictions. */
  result: number;
  /** Every weight once, in Keras's order: what positions in `ops` count. */
  weights: Weight[];
  /** Values that are added to the loss: single numbers. */
  addedLosses: number[];
  /** What stateful layers carry from batch to batch: what `state` in `ops` counts. */
  states: NativeVariable[];
  /** The activation that makes the predictions, where it is their very last op, and the value it reads: losses may then use that, the logits. */
  final: { activation: string; logits: number } | null;
}

/**
 * Turns built layers into native ops.
 * @param training the layers that train
 * @param more puts further ops over the predictions
 */
export function lower(
  layers: readonly Layer[],
  inputShape: Shape,
  training: ReadonlySet<Layer>,
  more?: (result: number, lowering: Lowering) => void,
): Program {
  const weights: Weight[] = [];
  const states: NativeVariable[] = [];
  const addedLosses: number[] = [];
  const position = new Map<Weight, number>();
  const { ops, ...placing } = placeOps();
  const weight = (w: Weight): number => {
    const at = position.get(w) ?? weights.push(w) - 1;
    position.set(w, at);
    return at;
  };
  const lowering: Lowering = {
    weights: (layer) => layer.weights.map(weight),
    weight,
    addLoss: (value) => addedLosses.push(value),
    trains: (layer) => training.has(layer),
    state: (variable) => (states.includes(variable) ? states.indexOf(variable) : states.push(variable) - 1),
    activation: (activation: Activation) => (activation.isLinear ? [] : [activation.op()]),
    ...placing,
  };
  const result = lowerAll(layers, 0, inputShape, lowering);
  more?.(result, lowering);
  return { ops, result, weights, addedLosses, states, final: finalOf(ops, result) };
}

/** Numbers values, and keeps which layer is at work and where its random numbers come from. */
function placeOps(): Pick<Lowering, 'add' | 'of' | 'fork'> & { ops: ProgramOp[] } {
  const ops: ProgramOp[] = [];
  let label: string | undefined;
  let scope = { path: [] as number[], next: 1 };
  return {
    ops,
    add(op, inputs) {
      const output = ops.length + 1;
      ops.push({ label, ...op, inputs: [...inputs], output, stream: [...scope.path, scope.next++] });
      return output;
    },
    of(layer, put) {
      const outer = label;
      label = layer.label;
      const value = put();
      label = outer;
      return value;
    },
    fork() {
      const path = [...scope.path, scope.next++];
      return (branch, put) => {
        const outer = scope;
        scope = { path: [...path, branch], next: 0 };
        const value = put();
        scope = outer;
        return value;
      };
    },
  };
}

/** Penalties on activities pass their input on, so that the activation before them makes the predictions. */
function finalOf(ops: readonly ProgramOp[], value: number): Program['final'] {
  const op = ops.find(({ output }) => output === value);
  if (op?.op === 'activityRegularization') return finalOf(ops, op.inputs[0]);
  const onLastAxis = op?.axis === undefined || op.axis === -1;
  return op?.op === 'activation' && onLastAxis ? { activation: op.activation as string, logits: op.inputs[0] } : null;
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
