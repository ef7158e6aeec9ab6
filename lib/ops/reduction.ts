import { ValueError } from '../errors.js';
import { readOptions } from '../options.js';
import { asTensor, type TensorLike } from './as_tensor.js';
import { abs, add, cast, divide, exp, log, maximum, notEqual, power, sqrt, square, subtract } from './element.js';
import { axesOf, axisOf } from './shapes.js';
import { reshape, squeeze } from './shaping.js';
import { Tensor, type TensorDType } from './tensor.js';

/** Options of what goes over axes. */
export interface ReduceOptions {
  /** One axis or several; negative ones count from the end, axis 0 of a layer's input is the batch. Default null: all of them. */
  axis?: number | readonly number[] | null;
  /** Whether they stay, with size 1. Default false. */
  keepdims?: boolean;
}

type Kind = 'sum' | 'mean' | 'max' | 'min' | 'prod';

/** Options, or an axis alone, as Keras has it second. */
export const readReduce = (
  name: string,
  given: ReduceOptions | number | readonly number[] | null | undefined,
): Required<ReduceOptions> =>
  readOptions<Required<ReduceOptions>>(
    `ops.${name}`,
    typeof given === 'number' || Array.isArray(given) || given === null ? { axis: given } : given,
    { axis: null, keepdims: false },
  );

function reduce(
  kind: Kind,
  x: TensorLike,
  given: ReduceOptions | number | readonly number[] | null | undefined,
  dtype?: TensorDType,
): Tensor {
  const t = asTensor(`ops.${kind}`, x);
  const { axis, keepdims } = readReduce(kind, given);
  const axes = axesOf(`ops.${kind}`, axis, t.rank);
  if (axes.length === 0) return t;
  const overRows = t.rows && axes.includes(0);
  const own = axes.map((a) => (t.rows ? a - 1 : a)).filter((a) => a >= 0);
  const type = dtype ?? (t.dtype === 'bool' ? 'int32' : t.dtype);
  const kept = (a: number) => !axes.includes(a);
  const shape = keepdims ? t.shape.map((d, a) => (kept(a) ? d : 1)) : t.shape.filter((_, a) => kept(a));
  const spec = { op: 'reduce', kind, axes: own, keepDims: keepdims, ...(overRows ? { rows: true } : {}) };
  // Over the batch the axis goes in any case, and comes back with size 1.
  const gone = overRows && keepdims ? shape.slice(1) : shape;
  const made = new Tensor(gone, t.rows && !overRows, type, { kind: 'op', spec, of: [t] });
  return overRows && keepdims
    ? reshape(
        made,
        shape.map((d) => d ?? -1),
      )
    : made;
}

type Reduction = (x: TensorLike, options?: ReduceOptions | number | readonly number[] | null) => Tensor;

/** The sum over axes. */
export const sum: Reduction = (x, options) => reduce('sum', x, options);
/** The mean over axes. */
export const mean: Reduction = (x, options) => reduce('mean', x, options, 'float32');
/** The largest over axes. */
export const max: Reduction = (x, options) => reduce('max', x, options);
/** The smallest over axes. */
export const min: Reduction = (x, options) => reduce('min', x, options);
/** The product over axes. */
export const prod: Reduction = (x, options) => reduce('prod', x, options);
/** The largest over axes. */
export const amax = max;
/** The smallest over axes. */
export const amin = min;

/** The variance over axes: the mean of the squared distances from the mean. */
export const variance: Reduction = (x, options) => {
  const { axis, keepdims } = readReduce('var', options);
  return mean(square(subtract(x, mean(x, { axis, keepdims: true }))), { axis, keepdims });
};
/** The standard deviation over axes. */
export const std: Reduction = (x, options) => sqrt(variance(x, options));

/** Mean and variance over axes. */
export const moments = (x: TensorLike, axis: number | readonly number[], keepdims = false): [Tensor, Tensor] => [
  mean(x, { axis, keepdims }),
  variance(x, { axis, keepdims }),
];

