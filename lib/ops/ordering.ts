import { ValueError } from '../errors.js';
import { asTensor, type TensorLike } from './as_tensor.js';
import { axisOf } from './shapes.js';
import { slice } from './shaping.js';
import { Tensor, type TensorDType } from './tensor.js';

/** An op along one axis of a sample, which keeps the shape. */
function along(
  where: string,
  x: TensorLike,
  axis: number,
  spec: { op: string; [option: string]: string | boolean },
  dtype?: TensorDType,
): Tensor {
  const t = asTensor(`ops.${where}`, x);
  const a = axisOf(`ops.${where}`, axis, t.rank);
  if (t.rows && a === 0)
    throw new ValueError(`ops.${where}: axis 0 is the batch, whose samples are independent.`, 'ERR_OUT_OF_RANGE');
  return new Tensor(t.shape, t.rows, dtype ?? t.dtype, { kind: 'op', spec: { ...spec, axis: t.rows ? a - 1 : a }, of: [t] });
}

/** Sums of all up to each place along an axis. */
export const cumsum = (x: TensorLike, axis: number): Tensor => along('cumsum', x, axis, { op: 'cumulate', kind: 'sum' });
/** Products of all up to each place along an axis. */
export const cumprod = (x: TensorLike, axis: number): Tensor => along('cumprod', x, axis, { op: 'cumulate', kind: 'prod' });
/** In rising order along an axis. */
export const sort = (x: TensorLike, axis = -1): Tensor => along('sort', x, axis, { op: 'sort', indices: false });
/** The indices that would sort an axis. No gradient goes through them. */
export const argsort = (x: TensorLike, axis = -1): Tensor => along('argsort', x, axis, { op: 'sort', indices: true }, 'int32');

/** The k largest along the last axis, the largest first, and their indices. */
export function topK(x: TensorLike, k: number): { values: Tensor; indices: Tensor } {
  const t = asTensor('ops.topK', x);
  const first = (made: Tensor) =>
    slice(
      made,
      made.shape.map(() => 0),
      made.shape.map((_, i) => (i === made.rank - 1 ? k : -1)),
    );
  return {
    values: first(along('topK', t, -1, { op: 'sort', indices: false, descending: true })),
    indices: first(along('topK', t, -1, { op: 'sort', indices: true, descending: true }, 'int32')),
  };
}

/** x itself, through which no gradient goes. */
export function stopGradient(x: TensorLike): Tensor {
  const t = asTensor('ops.stopGradient', x);
  return new Tensor(t.shape, t.rows, t.dtype, { kind: 'op', spec: { op: 'stopGradient' }, of: [t] });
}
