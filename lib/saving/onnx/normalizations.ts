import type { OpSpec } from '../../engine/spec.js';
import type { Graph, Value } from './graph.js';

/** A weight over some axes of a sample as it is spread over a whole batch: sizes of 1 elsewhere. */
function spread(
  g: Graph,
  shape: readonly (number | null)[],
  axes: readonly number[],
  data: Float32Array | readonly number[],
): string {
  return g.floats([1, ...shape.map((d, i) => (axes.includes(i + 1) ? (d as number) : 1))], data);
}

const axesOf = (op: OpSpec, rank: number): number[] => {
  const given = op.axis as number | number[];
  return (Array.isArray(given) ? given : [given]).map((a) => (a < 0 ? rank + 1 + a : a)).sort((a, b) => a - b);
};

const mean = (g: Graph, x: string, axes: number[]) => g.node('ReduceMean', [x], { axes, keepdims: 1 });
const square = (g: Graph, x: string) => g.node('Mul', [x, x]);
const root = (g: Graph, x: string, epsilon: number) => g.node('Sqrt', [g.node('Add', [x, g.scalar(epsilon)])]);

/** gamma and beta, where the layer has them. */
function affine(g: Graph, op: OpSpec, y: string, shape: readonly (number | null)[], axes: readonly number[], first = 0): string {
  const weights = (op.weights as number[] | undefined) ?? [];
  let at = first;
  let out = y;
  if (op.scale === true) out = g.node('Mul', [out, spread(g, shape, axes, g.weight(weights[at++]).data)]);
  if (op.center === true) out = g.node('Add', [out, spread(g, shape, axes, g.weight(weights[at]).data)]);
  return out;
}

export function batchNormalization(g: Graph, op: OpSpec, x: Value): Value {
  const axes = axesOf(op, x.shape.length);
  const weights = (op.weights as number[]).map((w) => g.weight(w).data);
  const gamma = op.scale === true ? weights.shift() : undefined;
  const beta = op.center === true ? weights.shift() : undefined;
  const [moving, variance] = weights;
  const scale = variance.map((v, i) => (gamma?.[i] ?? 1) / Math.sqrt(v + (op.epsilon as number)));
  const offset = moving.map((m, i) => (beta?.[i] ?? 0) - m * scale[i]);
  const scaled = g.node('Mul', [x.name, spread(g, x.shape, axes, scale)]);
  return { name: g.node('Add', [scaled, spread(g, x.shape, axes, offset)]), shape: x.shape };
}

export function layerNormalization(g: Graph, op: OpSpec, x: Value): Value {
  const axes = axesOf(op, x.shape.length);
  const centred = g.node('Sub', [x.name, mean(g, x.name, axes)]);
  const deviation = root(g, mean(g, square(g, centred), axes), op.epsilon as number);
  const normal = g.node('Div', [op.rmsScaling === true ? x.name : centred, deviation]);
  return { name: affine(g, op, normal, x.shape, axes), shape: x.shape };
}

export function rmsNormalization(g: Graph, op: OpSpec, x: Value): Value {
  const axes = axesOf(op, x.shape.length);
  const normal = g.node('Div', [x.name, root(g, mean(g, square(g, x.name), axes), op.epsilon as number)]);
  return { name: g.node('Mul', [normal, spread(g, x.shape, axes, g.weight((op.weights as number[])[0]).data)]), shape: x.shape };
}

export function unitNormalization(g: Graph, op: OpSpec, x: Value): Value {
  const axes = axesOf(op, x.shape.length);
  const sum = g.node('ReduceSum', [square(g, x.name), g.integers(axes)], { keepdims: 1 });
  return { name: g.node('Div', [x.name, g.node('Sqrt', [g.node('Max', [sum, g.scalar(1e-12)])])]), shape: x.shape };
}

export function groupNormalization(g: Graph, op: OpSpec, x: Value): Value {
  const shape = g.known(x.shape, 'a group normalization');
  const [axis] = axesOf(op, shape.length);
  const groups = op.groups as number;
  const channels = shape[axis - 1];
  const grouped = [...shape.slice(0, axis - 1), groups, channels / groups, ...shape.slice(axis)];
  const y = g.node('Reshape', [x.name, g.integers([0, ...grouped])]);
  // All but the batch and the groups.
  const axes = grouped.map((_, i) => i + 1).filter((i) => i !== axis);
  const centred = g.node('Sub', [y, mean(g, y, axes)]);
  const normal = g.node('Div', [centred, root(g, mean(g, square(g, centred), axes), op.epsilon as number)]);
  const back = g.node('Reshape', [normal, g.integers([0, ...shape])]);
  return { name: affine(g, op, back, shape, [axis]), shape };
}

/** Numbers that `adapt` has found, or that were given. */
export function normalization(g: Graph, op: OpSpec, x: Value): Value {
  const axes = axesOf(op, x.shape.length);
  const weights = op.weights as number[] | undefined;
  const numbers = (key: 'mean' | 'variance', at: number) =>
    (op[key] as number[] | undefined) ?? [...g.weight((weights as number[])[at]).data];
  const deviation = numbers('variance', 1).map((v) => Math.max(Math.sqrt(v), 1e-7));
  const centre = spread(g, x.shape, axes, numbers('mean', 0));
  const name =
    op.invert === true
      ? g.node('Add', [g.node('Mul', [x.name, spread(g, x.shape, axes, deviation)]), centre])
      : g.node('Div', [g.node('Sub', [x.name, centre]), spread(g, x.shape, axes, deviation)]);
  return { name, shape: x.shape };
}
