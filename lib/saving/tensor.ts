import { ValueError } from '../errors.js';

/** An array of a file, before it becomes a weight. */
export interface Tensor {
  shape: readonly number[];
  data: ArrayBufferView | readonly string[];
  /** Where elements are not what their typed array says. */
  dtype?: string;
}

const halves = (data: Uint16Array): Float32Array => {
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const h = data[i];
    const exponent = (h >> 10) & 31;
    const fraction = h & 1023;
    const sign = h & 0x8000 ? -1 : 1;
    out[i] =
      sign *
      (exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction
            ? Number.NaN
            : Number.POSITIVE_INFINITY
          : (1 + fraction / 1024) * 2 ** (exponent - 15));
  }
  return out;
};

/** The upper halves of float32 numbers. */
const bfloats = (data: Uint16Array): Float32Array => {
  const bits = new Uint32Array(data.length);
  for (let i = 0; i < data.length; i++) bits[i] = data[i] << 16;
  return new Float32Array(bits.buffer);
};

/** A tensor's elements as float32: the same memory where they are that already. */
export function toFloat32(where: string, tensor: Tensor): Float32Array {
  const { data } = tensor;
  if (data instanceof Float32Array) return data;
  if (!ArrayBuffer.isView(data)) throw new ValueError(`${where}: holds texts where numbers are expected.`, 'ERR_FILE');
  if (data instanceof Uint16Array && tensor.dtype === 'float16') return halves(data);
  if (data instanceof Uint16Array && tensor.dtype === 'bfloat16') return bfloats(data);
  return Float32Array.from(data as unknown as ArrayLike<number | bigint>, Number);
}

/** The only number of a tensor. */
export function scalarOf(where: string, tensor: Tensor): number {
  const values = toFloat64(where, tensor);
  if (values.length !== 1) throw new ValueError(`${where}: holds ${values.length} numbers where one is expected.`, 'ERR_FILE');
  return values[0];
}

function toFloat64(where: string, tensor: Tensor): ArrayLike<number> {
  const { data } = tensor;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return Array.from(data.subarray(0, 2) as BigInt64Array, Number);
  return data instanceof Float64Array || data instanceof Int32Array ? data : toFloat32(where, tensor);
}
