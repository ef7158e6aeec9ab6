import { isArrayLike, readArrayLike } from '../data/array_like.js';
import { isDictionary } from '../data/containers.js';
import { checkTyped, type TypedArray } from '../data/elements.js';
import { flatten } from '../data/nested.js';
import { show, typeError } from '../errors.js';

/**
 * How an element is made of its leaves, which are counted from 0: a list of two or three is `[x, y]` or `[x, y, weight]`, and only an element itself can
 * be one. Lists further in are numbers.
 */
export type Structure =
  | number
  | { readonly list: readonly Structure[] }
  | { readonly names: readonly string[]; of: readonly Structure[] };

/** An element of these leaves. */
export function build(structure: Structure, leaf: (index: number) => unknown): unknown {
  if (typeof structure === 'number') return leaf(structure);
  if ('list' in structure) return structure.list.map((inner) => build(inner, leaf));
  const out: Record<string, unknown> = {};
  for (let i = 0; i < structure.names.length; i++) out[structure.names[i]] = build(structure.of[i], leaf);
  return out;
}

/** The structure of an element, and what stands in its leaves. */
export function takeApart(element: unknown): { structure: Structure; leaves: unknown[] } {
  const leaves: unknown[] = [];
  const visit = (value: unknown): Structure => {
    if (!isDictionary(value)) return leaves.push(value) - 1;
    const names = Object.keys(value);
    return { names, of: names.map((name) => visit(value[name])) };
  };
  if (!Array.isArray(element)) return { structure: visit(element), leaves };
  if (element.length < 1 || element.length > 3)
    throw typeError(
      `an element of a dataset is x, [x, y] or [x, y, weight]. Received: ${show(element)}. A list of numbers as x is written [x], or as a typed array.`,
      'ERR_DATASET',
    );
  return { structure: { list: element.map(visit) }, leaves };
}

/** What stands in the leaves of an element of a known structure, in their order. Throws where the element has another. */
export function leavesOf(structure: Structure, element: unknown, out: unknown[]): void {
  if (typeof structure === 'number') {
    out[structure] = element;
    return;
  }
  if ('list' in structure) {
    if (!Array.isArray(element) || element.length !== structure.list.length) throw other(element);
    for (let i = 0; i < element.length; i++) leavesOf(structure.list[i], element[i], out);
    return;
  }
  const { names, of } = structure;
  if (typeof element !== 'object' || element === null) throw other(element);
  for (let i = 0; i < names.length; i++) {
    if (!Object.hasOwn(element, names[i]))
      throw typeError(`an element has no '${names[i]}', which those before it have. Received: ${show(element)}`, 'ERR_DATASET');
    leavesOf(of[i], (element as Record<string, unknown>)[names[i]], out);
  }
}

const other = (element: unknown) =>
  typeError(`an element has another structure than those before it. Received: ${show(element)}`, 'ERR_DATASET');

/** A leaf as an array of numbers; null where it is something else: a text, or what numbers can not be made of. */
export function numbersOf(where: string, value: unknown): { data: TypedArray; shape: readonly number[] } | null {
  if (ArrayBuffer.isView(value)) {
    const data = checkTyped(where, value);
    return { data, shape: [data.length] };
  }
  if (isArrayLike(value)) return readArrayLike(where, value);
  if (!Array.isArray(value)) return null;
  let first: unknown = value;
  while (Array.isArray(first)) first = first[0];
  const isNumber = ['number', 'bigint', 'boolean'].includes(typeof first) || ArrayBuffer.isView(first) || isArrayLike(first);
  return isNumber ? flatten(where, value) : null;
}
