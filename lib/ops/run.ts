import { addon } from '../engine/addon.js';
import type { OpSpec, ProgramOp } from '../engine/spec.js';
import { inOrder, lowerTrace, type TraceLowering } from './lowering.js';
import type { LayerLike, Tensor, WeightLike } from './tensor.js';

/** Ops that are put together outside of a model, over a batch of its own. */
export interface SmallProgram extends TraceLowering {
  readonly ops: ProgramOp[];
  readonly weights: WeightLike[];
}

/** @param layer how layers inside are put there */
export function smallProgram(layer?: TraceLowering['layer']): SmallProgram {
  const ops: ProgramOp[] = [];
  const weights: WeightLike[] = [];
  return {
    ops,
    weights,
    layer,
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

/** What runs a program's samples at once, on the calling thread. */
export type Runner = (x: Float32Array, rows: number) => Float32Array;

/** A program ready to predict. @param size numbers of an output sample */
export function runnerOf(program: SmallProgram, result: number, sampleShape: readonly number[], size: number): Runner {
  const network = new addon.Network(
    {
      seed: 0,
      ops: program.ops,
      result,
      variables: program.weights.map(() => ({ trainable: false })),
    },
    program.weights.map((w) => w.variable),
    [],
    [],
  );
  const reader = new addon.Network(network, false);
  return (x, rows) => {
    const out = new Float32Array(rows * size);
    reader.predictSync(x, [...sampleShape], out);
    return out;
  };
}

const reads = (t: Tensor): boolean => inOrder([t]).some(({ node }) => node.kind === 'input');

/** Several tensors as one line of numbers: what a program gives. `x` is its batch. */
export function joined(outputs: readonly Tensor[], inputs: readonly number[], program: SmallProgram): number {
  const values = lowerTrace(outputs, inputs, program).map((value, i) => {
    const flat = program.add({ op: 'reshape', shape: [-1] }, [value]);
    return reads(outputs[i]) ? flat : program.add({ op: 'toRows' }, [flat, 0]);
  });
  return values.length === 1 ? values[0] : program.add({ op: 'concatenate', axis: 1 }, values);
}

export type { LayerLike };
