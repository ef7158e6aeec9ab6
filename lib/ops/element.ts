import type { SpecValue } from '../engine/spec.js';
import { asTensor, type TensorLike } from './as_tensor.js';
import { broadcastOf } from './shapes.js';
import { Tensor, type TensorDType } from './tensor.js';

/** An op that works element by element, with NumPy's broadcasting. */
export function element(
  where: string,
  name: string,
  inputs: readonly TensorLike[],
  dtype: TensorDType | 'same' | 'float' = 'float',
  options?: { [key: string]: SpecValue },
): Tensor {
  const of = inputs.map((x) => asTensor(`ops.${where}`, x));
  const { shape, rows } = broadcastOf(`ops.${where}`, of);
  const types = of.map((t) => t.dtype);
  const same: TensorDType = types.includes('float32') ? 'float32' : types.includes('int32') ? 'int32' : 'bool';
  const made = dtype === 'same' ? same : dtype === 'float' ? 'float32' : dtype;
  return new Tensor(shape, rows, made, { kind: 'element', name, options, of });
}

type Unary = (x: TensorLike) => Tensor;
type Binary = (x1: TensorLike, x2: TensorLike) => Tensor;

const unary =
  (name: string, dtype: TensorDType | 'same' | 'float' = 'float', where = name): Unary =>
  (x) =>
    element(where, name, [x], dtype);
const binary =
  (name: string, dtype: TensorDType | 'same' | 'float' = 'same', where = name): Binary =>
  (x1, x2) =>
    element(where, name, [x1, x2], dtype);

// Arithmetic of two.
/** `x1 + x2` */
export const add = binary('add');
/** `x1 - x2` */
export const subtract = binary('subtract');
/** `x1 * x2` */
export const multiply = binary('multiply');
/** `x1 / x2` */
export const divide = binary('divide', 'float');
/** `x1 / x2`, and 0 where x2 is 0. */
export const divideNoNan = (x1: TensorLike, x2: TensorLike): Tensor => {
  const zero = equal(x2, 0);
  return where(zero, 0, divide(x1, where(zero, 1, x2)));
};
/** The largest whole number that is not above `x1 / x2`. */
export const floorDivide = binary('floorDivide');
/** What is left of x1 divided by x2, with x2's sign. */
export const mod = binary('mod');
/** `x1` to the power `x2` */
export const power = binary('power');
/** The larger one. */
export const maximum = binary('maximum');
/** The smaller one. */
export const minimum = binary('minimum');
/** The angle of the point `(x2, x1)`, from -pi to pi. */
export const arctan2 = binary('arctan2', 'float');
/** `sqrt(x1^2 + x2^2)` */
export const hypot: Binary = (x1, x2) => sqrt(add(square(x1), square(x2)));
/** `(x1 - x2)^2` */
export const squaredDifference: Binary = (x1, x2) => square(subtract(x1, x2));
/** `log(exp(x1) + exp(x2))`, without overflow. */
export const logaddexp: Binary = (x1, x2) => {
  const most = maximum(x1, x2);
  return add(most, log1p(exp(negative(abs(subtract(x1, x2))))));
};

