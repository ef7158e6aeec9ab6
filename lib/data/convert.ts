import { show, typeError, ValueError } from '../errors.js';
import { shapeText, sizeOf } from '../shapes.js';
import { isArrayLike, isBlock, readArrayLike } from './array_like.js';
import { checkTyped } from './elements.js';
import { flatten, type Tensor } from './nested.js';

export type { Tensor } from './nested.js';

/** The shape of one sample; null where any size will do. */
type SampleShape = readonly (number | null)[];

export interface TensorOptions {
  /** Axes that are wanted, the batch's included. Follows from `sampleShape` where that is given. */
  rank?: number;
  sampleShape?: SampleShape;
  /** What the array is for: `input 'pixels'`, `output 'dense_1'`. */
  name?: string;
  /** How to mend a shape that does not fit. */
  hint?: string;
}

/**
 * Data as the engine reads it: row-major elements of their own type, never widened or copied as a whole, and a shape with the batch first.
 *
 * A bare typed array gets its shape from `sampleShape`. Where ranks differ by one, a last axis of size 1 is added or dropped; nothing else is
 * reshaped. A list around one array (`[a]`) is that array. Throws ValueError (ERR_SHAPE, ERR_EMPTY, ERR_BUFFER) or TypeError, with the place.
 */
export function toTensor(where: string, value: unknown, options: TensorOptions = {}): Tensor {
  const { sampleShape } = options;
  if (Array.isArray(value) && value.length === 1 && isBlock(value[0])) return fromList(where, value, options);
  const given = read(where, value, sampleShape, options);
  const shape = fit(given.shape, options);
  if (shape) return { data: given.data, shape };
  const inner = Array.isArray(value) && value.length === 1 && given.shape.length === wantedRank(options, given.shape.length) + 1;
  if (inner) {
    const unwrapped = fit(given.shape.slice(1), options);
    if (unwrapped) return { data: given.data, shape: unwrapped };
  }
  throw mismatch(where, given.shape, options);
}

/** `[a]`: the array itself, as Keras writes inputs, or else one sample. */
function fromList(where: string, list: unknown[], options: TensorOptions): Tensor {
  const inner = isArrayLike(list[0]) ? readArrayLike(where, list[0]) : null;
  if (inner && !fit(inner.shape, options)) {
    const one = [1, ...inner.shape];
    if (fit(one, options)) return { data: notEmpty(where, { data: inner.data, shape: one }).data, shape: fit(one, options)! };
  }
  return toTensor(where, list[0], options);
}

function read(where: string, value: unknown, sampleShape: SampleShape | undefined, options: TensorOptions): Tensor {
  if (Array.isArray(value)) return notEmpty(where, flatten(where, value));
  if (ArrayBuffer.isView(value)) {
    const data = checkTyped(where, value);
    const bare = notEmpty(where, { data, shape: [data.length] });
    return sampleShape ? { data, shape: shapeOfBare(where, data.length, sampleShape, options) } : bare;
  }
  if (isArrayLike(value)) return notEmpty(where, readArrayLike(where, value));
  throw wrongKind(where, value);
}

function notEmpty(where: string, tensor: Tensor): Tensor {
  if (sizeOf(tensor.shape) > 0) return tensor;
  throw new ValueError(
    tensor.shape[0] === 0
      ? `${where} is empty: it has no samples (shape ${shapeText(tensor.shape)}).`
      : `${where} has samples without elements (shape ${shapeText(tensor.shape)}).`,
    'ERR_EMPTY',
  );
}

function shapeOfBare(where: string, length: number, sampleShape: SampleShape, { name }: TensorOptions): number[] {
  if (sampleShape.includes(null))
    throw new ValueError(
      `${where}: the shape of a bare typed array cannot be told where ${name ?? 'the model'} takes samples of any shape ${shapeText(sampleShape)}. Give it one: array(data, [samples, ...]).`,
      'ERR_SHAPE',
    );
  const size = sizeOf(sampleShape as number[]);
  if (length % size !== 0)
    throw new ValueError(
      `${where}: ${length} elements are no whole number of samples of ${size} elements, which is what ${name ?? 'the model'} takes (sample shape ${shapeText(sampleShape)}).`,
      'ERR_SHAPE',
    );
  return [length / size, ...(sampleShape as number[])];
}

const matches = (shape: readonly number[], sampleShape: SampleShape): boolean =>
  shape.length === sampleShape.length + 1 && sampleShape.every((d, k) => d === null || d === shape[k + 1]);

const wantedRank = ({ rank, sampleShape }: TensorOptions, given: number): number =>
  sampleShape ? sampleShape.length + 1 : (rank ?? given);

/** The shape as the model takes it; null where it does not fit. */
function fit(shape: number[], options: TensorOptions): number[] | null {
  const rank = wantedRank(options, shape.length);
  const sampleShape = options.sampleShape ?? new Array<null>(Math.max(rank - 1, 0)).fill(null);
  // A single number is no batch.
  if (shape.length === 0) return null;
  if (matches(shape, sampleShape)) return shape;
  if (shape.length === rank - 1 && matches([...shape, 1], sampleShape)) return [...shape, 1];
  if (shape.length === rank + 1 && shape.at(-1) === 1 && matches(shape.slice(0, -1), sampleShape)) return shape.slice(0, -1);
  return null;
}

/** The shape as a model takes it, where it fits as `toTensor` has it. */
export function fittedShape(where: string, shape: readonly number[], options: TensorOptions): number[] {
  const fitted = fit([...shape], options);
  if (fitted) return fitted;
  throw mismatch(where, [...shape], options);
}

function mismatch(where: string, shape: number[], options: TensorOptions): ValueError {
  const { sampleShape, rank, name, hint } = options;
  const expected = sampleShape ? shapeText([null, ...sampleShape]) : `${rank} axes`;
  return new ValueError(
    `${where} does not fit${name ? ` ${name}` : ''}: expected shape ${expected}. Received: ${shapeText(shape)}. ${hint ?? howToMend(shape, sampleShape)}`.trimEnd(),
    'ERR_SHAPE',
  );
}

function howToMend(shape: number[], sampleShape: SampleShape | undefined): string {
  if (!sampleShape || sampleShape.includes(null)) return '';
  const wanted = sampleShape as number[];
  const own = shape.slice(1);
  if (shape.length === wanted.length && shape.every((d, k) => d === wanted[k]))
    return `This looks like a single sample; a batch of one has shape ${shapeText([1, ...shape])}.`;
  if (sizeOf(own) === sizeOf(wanted))
    return `The samples have the right number of elements: reshape with array(data, ${shapeText([shape[0], ...wanted])}), or give the model this shape (${own.length > wanted.length ? 'inputShape and a flatten layer' : 'inputShape'}).`;
  return `Each sample must have shape ${shapeText(wanted)}.`;
}

function wrongKind(where: string, value: unknown): Error {
  const expected = 'an array: an NDArray, { data, shape }, nested arrays of numbers, or a typed array';
  if (typeof value === 'object' && value !== null && typeof (value as { dataSync?: unknown }).dataSync === 'function')
    return typeError(
      `${where} is a tensor of TensorFlow.js, which is not read directly. Pass array(tensor.dataSync(), tensor.shape), or tensor.arraySync().`,
    );
  if (Object.prototype.toString.call(value).endsWith('ArrayBuffer]'))
    return typeError(
      `${where} must be ${expected}. Received: an ArrayBuffer. Make a view of it, such as new Float32Array(buffer).`,
    );
  return typeError(`${where} must be ${expected}. Received: ${show(value)}`);
}
