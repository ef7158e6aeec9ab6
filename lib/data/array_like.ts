import { show, typeError, ValueError } from '../errors.js';
import { shapeText, sizeOf } from '../shapes.js';
import { allocate, checkTyped, dtypeOf, isBig, type TypedArray } from './elements.js';

const MOST_AXES = 32;
/** Elements that strides may make of fewer: a stride of 0 makes any number of one. */
const MOST_REPEATED = 2 ** 22;

/** Anything with a flat array and a shape: an `NDArray`, an ndarray of scijs (with `stride` and `offset`), the like of other libraries. */
export interface ArrayLike {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly stride?: readonly number[];
  readonly offset?: number;
}

/** An array as it lies in memory, whoever made it. */
export const isBlock = (value: unknown): boolean => ArrayBuffer.isView(value) || isArrayLike(value);

export function isArrayLike(value: unknown): value is ArrayLike {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  const { data, shape } = value as Partial<ArrayLike>;
  return (
    (ArrayBuffer.isView(data) || Array.isArray(data)) &&
    typeof shape === 'object' &&
    shape !== null &&
    typeof shape.length === 'number'
  );
}

/** Its elements in row-major order. They are copied only where strides or an offset ask for it. */
export function readArrayLike(where: string, value: ArrayLike): { data: TypedArray; shape: number[] } {
  const data = Array.isArray(value.data) ? numbers(`${where}.data`, value.data) : checkTyped(`${where}.data`, value.data);
  const shape = checkSizes(where, value.shape);
  const size = sizeOf(shape);
  const { stride, offset = 0 } = value;
  if (!Number.isInteger(offset) || offset < 0)
    throw new ValueError(`${where}.offset must be a whole number from 0. Received: ${show(offset)}`, 'ERR_SHAPE');
  if (stride === undefined || stride === null || isRowMajor(shape, stride)) {
    const exact = stride == null && offset === 0;
    if (exact ? data.length !== size : data.length < offset + size)
      throw new ValueError(
        `${where}: shape ${shapeText(shape)} needs ${offset + size} elements, its data has ${data.length}.`,
        'ERR_SHAPE',
      );
    return { data: data.length === size ? data : data.subarray(offset, offset + size), shape };
  }
  return { data: gather(where, data, shape, stride, offset), shape };
}

/** Some libraries keep the elements in a plain array. */
function numbers(where: string, values: readonly unknown[]): Float32Array {
  const wrong = values.findIndex((v) => typeof v !== 'number');
  if (wrong >= 0) throw typeError(`${where}[${wrong}] must be a number. Received: ${show(values[wrong])}`);
  return Float32Array.from(values as number[]);
}

function checkSizes(where: string, shape: ArrayLike['shape']): number[] {
  // The number of axes first: whatever has a length may have any.
  if (!(shape.length >= 0 && shape.length <= MOST_AXES))
    throw new ValueError(
      `${where}.shape must have at most ${MOST_AXES} axes. Received: length ${show(shape.length)}`,
      'ERR_SHAPE',
    );
  const sizes = Array.from(shape);
  if (sizes.some((d) => !Number.isInteger(d) || d < 0))
    throw new ValueError(`${where}.shape must hold whole numbers from 0. Received: ${show(sizes)}`, 'ERR_SHAPE');
  return sizes;
}

function isRowMajor(shape: readonly number[], stride: readonly number[]): boolean {
  let step = 1;
  for (let k = shape.length - 1; k >= 0; k--) {
    if (shape[k] !== 1 && stride[k] !== step) return false;
    step *= shape[k];
  }
  return stride.length === shape.length;
}

function gather(
  where: string,
  data: TypedArray,
  shape: readonly number[],
  stride: readonly number[],
  offset: number,
): TypedArray {
  if (typeof stride !== 'object' || stride.length !== shape.length || Array.from(stride).some((s) => !Number.isInteger(s)))
    throw typeError(`${where}.stride must be one whole number an axis, for shape ${shapeText(shape)}. Received: ${show(stride)}`);
  const size = sizeOf(shape);
  if (size > MOST_REPEATED && size > data.length)
    throw new ValueError(
      `${where}: its strides make ${size} elements of ${data.length}, which would take memory for shape ${shapeText(shape)}. Pass the data in parts, as a dataset, or a copy.`,
      'ERR_MEMORY',
    );
  let low = offset;
  let high = offset;
  for (let k = 0; k < shape.length; k++)
    if (stride[k] < 0) low += (shape[k] - 1) * stride[k];
    else high += (shape[k] - 1) * stride[k];
  if (size > 0 && (low < 0 || high >= data.length))
    throw new ValueError(`${where}: its strides reach elements ${low} to ${high}, its data has ${data.length}.`, 'ERR_SHAPE');
  const out = allocate(where, dtypeOf(data)!, shape);
  const index = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let i = 0; i < size; i++) {
    if (isBig(out)) out[i] = (data as BigInt64Array)[from];
    else out[i] = (data as Float32Array)[from];
    for (let k = shape.length - 1; k >= 0; k--) {
      from += stride[k];
      if (++index[k] < shape[k]) break;
      from -= shape[k] * stride[k];
      index[k] = 0;
    }
  }
  return out;
}