// Comparison: 1 or 0.
/** 1 where `x1 < x2`, else 0. */
export const less = binary('less', 'bool');
/** 1 where `x1 <= x2`, else 0. */
export const lessEqual = binary('lessEqual', 'bool');
/** 1 where `x1 > x2`, else 0. */
export const greater = binary('greater', 'bool');
/** 1 where `x1 >= x2`, else 0. */
export const greaterEqual = binary('greaterEqual', 'bool');
/** 1 where both are the same, else 0. */
export const equal = binary('equal', 'bool');
/** 1 where they differ, else 0. */
export const notEqual = binary('notEqual', 'bool');
/** 1 where neither is 0. */
export const logicalAnd = binary('logicalAnd', 'bool');
/** 1 where one of them is not 0. */
export const logicalOr = binary('logicalOr', 'bool');
/** 1 where just one of them is 0. */
export const logicalXor = binary('logicalXor', 'bool');
/** 1 where x is 0, else 0. */
export const logicalNot = unary('logicalNot', 'bool');
/** 1 where x is NaN. */
export const isnan = unary('isNan', 'bool', 'isnan');
/** 1 where x is infinite. */
export const isinf = unary('isInf', 'bool', 'isinf');
/** 1 where x is a number, and not infinite. */
export const isfinite = unary('isFinite', 'bool', 'isfinite');
/** `x1` where the condition is not 0, else `x2`. */
export const where = (condition: TensorLike, x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = [asTensor('ops.where', x1), asTensor('ops.where', x2)];
  const made = element('where', 'where', [condition, a, b]);
  const dtype = a.dtype === b.dtype ? a.dtype : 'float32';
  return new Tensor(made.shape, made.rows, dtype, made.node);
};

// Of one.
/** `-x` */
export const negative = unary('negative', 'same');
/** x without its sign. */
export const abs = unary('abs', 'same');
/** -1, 0 or 1. */
export const sign = unary('sign', 'same');
/** `e^x` */
export const exp = unary('exp');
/** `2^x` */
export const exp2 = unary('exp2');
/** `e^x - 1`, exact near 0. */
export const expm1 = unary('expm1');
/** The natural logarithm. */
export const log = unary('log');
/** `log(1 + x)`, exact near 0. */
export const log1p = unary('log1p');
/** The logarithm to base 2. */
export const log2 = unary('log2');
/** The logarithm to base 10. */
export const log10 = unary('log10');
/** The square root. */
export const sqrt = unary('sqrt');
/** `1 / sqrt(x)` */
export const rsqrt = unary('rsqrt');
/** `x^2` */
export const square = unary('square', 'same');
/** `1 / x` */
export const reciprocal = unary('reciprocal');
/** The sine; x in radians. */
export const sin = unary('sin');
/** The cosine; x in radians. */
export const cos = unary('cos');
/** The tangent; x in radians. */
export const tan = unary('tan');
/** The angle whose sine is x. */
export const arcsin = unary('arcsin');
/** The angle whose cosine is x. */
export const arccos = unary('arccos');
/** The angle whose tangent is x. */
export const arctan = unary('arctan');
/** The hyperbolic sine. */
export const sinh = unary('sinh');
/** The hyperbolic cosine. */
export const cosh = unary('cosh');
/** The hyperbolic tangent. */
export const tanh = unary('tanh');
/** The inverse of `sinh`. */
export const arcsinh = unary('arcsinh');
/** The inverse of `cosh`. */
export const arccosh = unary('arccosh');
/** The inverse of `tanh`. */
export const arctanh = unary('arctanh');
/** The error function. */
export const erf = unary('erf');
/** The inverse of `erf`. */
export const erfinv = unary('erfinv');
/** The whole number below, or x itself. */
export const floor = unary('floor');
/** The whole number above, or x itself. */
export const ceil = unary('ceil');
/** The nearest whole number; halves go to the even one. */
export const round = unary('round', 'same');
/** Without what stands behind the point. */
export const trunc = unary('trunc');

/** x, but not below `xMin` nor above `xMax`. */
export const clip = (x: TensorLike, xMin: TensorLike, xMax: TensorLike): Tensor => minimum(maximum(x, xMin), xMax);
/** Another kind of number: whole numbers lose what stands behind the point, and `'bool'` is whether x is not 0. */
export const cast = (x: TensorLike, dtype: TensorDType): Tensor => {
  const t = asTensor('ops.cast', x);
  if (t.dtype === dtype || (dtype === 'float32' && t.dtype !== 'float32')) return new Tensor(t.shape, t.rows, dtype, t.node);
  return dtype === 'bool' ? notEqual(t, 0) : element('cast', 'trunc', [t], dtype);
};
