import { show, ValueError } from '../errors.js';
import { suggest } from '../options.js';
import { isArrayLike } from './array_like.js';

/**
 * What stands in the containers that Keras allows around a model's only input or output: `{ name: value }` and `[value]`.
 * Lists of numbers and lists of arrays are data and stay as they are: `toTensor` tells whether `[array]` is a container, since it knows the shape.
 *
 * @param names the input's or output's name: a dictionary must have exactly this key, else ValueError
 */
export function single(where: string, value: unknown, names: readonly string[]): unknown {
  if (isDictionary(value)) return fromDictionary(where, value, names);
  if (Array.isArray(value) && value.length === 1 && !isData(value[0])) return single(where, value[0], names);
  return value;
}

const isData = (value: unknown): boolean =>
  typeof value === 'number' ||
  typeof value === 'bigint' ||
  typeof value === 'boolean' ||
  Array.isArray(value) ||
  ArrayBuffer.isView(value) ||
  isArrayLike(value);

/** Objects of no class that are neither arrays nor iterables nor descriptions of a part (`{ className, config }`, `{ call, gradient }`). */
export function isDictionary(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  // An object literal of any realm: its prototype, where it has one, is the end of the chain.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  if (isArrayLike(value) || Symbol.iterator in value || Symbol.asyncIterator in value) return false;
  const { className, class_name, call, dataSync } = value as Record<string, unknown>;
  return (
    typeof className !== 'string' &&
    typeof class_name !== 'string' &&
    typeof call !== 'function' &&
    typeof dataSync !== 'function'
  );
}

function fromDictionary(where: string, value: Record<string, unknown>, names: readonly string[]): unknown {
  const keys = Object.keys(value);
  const unknown = keys.find((key) => !names.includes(key));
  if (unknown !== undefined)
    throw new ValueError(
      `${where}: the model has nothing named '${unknown}'.${suggest(unknown, names)} Received: ${show(value)}`,
      'ERR_UNKNOWN_NAME',
    );
  const missing = names.find((name) => !keys.includes(name));
  if (missing !== undefined)
    throw new ValueError(`${where}: there is no entry for '${missing}'. Received: ${show(value)}`, 'ERR_MISSING_DATA');
  return value[names[0]];
}