/** `log(sum(exp(x)))` over axes, without overflow. */
export const logsumexp: Reduction = (x, options) => {
  const { axis, keepdims } = readReduce('logsumexp', options);
  const most = max(x, { axis, keepdims: true });
  const all = add(log(sum(exp(subtract(x, most)), { axis, keepdims: true })), most);
  if (keepdims) return all;
  return squeeze(all, axesOf('ops.logsumexp', axis, all.rank));
};

/** Whether all are not 0: 1 or 0. */
export const all: Reduction = (x, options) => cast(reduce('min', notEqual(x, 0), options), 'bool');
/** Whether one is not 0: 1 or 0. */
export const any: Reduction = (x, options) => cast(reduce('max', notEqual(x, 0), options), 'bool');
/** How many are not 0. */
export const countNonzero: Reduction = (x, options) => sum(cast(notEqual(x, 0), 'int32'), options);

/** Options of {@link norm}. */
export interface NormOptions extends ReduceOptions {
  /** 1, 2 (default), Infinity, -Infinity or another number: the p of `(sum |x|^p)^(1/p)`. */
  ord?: number;
}

/** The length of vectors along axes; by default of all numbers as one vector. */
export function norm(x: TensorLike, options: NormOptions = {}): Tensor {
  const { ord, ...over } = readOptions<Required<NormOptions>>('ops.norm', options, { ord: 2, axis: null, keepdims: false });
  if (typeof ord !== 'number' || Number.isNaN(ord))
    throw new ValueError(`ops.norm: 'ord' must be a number. Received: ${String(ord)}`, 'ERR_OUT_OF_RANGE');
  if (ord === 2) return sqrt(sum(square(x), over));
  if (ord === 1) return sum(abs(x), over);
  if (ord === Infinity) return max(abs(x), over);
  if (ord === -Infinity) return min(abs(x), over);
  if (ord === 0) return countNonzero(x, over);
  return power(sum(power(abs(x), ord), over), 1 / ord);
}

/** x as long as a vector of length 1 along axes. */
export function normalize(x: TensorLike, axis: number | readonly number[] = -1, ord = 2, epsilon = 1e-12): Tensor {
  const length = norm(x, { axis, ord, keepdims: true });
  const t = asTensor('ops.normalize', x);
  axesOf('ops.normalize', axis, t.rank);
  return divide(t, maximum(length, epsilon));
}

/** The index of the largest along an axis; without one, of all numbers as one line. No gradient goes through it. */
export const argmax = (x: TensorLike, axis: number | null = -1, keepdims = false): Tensor =>
  argReduce('argmax', x, axis, keepdims);
/** The index of the smallest along an axis; without one, of all numbers as one line. No gradient goes through it. */
export const argmin = (x: TensorLike, axis: number | null = -1, keepdims = false): Tensor =>
  argReduce('argmin', x, axis, keepdims);

function argReduce(kind: 'argmax' | 'argmin', x: TensorLike, axis: number | null, keepDims: boolean): Tensor {
  const t = asTensor(`ops.${kind}`, x);
  if (axis === null) return argReduce(kind, reshape(t, t.rows ? [t.shape[0], -1] : [-1]), -1, keepDims);
  const index = axisOf(`ops.${kind}`, axis, t.rank);
  if (t.rows && index === 0)
    throw new ValueError(`ops.${kind}: axis 0 is the batch, whose samples are independent.`, 'ERR_OUT_OF_RANGE');
  const shape = keepDims ? t.shape.map((d, a) => (a === index ? 1 : d)) : t.shape.filter((_, a) => a !== index);
  const spec = { op: 'argReduce', kind, axis: t.rows ? index - 1 : index, keepDims };
  return new Tensor(shape, t.rows, 'int32', { kind: 'op', spec, of: [t] });
}
