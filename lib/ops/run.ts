import type { TypedArray } from '../data/elements.js';
import { addon, type NativeVariable } from '../engine/addon.js';
import type { OpSpec, ProgramOp } from '../engine/spec.js';
import { sizeOf } from '../shapes.js';
import { isSingle, lowerTrace, type TraceLowering } from './lowering.js';
import type { Tensor, WeightLike } from './tensor.js';

/** Ops that are put together outside of a model, over a batch of its own. */
export interface SmallProgram extends TraceLowering {
  readonly ops: ProgramOp[];
  readonly weights: WeightLike[];
}

export function smallProgram(): SmallProgram {
  const ops: ProgramOp[] = [];
  const weights: WeightLike[] = [];
  return {
    ops,
    weights,
    add(op: OpSpec, inputs: readonly number[]) {
      ops.push({ ...op, inputs: [...inputs], output: ops.length + 1, stream: [ops.length + 1] });
      return ops.length;
    },
    weight(weight) {
      const at = weights.indexOf(weight);
      return at < 0 ? weights.push(weight) - 1 : at;
    },
  };
}

/** Ops outside of a model, and what they read besides their batch. */
interface Runnable {
  readonly ops: readonly ProgramOp[];
  readonly weights: readonly WeightLike[];
  readonly addedLosses?: readonly number[];
  readonly states?: readonly NativeVariable[];
  readonly seed?: number;
}

/** What runs samples of one shape at once, on the calling thread. */
export interface Runner {
  /** The shape of an output sample. */
  readonly output: readonly number[];
  run(x: TypedArray, rows: number): Float32Array;
}

/** A program ready to predict. @param result the value that it gives */
export function runnerOf(program: Runnable, result: number, sampleShape: readonly number[]): Runner {
  const { ops, weights, addedLosses = [], states = [], seed = 0 } = program;
  const variables = weights.map(() => ({ trainable: false }));
  const network = new addon.Network(
    { seed, ops, result, addedLosses, variables },
    weights.map((w) => w.variable),
    [],
    [...states],
  );
  const reader = new addon.Network(network, false);
  const output = reader.outputShape([...sampleShape]);
  return {
    output,
    run(x, rows) {
      const out = new Float32Array(rows * sizeOf(output));
      reader.predictSync(x, [...sampleShape], out);
      return out;
    },
  };
}

/** Several tensors as one line of numbers: what a program gives. `x` is its batch. */
export function joined(outputs: readonly Tensor[], inputs: readonly number[], program: SmallProgram): number {
  const values = lowerTrace(outputs, inputs, program).map((value, i) => {
    const flat = program.add({ op: 'reshape', shape: [-1] }, [value]);
    return isSingle(outputs[i]) ? program.add({ op: 'toRows' }, [flat, 0]) : flat;
  });
  return values.length === 1 ? values[0] : program.add({ op: 'concatenate', axis: 1 }, values);
}
