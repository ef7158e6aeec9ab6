import { show, typeError } from '../errors.js';
import { asTensor, constant, type TensorLike } from './as_tensor.js';
import { Tensor, type TensorDType } from './tensor.js';

const sizes = (where: string, shape: readonly number[]): readonly number[] => {
  if (Array.isArray(shape) && shape.every((d) => Number.isInteger(d) && d > 0)) return shape;
  throw typeError(`ops.${where}: 'shape' must be a list of whole numbers above 0. Received: ${show(shape)}`);
};

/** All of one number. */
export const full = (shape: readonly number[], fillValue: number, dtype: TensorDType = 'float32'): Tensor =>
  constant([fillValue], sizes('full', shape), dtype);
/** All 0. */
export const zeros = (shape: readonly number[], dtype: TensorDType = 'float32'): Tensor => full(shape, 0, dtype);
/** All 1. */
export const ones = (shape: readonly number[], dtype: TensorDType = 'float32'): Tensor => full(shape, 1, dtype);

/** As many as x has, all of one number. */
export function fullLike(x: TensorLike, fillValue: number): Tensor {
  const t = asTensor('ops.fullLike', x);
  if (!t.rows && !t.shape.includes(null)) return full(t.shape as number[], fillValue, t.dtype);
  return new Tensor(t.shape, t.rows, t.dtype, {
    kind: 'element',
    name: 'where',
    of: [constant([1], []), constant([fillValue], []), t],
  });
}
/** As many as x has, all 0. */
export const zerosLike = (x: TensorLike): Tensor => fullLike(x, 0);
/** As many as x has, all 1. */
export const onesLike = (x: TensorLike): Tensor => fullLike(x, 1);

/** Numbers from `start` (default 0) up to, not including, `stop`, in steps. */
export function arange(start: number, stop?: number, step = 1): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.ceil((to - from) / step);
  if (!(count > 0))
    throw typeError(`ops.arange: there are no numbers from ${show(from)} to ${show(to)} in steps of ${show(step)}.`);
  const whole = [from, step].every(Number.isInteger);
  return constant(
    Array.from({ length: count }, (_, i) => from + i * step),
    [count],
    whole ? 'int32' : 'float32',
  );
}

/** So many numbers from one to another, both included, at equal distances. */
export const linspace = (start: number, stop: number, num = 50): Tensor =>
  constant(
    Array.from({ length: num }, (_, i) => (num === 1 ? start : start + ((stop - start) * i) / (num - 1))),
    sizes('linspace', [num]),
  );

/** 1 on a diagonal, else 0. */
export const eye = (n: number, m: number = n, k = 0): Tensor =>
  constant(
    Array.from({ length: n * m }, (_, i) => ((i % m) - Math.floor(i / m) === k ? 1 : 0)),
    sizes('eye', [n, m]),
  );

/** The numbers of an array, the same in every step. */
export const convertToTensor = (x: TensorLike): Tensor => asTensor('ops.convertToTensor', x);
