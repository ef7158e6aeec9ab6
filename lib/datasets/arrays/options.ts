import { show, typeError, ValueError } from '../../errors.js';
import { isPlain } from '../../options.js';
import type { Structure } from '../structure.js';

/** Arrays by what they are for. */
export interface ArrayNames {
  /** The array that is x, or several, `{ pixels: 'x_train', age: 'ages' }`. */
  x: string | { readonly [name: string]: string };
  /** The array that is y. */
  label?: string | null;
  /** The array that weighs the rows. */
  sampleWeight?: string | null;
}

/** The names of arrays in their order, and how rows of them are made. */
export function readNames(where: string, o: Required<ArrayNames>): { names: string[]; structure: Structure } {
  const names: string[] = [];
  const add = (option: string, name: unknown): number => {
    if (typeof name !== 'string' || name === '')
      throw typeError(`${where}: '${option}' must name an array. Received: ${show(name)}`);
    return names.push(name) - 1;
  };
  const x: Structure = isPlain(o.x)
    ? { names: Object.keys(o.x), of: Object.entries(o.x).map(([key, name]) => add(`x.${key}`, name)) }
    : add('x', o.x);
  if (names.length === 0) throw typeError(`${where}: 'x' must name an array. Received: ${show(o.x)}`);
  if (o.label === null) {
    if (o.sampleWeight !== null)
      throw new ValueError(`${where}: 'sampleWeight' goes with a 'label': rows are [x, y, weight].`, 'ERR_DATASET');
    return { names, structure: x };
  }
  const y = add('label', o.label);
  return { names, structure: { list: [x, y, ...(o.sampleWeight === null ? [] : [add('sampleWeight', o.sampleWeight)])] } };
}

/** Arrays beside each other must have as many rows. */
export function checkRows(where: string, names: readonly string[], shapes: readonly (readonly number[])[]): number {
  shapes.forEach((shape, i) => {
    if (shape.length === 0) throw new ValueError(`${where}: '${names[i]}' is a single number, which has no rows.`, 'ERR_SHAPE');
    if (shape[0] !== shapes[0][0])
      throw new ValueError(
        `${where}: all arrays must have as many rows. Received: '${names[0]}' with ${shapes[0][0]}, '${names[i]}' with ${shape[0]}.`,
        'ERR_LENGTHS',
      );
  });
  return shapes[0][0];
}
