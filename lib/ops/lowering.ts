import type { OpSpec, SpecValue } from '../engine/spec.js';
import { type Cluster, clustersOf, instructionOf } from './clusters.js';
import { inputsOf, type LayerLike, nativeShape, type Tensor, unseen, type WeightLike } from './tensor.js';

/** What a trace needs of a program while it is put there. Values are numbered. */
export interface TraceLowering {
  /** Puts an op over values that are there. The value it makes. */
  add(op: OpSpec, inputs: readonly number[]): number;
  /** A weight's position among the network's variables. */
  weight(weight: WeightLike): number;
  /** Puts a layer over a value: of samples of that shape. */
  layer?(layer: LayerLike, x: number, sample: readonly (number | null)[]): number;
}

/** All tensors that others hang on, each behind those that it reads. */
export function inOrder(outputs: readonly Tensor[]): Tensor[] {
  const done = new Set<Tensor>();
  const visit = (tensor: Tensor): void => {
    // A stack of its own: traces may be deeper than JavaScript's.
    const stack: [Tensor, number][] = [[tensor, 0]];
    while (stack.length) {
      const top = stack[stack.length - 1];
      const [t, next] = top;
      const of = inputsOf(t);
      if (done.has(t)) stack.pop();
      else if (next < of.length) {
        top[1]++;
        if (!done.has(of[next])) stack.push([of[next], 0]);
      } else {
        done.add(t);
        stack.pop();
      }
    }
  };
  for (const output of outputs) visit(output);
  return [...done];
}

/**
 * Puts the ops of traced tensors into a program.
 * @param inputs the values of the arguments
 * @param precision what ops with products of matrices are told of their operands
 * @returns the values of the outputs
 */
export function lowerTrace(
  outputs: readonly Tensor[],
  inputs: readonly number[],
  lowering: TraceLowering,
  precision?: 'bfloat16',
): number[] {
  const order = inOrder(outputs);
  const clusters = clustersOf(order, outputs);
  const values = new Map<Tensor, number>();
  const numberFor = (tensor: Tensor): number => {
    const value = values.get(tensor) ?? lowerSource(tensor, inputs, lowering);
    values.set(tensor, value);
    return value;
  };
  for (const tensor of order) {
    const cluster = clusters.get(tensor);
    if (cluster && cluster !== 'inside') values.set(tensor, lowerCluster(cluster, numberFor, lowering));
    else if (tensor.node.kind === 'op' || tensor.node.kind === 'layer')
      values.set(tensor, lowerOne(tensor, numberFor, lowering, precision));
  }
  return outputs.map(numberFor);
}

/** What no op makes; put there by whoever reads it first. */
function lowerSource(tensor: Tensor, inputs: readonly number[], lowering: TraceLowering): number {
  const { node } = tensor;
  switch (node.kind) {
    case 'input':
      return inputs[node.index];
    case 'weight':
      return lowering.add({ op: 'weight', weights: [lowering.weight(node.weight)] }, []);
    case 'label':
      return lowering.add({ op: 'label', width: tensor.shape.at(-1) as number }, []);
    case 'constant':
      return lowering.add({ op: 'constant', shape: [...tensor.shape] as number[], numbers: [...node.numbers] }, []);
    default:
      throw new Error('internal: a tensor is read before it is made');
  }
}

function lowerOne(tensor: Tensor, numberFor: (t: Tensor) => number, lowering: TraceLowering, precision?: 'bfloat16'): number {
  const { node } = tensor;
  switch (node.kind) {
    case 'layer': {
      const [x] = node.of;
      if (!lowering.layer) throw unseen(`${node.layer.label} is used outside of a layer`, "Use its 'call' for arrays");
      return lowering.layer(node.layer, numberFor(x), x.shape.slice(1));
    }
    case 'op': {
      const dense = denseOf(tensor, lowering);
      if (dense) return lowering.add(precision ? { ...dense, precision } : dense, [numberFor(node.of[0])]);
      const values = node.spec.op === 'concatenate' ? withRows(node.of, numberFor, lowering) : node.of.map(numberFor);
      return isRowTimesMatrix(tensor) ? rowTimesMatrix(node.spec, values, lowering) : lowering.add(node.spec, values);
    }
    default:
      throw new Error(`internal: ${node.kind} outside of a cluster`);
  }
}

/** Whether the engine has one value for the whole batch: it hangs on no argument, or goes over the batch. */
export function isSingle(tensor: Tensor): boolean {
  let single = singles.get(tensor);
  if (single === undefined) {
    const { node } = tensor;
    const source = node.kind === 'weight' || node.kind === 'constant';
    single = source || ('of' in node && ((node.kind === 'op' && node.spec.rows === true) || node.of.every(isSingle)));
    singles.set(tensor, single);
  }
  return single;
}
const singles = new WeakMap<Tensor, boolean>();

/** Values that stand side by side: where some are of samples, all are. */
function withRows(of: readonly Tensor[], numberFor: (t: Tensor) => number, lowering: TraceLowering): number[] {
  const like = of.find((t) => !isSingle(t));
  return of.map((t) => (like && isSingle(t) ? lowering.add({ op: 'toRows' }, [numberFor(t), numberFor(like)]) : numberFor(t)));
}

const isRowTimesMatrix = ({ node }: Tensor): boolean =>
  node.kind === 'op' && node.spec.op === 'matmul' && node.of[0].rows && node.of[0].rank === 2;

/** Samples of one axis are matrices of one row to the engine. */
function rowTimesMatrix(spec: OpSpec, [x, w]: readonly number[], lowering: TraceLowering): number {
  const row = lowering.add({ op: 'reshape', shape: [1, -1] }, [x]);
  return lowering.add({ op: 'reshape', shape: [-1] }, [lowering.add(spec, [row, w])]);
}

/** Samples times a weight: the op of dense layers, which never keeps the gradient of the whole weight. */
function denseOf(tensor: Tensor, lowering: TraceLowering): OpSpec | null {
  const { node } = tensor;
  if (node.kind !== 'op' || node.spec.op !== 'matmul') return null;
  const [x, w] = node.of;
  if (!x.rows || w.node.kind !== 'weight' || w.rank !== 2) return null;
  return { op: 'dense', units: w.shape[1] as number, useBias: false, weights: [lowering.weight(w.node.weight)] };
}

/** Ops that work element by element, as one that goes over memory once. */
function lowerCluster(cluster: Cluster, numberFor: (t: Tensor) => number, lowering: TraceLowering): number {
  const { inputs, steps } = cluster;
  const registers = new Map<Tensor, number>();
  const values = inputs.map((t) => {
    const wanted = aligned(t, cluster.output);
    return wanted ? lowering.add({ op: 'reshape', shape: wanted }, [numberFor(t)]) : numberFor(t);
  });
  for (const [i, t] of inputs.entries()) registers.set(t, i);
  const code: SpecValue[] = [];
  for (const t of steps) {
    registers.set(t, inputs.length + code.length);
    code.push(instructionOf(t, registers));
  }
  return lowering.add({ op: 'elementwise', code }, values);
}

/** One for the whole batch that has an axis of size 1 for it: the shape without that; null where it fits as it is. */
function aligned(t: Tensor, output: Tensor): number[] | null {
  if (!output.rows || t.rows || t.rank < output.rank) return null;
  return nativeShape(t).slice(t.rank - output.rank + 1) as number[];
}
