import { addon } from '../engine/addon.js';
import { ValueError } from '../errors.js';
import { checkNumber, readOptions } from '../options.js';
import type { TypedArray } from './elements.js';
import { NDArray } from './ndarray.js';
import { type Rows, readRows } from './rows.js';

/** Options of `data.oneHot`. */
export interface OneHotOptions {
  /** Width of the result. Default: one more than the largest label. */
  classes?: number | null;
}

/**
 * Class numbers as one-hot labels: `[samples]` or `[samples, 1]` becomes `[samples, classes]`, `[samples, steps]` becomes `[samples, steps, classes]`.
 * Throws a ValueError (ERR_LABEL) for a label that is no whole number from 0 to `classes - 1`.
 * A loss of class numbers, `'sparse_categorical_crossentropy'`, does without them.
 * @example
 * data.oneHot([0, 2, 1]).toArray(); // [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
 * data.oneHot(new Uint8Array([0, 3]), { classes: 10 }).shape; // [2, 10]
 */
export function oneHot<T extends TypedArray = Float32Array>(labels: Rows<T>, options?: OneHotOptions): NDArray {
  const where = 'oneHot';
  const o = readOptions<Required<OneHotOptions>>(where, options, { classes: null });
  const { data, shape } = readRows(`${where}: 'labels'`, labels);
  const classes = o.classes === null ? largest(data) + 1 : checkNumber(where, 'classes', o.classes, { min: 1, integer: true });
  const wrong = addon.firstOutside(data, 0, classes - 1, true, null);
  if (wrong >= 0)
    throw new ValueError(
      `${where}: label ${wrong} is ${data[wrong]}. Labels are whole numbers from 0${o.classes === null ? '' : ` to ${classes - 1}, as there are ${classes} classes`}.`,
      'ERR_LABEL',
    );
  const out = new Float32Array(data.length * classes);
  for (let i = 0; i < data.length; i++) out[i * classes + Number(data[i])] = 1;
  const items = shape.length > 1 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape;
  return new NDArray(out, [...items, classes]);
}

function largest(data: TypedArray): number {
  let most = 0;
  for (let i = 0; i < data.length; i++) if (Number(data[i]) > most) most = Number(data[i]);
  // What is no label at all is told by the check of all of them.
  return Number.isSafeInteger(most) && most < 2 ** 31 ? most : 0;
}
