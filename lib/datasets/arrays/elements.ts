import { dtypeOf, type TypedArray } from '../../data/elements.js';
import { ValueError } from '../../errors.js';
import { type Tensor, toFloat32 } from '../../saving/tensor.js';

/** Numbers of a file as data may have them: float16 becomes float32, unsigned 64-bit ones signed. */
export function asData(where: string, tensor: Tensor): TypedArray {
  const { data, dtype } = tensor;
  if (dtype === 'float16') return toFloat32(where, tensor);
  if (data instanceof BigUint64Array) {
    const signed = new BigInt64Array(data.buffer as ArrayBuffer, data.byteOffset, data.length);
    if (signed.some((value) => value < 0n))
      throw new ValueError(`${where}: holds whole numbers beyond 2^63.`, 'ERR_OUT_OF_RANGE');
    return signed;
  }
  if (dtypeOf(data) === undefined) throw new ValueError(`${where}: holds no numbers that can be data.`, 'ERR_DTYPE');
  return data as TypedArray;
}
