import { ValueError } from '../errors.js';
import { shapeText } from '../shapes.js';
import { asTensor, type TensorLike } from './as_tensor.js';
import { arange } from './creation.js';
import { cast, equal } from './element.js';
import { max } from './reduction.js';
import { axisOf } from './shapes.js';
import { expandDims, reshape } from './shaping.js';
import { Tensor } from './tensor.js';

const noBatch = (where: string): ValueError =>
  new ValueError(`ops.${where}: axis 0 is the batch, whose samples are independent.`, 'ERR_OUT_OF_RANGE');

/**
 * What stands at indices along an axis. The indices may be numbers, or a tensor: of each sample, or for the whole batch. A negative one counts
 * from the end. Without an axis, of all numbers as one line.
 */
export function take(x: TensorLike, indices: TensorLike, axis: number | null = null): Tensor {
  const t = asTensor('ops.take', x);
  if (axis === null) return take(reshape(t, t.rows ? [t.shape[0], -1] : [-1]), indices, -1);
  const i = asTensor('ops.take', indices);
  const a = axisOf('ops.take', axis, t.rank);
  if (t.rows && a === 0) throw noBatch('take');
  const at = t.rows ? a - 1 : a;
  if (i.node.kind === 'constant') {
    const numbers =
      i.node.numbers.length === 1
        ? i.shape.reduce<number[]>((n, d) => n.flatMap((v) => Array<number>(d as number).fill(v)), [i.node.numbers[0]])
        : [...i.node.numbers];
    const line = new Tensor([...t.shape.slice(0, a), numbers.length, ...t.shape.slice(a + 1)], t.rows, t.dtype, {
      kind: 'op',
      spec: { op: 'rearrange', how: 'take', axis: at, indices: numbers },
      of: [t],
    });
    return i.rank === 1 ? line : reshape(line, [...t.shape.slice(0, a), ...i.shape, ...t.shape.slice(a + 1)]);
  }
  if (t.rows && i.rows)
    throw new ValueError(
      `ops.take: x ${shapeText(t.shape)} and 'indices' ${shapeText(i.shape)} are both of samples. For the indices of each sample in it use ops.takeAlongAxis.`,
      'ERR_SHAPE',
    );
  const own = i.rows ? i.shape.slice(1) : i.shape;
  const shape = [...t.shape.slice(0, a), ...own, ...t.shape.slice(a + 1)];
  const rows = t.rows || i.rows;
  return new Tensor(rows && !t.rows ? [i.shape[0], ...shape] : shape, rows, t.dtype, {
    kind: 'op',
    spec: { op: 'take', axis: at },
    of: [t, i],
  });
}

/** What stands at indices along an axis, for each place of the other axes its own. */
export function takeAlongAxis(x: TensorLike, indices: TensorLike, axis = -1): Tensor {
  const t = asTensor('ops.takeAlongAxis', x);
  const i = asTensor('ops.takeAlongAxis', indices);
  const a = axisOf('ops.takeAlongAxis', axis, t.rank);
  if (t.rows && a === 0) throw noBatch('takeAlongAxis');
  if (t.rank !== i.rank)
    throw new ValueError(
      `ops.takeAlongAxis: 'indices' must have the ${t.rank} axes of x. Received: ${shapeText(i.shape)} for ${shapeText(t.shape)}`,
      'ERR_SHAPE',
    );
  const shape = t.shape.map((d, k) => (k === a ? i.shape[k] : d));
  return new Tensor(shape, t.rows || i.rows, t.dtype, {
    kind: 'op',
    spec: { op: 'takeAlongAxis', axis: t.rows ? a - 1 : a },
    of: [t, i],
  });
}

/** 1 at the place that a class number names along a new last axis, else 0. */
export function oneHot(x: TensorLike, numClasses: number): Tensor {
  const t = asTensor('ops.oneHot', x);
  return cast(equal(expandDims(t, -1), arange(numClasses)), 'float32');
}

/** 1 for all classes that are named along an axis, else 0. */
export function multiHot(x: TensorLike, numClasses: number): Tensor {
  return max(oneHot(x, numClasses), { axis: -2 });
}
