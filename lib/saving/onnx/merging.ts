import type { OpSpec } from '../../engine/spec.js';
import type { Graph, Value } from './graph.js';

const eachOf =
  (node: string) =>
  (g: Graph, _op: OpSpec, x: Value, ...others: Value[]) => ({
    name: others.reduce((name, other) => g.node(node, [name, other.name]), x.name),
    shape: x.shape,
  });

export const add = eachOf('Add');
export const multiply = eachOf('Mul');
export const subtract = eachOf('Sub');

export function average(g: Graph, op: OpSpec, x: Value, ...others: Value[]): Value {
  return { name: g.node('Mul', [add(g, op, x, ...others).name, g.scalar(1 / (others.length + 1))]), shape: x.shape };
}

/** Of the tensor with its batch. */
function axisOf(op: OpSpec, x: Value): number {
  const axis = (op.axis as number | undefined) ?? -1;
  return axis < 0 ? x.shape.length + 1 + axis : axis;
}

const resized = (shape: Value['shape'], axis: number, size: number | null) => shape.map((d, i) => (i === axis - 1 ? size : d));

export function concatenate(g: Graph, op: OpSpec, x: Value, ...others: Value[]): Value {
  const axis = axisOf(op, x);
  const all = [x, ...others];
  const sizes = all.map(({ shape }) => shape[axis - 1]);
  const size = sizes.reduce((sum, d) => (sum === null || d === null ? null : sum + d), 0);
  const names = all.map(({ name }) => name);
  return { name: g.node('Concat', names, { axis }), shape: resized(x.shape, axis, size) };
}

export function flip(g: Graph, op: OpSpec, x: Value): Value {
  const ends = [[-1], [-(2 ** 31)], [axisOf(op, x)], [-1]].map((n) => g.integers(n));
  return { name: g.node('Slice', [x.name, ...ends]), shape: x.shape };
}

export function slice(g: Graph, op: OpSpec, x: Value): Value {
  const axis = axisOf(op, x);
  const begin = (op.begin as number | undefined) ?? 0;
  const size = op.size as number;
  const ends = [[begin], [begin + size], [axis]].map((n) => g.integers(n));
  return { name: g.node('Slice', [x.name, ...ends]), shape: resized(x.shape, axis, size) };
}
