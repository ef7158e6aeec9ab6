import { show, typeError, ValueError } from '../errors.js';
import { suggest } from '../options.js';
import { Callback, HOOKS } from './callback.js';
import type { CallbackParams, HookName, WatchedModel } from './types.js';

const known = new Set<string>(HOOKS);
const pairs = [
  ['onBatchBegin', 'onTrainBatchBegin'],
  ['onBatchEnd', 'onTrainBatchEnd'],
] as const;

/** Assigns the hooks of an object to a callback. `self` is what `this` is inside them. Throws TypeError for what is no function. */
export function assignHooks(where: string, callback: Callback, given: object, self?: object): number {
  const hooks = given as Record<HookName, unknown>;
  let count = 0;
  for (const name of HOOKS) {
    const hook = hooks[name];
    if (hook === undefined || hook === null) continue;
    if (typeof hook !== 'function')
      throw typeError(`${where}: '${name}' must be a function. Received: ${show(hook)}`, 'ERR_CALLBACK');
    Object.assign(callback, { [name]: self ? hook.bind(self) : hook });
    count++;
  }
  for (const [old, name] of pairs)
    if (typeof hooks[old] === 'function' && typeof hooks[name] === 'function')
      throw new ValueError(`${where}: '${old}' is another name of '${name}'; give one of the two.`, 'ERR_CALLBACK');
  return count;
}

/** A method or property that looks like a hook but is none would never be called: almost certainly a misspelling. */
function refuseMisspelt(where: string, object: object): void {
  for (let level = object; level && level !== Object.prototype; level = Object.getPrototypeOf(level))
    for (const name of Object.getOwnPropertyNames(level))
      if (/^on(_|[A-Z])/.test(name) && !known.has(name))
        throw typeError(`${where}: '${name}' is not a hook and would never be called.${suggest(name, HOOKS)}`, 'ERR_CALLBACK');
}

function setQuietly(object: object, name: 'model' | 'params', value: unknown): void {
  if (name in object ? Object.hasOwn(object, name) : Object.isExtensible(object))
    Reflect.defineProperty(object, name, { value, writable: true, configurable: true, enumerable: false });
}

/** A callback whose hooks are those of an object of the user's. Inside them, `this` is that object, with `model` and `params` on it. */
class PlainCallback extends Callback {
  constructor(
    where: string,
    private readonly object: object,
  ) {
    super();
    refuseMisspelt(where, object);
    if (assignHooks(where, this, object, object) === 0)
      throw typeError(
        `${where}: the object has none of the hooks that are called (${HOOKS.slice(0, 4).join(', ')}, ...). Received: ${show(object)}`,
        'ERR_CALLBACK',
      );
    const { getState, setState } = object as { getState?: () => unknown; setState?: (state: unknown) => unknown };
    if (typeof getState === 'function')
      Object.assign(this, { getState: () => getState.call(object), setState: (state: unknown) => setState?.call(object, state) });
  }

  #own(name: 'setParams' | 'setModel', value: unknown): boolean {
    const method = (this.object as Record<string, unknown>)[name];
    if (typeof method !== 'function') return false;
    method.call(this.object, value);
    return true;
  }

  override setParams(params: CallbackParams): void {
    super.setParams(params);
    if (!this.#own('setParams', params)) setQuietly(this.object, 'params', params);
  }

  override setModel(model: WatchedModel): void {
    super.setModel(model);
    if (!this.#own('setModel', model)) setQuietly(this.object, 'model', model);
  }
}

function hint(value: unknown): string {
  if (typeof value === 'function') return ` Give an instance: new ${value.name || 'MyCallback'}(...).`;
  if (typeof value === 'string') return ` Give an instance such as new callbacks.EarlyStopping({ patience: 3 }).`;
  if (value === false || value === undefined || value === null) return ' Leave the entry out where there is none.';
  return '';
}

function one(where: string, value: unknown): Callback {
  if (value instanceof Callback) return value;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Promise)
    throw typeError(
      `${where} must be a callback or an object with hooks. Received: ${show(value)}.${hint(value)}`,
      'ERR_CALLBACK',
    );
  return new PlainCallback(where, value);
}

/** Far more than anybody has. */
const MOST_ENTRIES = 10_000;
const DEEPEST = 10;

/** The callbacks that a user gave: nothing, one, or a list (which may hold lists). Throws TypeError that names what is none. */
export function toCallbacks(given: unknown, where = 'callbacks'): Callback[] {
  let entries = 0;
  const visit = (value: unknown, at: string, depth: number): Callback[] => {
    if (!Array.isArray(value)) return [one(at, value)];
    if (depth > DEEPEST) throw typeError(`${where}: lists in lists go on too deep, or one contains itself.`, 'ERR_CALLBACK');
    entries += value.length;
    if (entries > MOST_ENTRIES) throw typeError(`${where}: lists of more than ${MOST_ENTRIES} entries.`, 'ERR_CALLBACK');
    return Array.from(value, (entry, i) => visit(entry, `${at}[${i}]`, depth + 1)).flat();
  };
  return given === undefined || given === null ? [] : visit(given, where, 0);
}
