import { show, typeError, ValueError } from '../errors.js';
import { shapeText } from '../shapes.js';
import { asTensor, type TensorLike } from './as_tensor.js';
import { axesOf, axisOf, product } from './shapes.js';
import { Tensor, type TensorShape } from './tensor.js';

type Dim = number | null;

/** An op of the engine over one tensor. */
const made = (t: Tensor, shape: TensorShape, spec: ({ op: string } & Record<string, never>) | object): Tensor =>
  new Tensor(shape, t.rows, t.dtype, { kind: 'op', spec: spec as { op: string }, of: [t] });

const batchStays = (where: string): ValueError =>
  new ValueError(`ops.${where}: the first axis is the batch, whose samples are independent; it stays as it is.`, 'ERR_SHAPE');

/** Axes of a sample for the engine. */
const own = (t: Tensor, axes: readonly number[]): number[] => (t.rows ? axes.map((a) => a - 1) : [...axes]);

/**
 * The same numbers under another shape. One size may be -1, which takes what is left; the batch's is -1 or null and comes first.
 */
export function reshape(x: TensorLike, newShape: readonly (number | null)[]): Tensor {
  const t = asTensor('ops.reshape', x);
  if (!Array.isArray(newShape) || !newShape.every((d) => d === null || (Number.isInteger(d) && (d > 0 || d === -1))))
    throw typeError(`ops.reshape: 'newShape' must be a list of whole numbers above 0, and -1 once. Received: ${show(newShape)}`);
  const wanted = newShape as Dim[];
  if (t.rows && (wanted.length === 0 || (wanted[0] !== -1 && wanted[0] !== null && wanted[0] !== t.shape[0])))
    throw batchStays('reshape');
  const from = t.rows ? t.shape.slice(1) : t.shape;
  const to = (t.rows ? wanted.slice(1) : wanted).map((d) => d ?? -1);
  const open = to.filter((d) => d === -1).length;
  if (open > 1) {
    // Sizes that only data tell, one for one.
    if (from.length === to.length && from.every((d, i) => d === to[i] || (d === null && to[i] === -1))) return t;
    throw new ValueError(
      `ops.reshape: only one size may be -1. Received: ${shapeText(newShape)} for ${shapeText(t.shape)}`,
      'ERR_SHAPE',
    );
  }
  const size = product(from);
  const known = to.filter((d) => d !== -1).reduce((n, d) => n * d, 1);
  if (size !== null && (open ? size % known !== 0 : size !== known))
    throw new ValueError(`ops.reshape: ${shapeText(t.shape)} has another size than ${shapeText(newShape)}.`, 'ERR_SHAPE');
  const shape = to.map((d) => (d === -1 ? (size === null ? null : size / known) : d));
  return made(t, t.rows ? [t.shape[0], ...shape] : shape, { op: 'reshape', shape: to });
}

/** In one axis (a batch stays an axis of its own: use `reshape`). */
export const ravel = (x: TensorLike): Tensor => reshape(x, [-1]);

/** A new axis of size 1. */
export function expandDims(x: TensorLike, axis: number | readonly number[]): Tensor {
  const t = asTensor('ops.expandDims', x);
  const list = Array.isArray(axis) ? (axis as number[]) : [axis as number];
  const rank = t.rank + list.length;
  const places = axesOf('ops.expandDims', list, rank);
  if (t.rows && places.includes(0)) throw batchStays('expandDims');
  const rest = [...t.shape];
  const shape = Array.from({ length: rank }, (_, i) => (places.includes(i) ? 1 : (rest.shift() as Dim)));
  return reshaped(t, shape);
}

/** Without axes of size 1: those that are named, or all of them. */
export function squeeze(x: TensorLike, axis: number | readonly number[] | null = null): Tensor {
  const t = asTensor('ops.squeeze', x);
  const ones = t.shape.flatMap((d, i) => (d === 1 && !(t.rows && i === 0) ? [i] : []));
  const axes = axis === null ? ones : axesOf('ops.squeeze', axis, t.rank);
  for (const a of axes)
    if (!ones.includes(a))
      throw new ValueError(`ops.squeeze: axis ${a} of ${shapeText(t.shape)} does not have size 1.`, 'ERR_SHAPE');
  return reshaped(
    t,
    t.shape.filter((_, i) => !axes.includes(i)),
  );
}

/** Axes of size 1 come or go: sizes that only data tell stay in their order. */
function reshaped(t: Tensor, shape: readonly Dim[]): Tensor {
  const sample = t.rows ? shape.slice(1) : shape;
  if (sample.filter((d) => d === null).length > 1)
    throw new ValueError(
      `ops: ${shapeText(t.shape)} has several sizes that only data tell, and its axes cannot be changed.`,
      'ERR_SHAPE',
    );
  return made(t, shape, { op: 'reshape', shape: sample.map((d) => d ?? -1) });
}

