import { ValueError } from '../errors.js';
import { checkNumber, readOptions } from '../options.js';
import { shapeText, sizeOf } from '../shapes.js';
import { allocate, dtypeOf, type TypedArray } from './elements.js';
import { NDArray } from './ndarray.js';
import { copyElements, type Rows, readRows } from './rows.js';

/** Options of `data.windows`. */
export interface WindowsOptions {
  /** Steps of a window. */
  length: number;
  /** Steps after a window that are to be forecast. Default 1. */
  horizon?: number;
  /** Steps from the begin of a window to that of the next. Default 1. */
  stride?: number;
}

/** What `data.windows` gives. */
export interface Windows<T extends TypedArray> {
  /** `[windows, length]`, or `[windows, length, features]`. */
  x: NDArray<T>;
  /** The steps that follow each window: `[windows, horizon]`, or `[windows, horizon, features]`. */
  y: NDArray<T>;
}

/**
 * Windows of a series `[steps]` or `[steps, features]`, each with the `horizon` steps that follow it: what a model that forecasts learns from.
 * A window begins every `stride` steps, as long as it and its horizon are whole. The element type stays.
 * @example
 * const { x, y } = data.windows([1, 2, 3, 4, 5], { length: 3 });
 * x.toArray(); // [[1, 2, 3], [2, 3, 4]]
 * y.toArray(); // [[4], [5]]
 */
export function windows<T extends TypedArray = Float32Array>(series: Rows<T>, options: WindowsOptions): Windows<T> {
  const where = 'windows';
  const o = readOptions<Required<WindowsOptions>>(where, options, {
    length: undefined as unknown as number,
    horizon: 1,
    stride: 1,
  });
  const length = checkNumber(where, 'length', o.length, { min: 1, integer: true });
  const horizon = checkNumber(where, 'horizon', o.horizon, { min: 1, integer: true });
  const stride = checkNumber(where, 'stride', o.stride, { min: 1, integer: true });
  const { data, shape } = readRows(`${where}: 'series'`, series);
  const [steps, ...features] = shape;
  if (steps < length + horizon)
    throw new ValueError(
      `${where}: a series of ${steps} steps (shape ${shapeText(shape)}) has no window of ${length} steps with ${horizon} to follow. Give a shorter 'length' or 'horizon'.`,
      'ERR_SHAPE',
    );
  const count = Math.floor((steps - length - horizon) / stride) + 1;
  const width = sizeOf(features);
  const part = (from: number, size: number) => {
    const out = allocate(where, dtypeOf(data)!, [count, size, ...features]) as T;
    for (let i = 0; i < count; i++) copyElements(data, (i * stride + from) * width, size * width, out, i * size * width);
    return new NDArray(out, [count, size, ...features]);
  };
  return { x: part(0, length), y: part(length, horizon) };
}
