import { asTensor, type TensorLike } from './as_tensor.js';
import { divide, element, exp, log, subtract } from './element.js';
import { max, sum } from './reduction.js';
import { axisOf } from './shapes.js';
import { nativeShape, Tensor } from './tensor.js';

const of =
  (name: string, where = name) =>
  (x: TensorLike): Tensor =>
    element(where, name, [x]);

/** x above 0, else 0. */
export const relu = of('relu');
/** x between 0 and 6. */
export const relu6 = of('relu6');
/** `1 / (1 + exp(-x))` */
export const sigmoid = of('sigmoid');
/** `log(sigmoid(x))` */
export const logSigmoid = of('logSigmoid');
/** `log(1 + exp(x))` */
export const softplus = of('softplus');
/** `x / (1 + |x|)` */
export const softsign = of('softsign');
/** `x * sigmoid(x)` */
export const silu = of('silu');
/** The same as `silu`. */
export const swish = silu;
/** `x * tanh(softplus(x))` */
export const mish = of('mish');
/** The scaled exponential linear unit. */
export const selu = of('selu');
/** A sigmoid of straight lines: `x / 6 + 0.5` between 0 and 1. */
export const hardSigmoid = of('hardSigmoid');
/** `x * hardSigmoid(x)` */
export const hardSilu = of('hardSilu');
/** x times the normal distribution's function of x; by default its approximation with tanh, as in Keras. */
export const gelu = (x: TensorLike, approximate = true): Tensor => element('gelu', 'gelu', [x], 'float', { approximate });
/** x above 0, else `alpha * (exp(x) - 1)`. */
export const elu = (x: TensorLike, alpha = 1): Tensor => element('elu', 'elu', [x], 'float', { alpha });
/** x above 0, else `alpha * (exp(x / alpha) - 1)`. */
export const celu = (x: TensorLike, alpha = 1): Tensor => element('celu', 'celu', [x], 'float', { alpha });
/** x above 0, else `negativeSlope * x`. */
export const leakyRelu = (x: TensorLike, negativeSlope = 0.2): Tensor =>
  element('leakyRelu', 'leakyRelu', [x], 'float', { negativeSlope });

/** An activation of all elements along an axis of a sample, by the engine's op. */
function along(name: string, x: TensorLike, axis: number): Tensor | null {
  const t = asTensor(`ops.${name}`, x);
  const index = axisOf(`ops.${name}`, axis, t.rank) - (t.rows ? 1 : 0);
  if (index < 0) return null;
  const spec = { op: 'activation', activation: name, axis: index - nativeShape(t).length };
  return new Tensor(t.shape, t.rows, 'float32', { kind: 'op', spec, of: [t] });
}

/** Positive numbers with sum 1 along an axis. Default: the last one. */
export function softmax(x: TensorLike, axis = -1): Tensor {
  const made = along('softmax', x, axis);
  if (made) return made;
  const e = exp(subtract(x, max(x, { axis, keepdims: true })));
  return divide(e, sum(e, { axis, keepdims: true }));
}

/** `log(softmax(x))`, exact where that is near 0. */
export function logSoftmax(x: TensorLike, axis = -1): Tensor {
  const made = along('logSoftmax', x, axis);
  if (made) return made;
  const y = subtract(x, max(x, { axis, keepdims: true }));
  return subtract(y, log(sum(exp(y), { axis, keepdims: true })));
}