const rearranged = (t: Tensor, shape: TensorShape, how: string, options: object): Tensor =>
  made(t, shape, { op: 'rearrange', how, ...options });

/** Axes in another order; by default the opposite one. */
export function transpose(x: TensorLike, axes: readonly number[] | null = null): Tensor {
  const t = asTensor('ops.transpose', x);
  const order = axes === null ? t.shape.map((_, i) => t.rank - 1 - i) : axesOf('ops.transpose', axes, t.rank);
  if (order.length !== t.rank)
    throw new ValueError(`ops.transpose: 'axes' must name all ${t.rank} axes. Received: ${show(axes)}`, 'ERR_OUT_OF_RANGE');
  if (t.rows && order[0] !== 0) throw batchStays('transpose');
  if (order.every((a, i) => a === i)) return t;
  return rearranged(
    t,
    order.map((a) => t.shape[a]),
    'transpose',
    { perm: own(t, t.rows ? order.slice(1) : order) },
  );
}

/** Axes moved to other places; the others stay in their order. */
export function moveaxis(x: TensorLike, source: number | readonly number[], destination: number | readonly number[]): Tensor {
  const t = asTensor('ops.moveaxis', x);
  const from = axesOf('ops.moveaxis', source, t.rank);
  const to = axesOf('ops.moveaxis', destination, t.rank);
  if (from.length !== to.length)
    throw new ValueError("ops.moveaxis: 'source' and 'destination' must name as many axes.", 'ERR_OUT_OF_RANGE');
  const rest = t.shape.map((_, i) => i).filter((i) => !from.includes(i));
  return transpose(
    t,
    t.shape.map((_, i) => (to.includes(i) ? from[to.indexOf(i)] : (rest.shift() as number))),
  );
}

/** Two axes change places. */
export function swapaxes(x: TensorLike, axis1: number, axis2: number): Tensor {
  const t = asTensor('ops.swapaxes', x);
  const [a, b] = [axisOf('ops.swapaxes', axis1, t.rank), axisOf('ops.swapaxes', axis2, t.rank)];
  return transpose(
    t,
    t.shape.map((_, i) => (i === a ? b : i === b ? a : i)),
  );
}

/** Sizes of 1 stretched to a shape. */
export function broadcastTo(x: TensorLike, shape: readonly (number | null)[]): Tensor {
  const t = asTensor('ops.broadcastTo', x);
  const sample = (t.rows ? shape.slice(1) : shape).map((d) => d ?? -1);
  return rearranged(t, t.rows ? [t.shape[0], ...sample] : sample, 'broadcast', { shape: sample });
}

const pairs = (where: string, padWidth: unknown, rank: number): [number, number][] => {
  const one = (p: unknown): [number, number] => {
    const [a, b] = Array.isArray(p) ? p : [p, p];
    if (![a, b].every((n) => Number.isInteger(n) && n >= 0))
      throw typeError(`ops.${where}: 'padWidth' must be whole numbers from 0. Received: ${show(padWidth)}`);
    return [a, b];
  };
  if (!Array.isArray(padWidth)) return Array.from({ length: rank }, () => one(padWidth));
  if (padWidth.length !== rank)
    throw new ValueError(
      `ops.${where}: 'padWidth' must have a pair for each of ${rank} axes. Received: ${show(padWidth)}`,
      'ERR_SHAPE',
    );
  return padWidth.map(one);
};

/** Numbers before and after, along each axis: `[[0, 0], [1, 1]]`. */
export function pad(
  x: TensorLike,
  padWidth: number | readonly (number | readonly [number, number])[],
  mode: 'constant' | 'reflect' | 'symmetric' | 'edge' | 'wrap' = 'constant',
  constantValue = 0,
): Tensor {
  const t = asTensor('ops.pad', x);
  const width = pairs('pad', padWidth, t.rank);
  if (t.rows && width[0].some((n) => n > 0)) throw batchStays('pad');
  const shape = t.shape.map((d, i) => (d === null ? null : d + width[i][0] + width[i][1]));
  const sample = t.rows ? width.slice(1) : width;
  return rearranged(t, shape, 'pad', {
    before: sample.map(([a]) => a),
    after: sample.map(([, b]) => b),
    mode,
    value: constantValue,
  });
}

const alongOwn = (where: string, t: Tensor, axis: number | readonly number[] | null): number[] => {
  const axes = axis === null ? t.shape.map((_, i) => i).slice(t.rows ? 1 : 0) : axesOf(`ops.${where}`, axis, t.rank);
  if (t.rows && axes.includes(0)) throw batchStays(where);
  return axes;
};

