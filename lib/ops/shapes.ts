import { show, typeError, ValueError } from '../errors.js';
import { shapeText } from '../shapes.js';
import type { Tensor, TensorShape } from './tensor.js';

type Dim = number | null;

/** An axis as an index; negative ones count from the end. ValueError where there is none. */
export function axisOf(where: string, axis: unknown, rank: number): number {
  if (typeof axis !== 'number' || !Number.isInteger(axis))
    throw typeError(`${where}: 'axis' must be a whole number. Received: ${show(axis)}`);
  const index = axis < 0 ? rank + axis : axis;
  if (index < 0 || index >= rank)
    throw new ValueError(`${where}: 'axis' must be from ${-rank} to ${rank - 1}. Received: ${axis}`, 'ERR_OUT_OF_RANGE');
  return index;
}

/** Axes as indices, in their order; all where none are named. */
export function axesOf(where: string, axis: unknown, rank: number): number[] {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  const axes = (Array.isArray(axis) ? axis : [axis]).map((a) => axisOf(where, a, rank));
  if (new Set(axes).size < axes.length)
    throw new ValueError(`${where}: 'axis' must name each axis once. Received: ${show(axis)}`, 'ERR_OUT_OF_RANGE');
  return axes;
}

const joined = (where: string, a: Dim, b: Dim, shapes: readonly TensorShape[]): Dim => {
  if (a === b) return a;
  if (a === 1) return b;
  if (b === 1) return a;
  if (a === null) return b;
  if (b === null) return a;
  throw new ValueError(`${where}: shapes ${shapes.map(shapeText).join(' and ')} do not go together.`, 'ERR_SHAPE');
};

/** NumPy's broadcasting: aligned at the last axis, sizes of 1 stretch. */
export function broadcastShapes(where: string, shapes: readonly TensorShape[]): Dim[] {
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, i) =>
    shapes.reduce<Dim>((d, s) => joined(where, d, s.at(i - rank) ?? (i - rank < -s.length ? 1 : null), shapes), 1),
  );
}

/**
 * The shape that tensors broadcast to, and whether it has a batch. Samples are independent: a batch goes with another only axis by axis, and
 * what is one for the whole batch has no axis of its own there, or one of size 1.
 */
export function broadcastOf(where: string, tensors: readonly Tensor[]): { shape: Dim[]; rows: boolean } {
  const shapes = tensors.map((t) => t.shape);
  const shape = broadcastShapes(where, shapes);
  const rows = tensors.some((t) => t.rows);
  for (const t of tensors)
    if (rows && (t.rows ? t.rank !== shape.length : t.rank === shape.length && t.shape[0] !== 1))
      throw new ValueError(
        `${where}: shapes ${shapes.map(shapeText).join(' and ')} do not go together: the first axis is the batch, whose samples are independent. ` +
          'Give values of samples the same number of axes, by ops.expandDims, and those of the whole batch none for the batch.',
        'ERR_SHAPE',
      );
  if (rows) shape[0] = tensors.find((t) => t.rows)?.shape[0] ?? null;
  return { shape, rows };
}

/** A size that may be unknown, of several that are multiplied. */
export const product = (dims: readonly Dim[]): Dim => dims.reduce<Dim>((n, d) => (n === null || d === null ? null : n * d), 1);
