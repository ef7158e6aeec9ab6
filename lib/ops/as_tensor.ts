import { isArrayLike } from '../data/array_like.js';
import type { TypedArray } from '../data/elements.js';
import type { NestedArray } from '../data/inputs.js';
import { array } from '../data/ndarray.js';
import { show, typeError, ValueError } from '../errors.js';
import { Tensor, type TensorDType, type WeightLike } from './tensor.js';

/** What ops take: a tensor, a weight, or numbers that are the same in every step. */
export type TensorLike =
  | Tensor
  | WeightLike
  | number
  | boolean
  | NestedArray
  | TypedArray
  | { data: TypedArray; shape: readonly number[] };

/** Constants travel in the description of the program. */
const MOST_NUMBERS = 2 ** 22;

const isWeight = (value: object): value is WeightLike => 'variable' in value && 'shape' in value && 'name' in value;

const weights = new WeakMap<object, Tensor>();

/** A weight as a tensor: the same one each time, so that it is known how often a trace reads it. */
function weightTensor(weight: WeightLike): Tensor {
  let tensor = weights.get(weight);
  if (!tensor) {
    tensor = new Tensor(weight.shape, false, 'float32', { kind: 'weight', weight });
    weights.set(weight, tensor);
  }
  return tensor;
}

/** A tensor of whatever stands for one. TypeError for what does not. */
export function asTensor(where: string, value: unknown): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value === 'number') return constant([value], [], Number.isInteger(value) ? 'int32' : 'float32');
  if (typeof value === 'boolean') return constant([value ? 1 : 0], [], 'bool');
  if (typeof value === 'object' && value !== null) {
    if (isWeight(value)) return weightTensor(value);
    if (Array.isArray(value) || ArrayBuffer.isView(value) || isArrayLike(value)) {
      const { data, shape } = array(value as TypedArray);
      if (data.length > MOST_NUMBERS)
        throw new ValueError(
          `${where}: a constant may have ${MOST_NUMBERS} numbers. Received: ${data.length}. Make it a weight that is not trained.`,
          'ERR_MEMORY',
        );
      const whole = !(data instanceof Float32Array || data instanceof Float64Array);
      return constant(Array.from(data, Number), shape, whole ? 'int32' : 'float32');
    }
  }
  throw typeError(`${where} takes tensors, weights, numbers and arrays of numbers. Received: ${show(value)}`);
}

export const constant = (numbers: readonly number[], shape: readonly number[], dtype: TensorDType = 'float32'): Tensor =>
  new Tensor(shape, false, dtype, { kind: 'constant', numbers });

/** The number that a tensor is: a constant without axes. */
export function numberOf(tensor: Tensor): number | null {
  const { node } = tensor;
  return node.kind === 'constant' && tensor.rank === 0 ? node.numbers[0] : null;
}