/** The other way round along axes; by default along all of a sample. */
export function flip(x: TensorLike, axis: number | readonly number[] | null = null): Tensor {
  const t = asTensor('ops.flip', x);
  return rearranged(t, t.shape, 'flip', { axes: own(t, alongOwn('flip', t, axis)) });
}

/** Moved on along axes; what leaves at the end comes back at the beginning. */
export function roll(x: TensorLike, shift: number | readonly number[], axis: number | readonly number[]): Tensor {
  const t = asTensor('ops.roll', x);
  const axes = alongOwn('roll', t, axis);
  const shifts = Array.isArray(shift) ? shift : axes.map(() => shift);
  return rearranged(t, t.shape, 'roll', { shifts, axes: own(t, axes) });
}

/** Copies side by side: so many along each axis. */
export function tile(x: TensorLike, repeats: readonly number[]): Tensor {
  const t = asTensor('ops.tile', x);
  if (repeats.length !== t.rank)
    throw new ValueError(
      `ops.tile: 'repeats' must have a number for each of ${t.rank} axes. Received: ${show(repeats)}`,
      'ERR_SHAPE',
    );
  if (t.rows && repeats[0] !== 1) throw batchStays('tile');
  const shape = t.shape.map((d, i) => (d === null ? null : d * repeats[i]));
  return rearranged(t, t.rows ? [t.shape[0], ...shape.slice(1)] : shape, 'tile', {
    repeats: t.rows ? repeats.slice(1) : [...repeats],
  });
}

/** Each number so many times, along an axis. */
export function repeat(x: TensorLike, repeats: number | readonly number[], axis: number): Tensor {
  const t = asTensor('ops.repeat', x);
  const [a] = alongOwn('repeat', t, axis);
  const size = t.shape[a];
  const all = Array.isArray(repeats) ? repeats.reduce((n, r) => n + r, 0) : null;
  const shape = t.shape.map((d, i) => (i !== a ? d : (all ?? (size === null ? null : size * (repeats as number)))));
  return rearranged(t, shape, 'repeat', {
    repeats: Array.isArray(repeats) ? [...repeats] : (repeats as number),
    axis: own(t, [a])[0],
  });
}

/** The part on and below a diagonal of the last two axes; the rest is 0. */
export const tril = (x: TensorLike, k = 0): Tensor => triangle('tril', x, false, k);
/** The part on and above a diagonal of the last two axes; the rest is 0. */
export const triu = (x: TensorLike, k = 0): Tensor => triangle('triu', x, true, k);
function triangle(where: string, x: TensorLike, upper: boolean, k: number): Tensor {
  const t = asTensor(`ops.${where}`, x);
  if (t.rank - (t.rows ? 1 : 0) < 2)
    throw new ValueError(`ops.${where}: matrices have two axes. Received: ${shapeText(t.shape)}`, 'ERR_SHAPE');
  return rearranged(t, t.shape, 'triangle', { upper, k });
}

/** The diagonals of the last two axes. */
export function diagonal(x: TensorLike, offset = 0): Tensor {
  const t = asTensor('ops.diagonal', x);
  const [rows, columns] = t.shape.slice(-2);
  if (rows === null || columns === null || t.rank - (t.rows ? 1 : 0) < 2)
    throw new ValueError(`ops.diagonal: matrices have two axes of known size. Received: ${shapeText(t.shape)}`, 'ERR_SHAPE');
  const length = Math.max(0, offset >= 0 ? Math.min(rows, columns - offset) : Math.min(rows + offset, columns));
  const n = t.rank - (t.rows ? 1 : 0);
  return rearranged(t, [...t.shape.slice(0, -2), length], 'diagonal', { offset, axes: [n - 2, n - 1] });
}

/** Side by side along an axis. */
export function concatenate(xs: readonly TensorLike[], axis = -1): Tensor {
  const all = xs.map((x) => asTensor('ops.concatenate', x));
  if (all.length === 0) throw typeError("ops.concatenate: 'xs' must be a list of tensors. Received: an empty one");
  const a = axisOf('ops.concatenate', axis, all[0].rank);
  const rows = all.some((t) => t.rows);
  if (rows && a === 0) throw batchStays('concatenate');
  for (const t of all)
    if (
      t.rank !== all[0].rank ||
      t.shape.some((d, i) => i !== a && !(rows && i === 0) && d !== null && all[0].shape[i] !== null && d !== all[0].shape[i])
    )
      throw new ValueError(
        `ops.concatenate: shapes ${all.map((s) => shapeText(s.shape)).join(' and ')} differ besides axis ${a}.`,
        'ERR_SHAPE',
      );
  const like = all.find((t) => t.rows) ?? all[0];
  const of = all.map((t) => (t.rows === rows ? t : toRows(t, like)));
  if (of.length === 1) return of[0];
  const sizes = of.map((t) => t.shape[a]);
  const shape = like.shape.map((d, i) =>
    i === a ? (sizes.includes(null) ? null : (sizes as number[]).reduce((n, s) => n + s, 0)) : d,
  );
  const dtype = of.every((t) => t.dtype === of[0].dtype) ? of[0].dtype : 'float32';
  return new Tensor(shape, rows, dtype, { kind: 'op', spec: { op: 'concatenate', axis: rows ? a : a + 1 }, of });
}

