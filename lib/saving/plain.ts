import { show, ValueError } from '../errors.js';
import { whyNoCode } from '../layers/code_layers.js';

type Json = Record<string, unknown>;

// Far beyond any model, and far below what exhausts the stack or the memory.
const maxDepth = 100;
const maxNodes = 1_000_000;
// Characters of a key or class name: messages compare unknown ones with all known.
const maxName = 200;

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The class that a serialized object names, in either spelling. */
export const classOf = (value: Json): string | undefined => {
  const name = value.class_name ?? value.className;
  return typeof name === 'string' ? name : undefined;
};

/**
 * A copy of a config that may come from anywhere: plain data of bounded depth and size, with Keras's wrappers taken off (tuples, shapes, arrays,
 * functions by name). Nothing in it is ever run: serialized code is refused.
 */
export function plain(where: string, value: unknown): unknown {
  let nodes = 0;
  const copy = (v: unknown, depth: number): unknown => {
    if (depth > maxDepth) throw new ValueError(`${where}: nested more than ${maxDepth} deep.`, 'ERR_CONFIG');
    if (++nodes > maxNodes) throw new ValueError(`${where}: more than ${maxNodes} entries.`, 'ERR_CONFIG');
    if (Array.isArray(v)) {
      // Before any of it is looked at: a list may be long and hold nothing.
      if (v.length > maxNodes - nodes) throw new ValueError(`${where}: more than ${maxNodes} entries.`, 'ERR_CONFIG');
      return v.map((item) => copy(item, depth + 1));
    }
    if (!isObject(v)) {
      if (typeof v === 'function')
        throw new ValueError(`${where}: functions are no configuration. Received: ${show(v)}`, 'ERR_CONFIG');
      return v;
    }
    refuseCode(where, v);
    const out: Json = {};
    for (const key of Object.keys(v)) {
      if (key === '__proto__') throw new ValueError(`${where}: there is no key '__proto__' in a config.`, 'ERR_CONFIG');
      if (key.length > maxName) throw new ValueError(`${where}: a key has ${key.length} characters.`, 'ERR_CONFIG');
      out[key] = copy(v[key], depth + 1);
    }
    return unwrap(where, out);
  };
  return copy(value, 0);
}

/** Before what is inside is looked at, so that the message names the layer. */
function refuseCode(where: string, value: Json): void {
  const className = classOf(value) ?? '';
  const reason = className.length > maxName ? undefined : whyNoCode(className);
  if (!reason) return;
  const name = isObject(value.config) && typeof value.config.name === 'string' ? ` '${value.config.name.slice(0, maxName)}'` : '';
  throw new ValueError(`${where}: layer${name} (${className}) ${reason}`, 'ERR_LAMBDA');
}

function unwrap(where: string, value: Json): unknown {
  const name = classOf(value);
  if (name && name.length > maxName) throw new ValueError(`${where}: a class name has ${name.length} characters.`, 'ERR_CONFIG');
  switch (name) {
    case '__tuple__':
    case 'TensorShape':
      return Array.isArray(value.items) ? value.items : value;
    case '__numpy__':
    case '__tensor__':
      return isObject(value.config) && 'value' in value.config ? value.config.value : value;
    case '__lambda__':
      throw new ValueError(`${where}: holds a Python lambda, which is not run. Name a built-in function instead.`, 'ERR_LAMBDA');
    case 'function':
      if (typeof value.config === 'string') return value.config;
      throw new ValueError(
        `${where}: holds a Python function, which is not run. Name a built-in function instead.`,
        'ERR_LAMBDA',
      );
    default:
      return value;
  }
}
