import * as activation from './activation_ops.js';
import { type Compiled, compile } from './compile.js';
import * as creation from './creation.js';
import * as element from './element.js';
import * as indexing from './indexing.js';
import * as linearAlgebra from './linear_algebra.js';
import * as ordering from './ordering.js';
import * as reduction from './reduction.js';
import * as shaping from './shaping.js';

export type { TensorLike } from './as_tensor.js';
export type { ReduceOptions } from './reduction.js';
export { Tensor, type TensorDType, type TensorShape } from './tensor.js';
export type { Compiled };

const { element: _element, ...elements } = element;
const { variance, readReduce: _readReduce, ...reductions } = reduction;

/**
 * Ops that layers, losses and metrics of your own are composed of: the names of `keras.ops` in camelCase, with NumPy's broadcasting. They take
 * tensors, weights, numbers and arrays, and give tensors, which the engine computes natively, and differentiates, in every step.
 * Axis 0 of a layer's input is the batch, whose samples are independent.
 * @example
 * const distance = ops.compile((a: Tensor, b: Tensor) => ops.sqrt(ops.sum(ops.square(ops.subtract(a, b)))));
 * distance([0, 0], [3, 4]).at(); // 5
 */
export const ops = {
  ...elements,
  ...activation,
  ...reductions,
  /** The variance over axes: the mean of the squared distances from the mean. */
  var: variance,
  ...creation,
  ...shaping,
  ...indexing,
  ...linearAlgebra,
  ...ordering,
  compile,
};