/** One for the whole batch, with an axis of size 1 for it, as one for each sample. */
function toRows(t: Tensor, like: Tensor): Tensor {
  const single = t.shape[0] === 1 ? reshape(t, t.shape.slice(1)) : t;
  return new Tensor([like.shape[0], ...single.shape], true, t.dtype, { kind: 'op', spec: { op: 'toRows' }, of: [single, like] });
}

/** One behind the other along a new axis. */
export const stack = (xs: readonly TensorLike[], axis = 0): Tensor => {
  const all = xs.map((x) => asTensor('ops.stack', x));
  const a = axisOf('ops.stack', axis, (all[0]?.rank ?? 0) + 1);
  return concatenate(
    all.map((t) => expandDims(t, a)),
    a,
  );
};

/** The part from `begin` up to `begin + size` along each axis; a size of -1 takes the rest. */
export function slice(x: TensorLike, begin: readonly number[], size: readonly number[]): Tensor {
  const t = asTensor('ops.slice', x);
  if (begin.length !== t.rank || size.length !== t.rank)
    throw new ValueError(`ops.slice: 'begin' and 'size' must have a number for each of ${t.rank} axes.`, 'ERR_SHAPE');
  if (t.rows && (begin[0] !== 0 || size[0] !== -1)) throw batchStays('slice');
  const shape = t.shape.map((d, i) => (size[i] === -1 ? (d === null ? null : d - begin[i]) : size[i]));
  for (const [i, d] of t.shape.entries())
    if (d !== null && (begin[i] < 0 || begin[i] + (shape[i] ?? 0) > d || (shape[i] ?? 1) < 1))
      throw new ValueError(
        `ops.slice: from ${begin[i]}, ${size[i]} of axis ${i}, are not within ${shapeText(t.shape)}.`,
        'ERR_OUT_OF_RANGE',
      );
  const from = t.rows ? 1 : 0;
  const ends = begin.map((b, i) => (size[i] === -1 ? null : b + size[i])).slice(from);
  return rearranged(t, t.rows ? [t.shape[0], ...shape.slice(1)] : shape, 'slice', {
    begin: begin.slice(from),
    end: ends,
    strides: ends.map(() => 1),
  });
}

/** Parts along an axis: so many of one size, or cut at indices. */
export function split(x: TensorLike, indicesOrSections: number | readonly number[], axis = 0): Tensor[] {
  const t = asTensor('ops.split', x);
  const [a] = alongOwn('split', t, axis);
  const size = t.shape[a];
  if (size === null) throw new ValueError(`ops.split: the size of axis ${a} of ${shapeText(t.shape)} is not known.`, 'ERR_SHAPE');
  if (typeof indicesOrSections === 'number' && size % indicesOrSections !== 0)
    throw new ValueError(`ops.split: ${size} cannot be cut into ${indicesOrSections} of one size.`, 'ERR_SHAPE');
  const cuts =
    typeof indicesOrSections === 'number'
      ? Array.from({ length: indicesOrSections - 1 }, (_, i) => ((i + 1) * size) / indicesOrSections)
      : [...indicesOrSections];
  const edges = [0, ...cuts, size];
  return edges.slice(1).map((end, i) =>
    slice(
      t,
      t.shape.map((_, j) => (j === a ? edges[i] : 0)),
      t.shape.map((_, j) => (j === a ? end - edges[i] : -1)),
    ),
  );
}

/** The parts along an axis, each without it. */
export function unstack(x: TensorLike, axis = 0): Tensor[] {
  const t = asTensor('ops.unstack', x);
  const [a] = alongOwn('unstack', t, axis);
  const size = t.shape[a];
  if (size === null)
    throw new ValueError(`ops.unstack: the size of axis ${a} of ${shapeText(t.shape)} is not known.`, 'ERR_SHAPE');
  return split(t, size, a).map((part) => squeeze(part, a));
}
