import { show, typeError, ValueError } from './errors.js';
import { isPlain, reading, suggest } from './options.js';
import { classesOf, type Lists } from './table.js';

/** Of parts that have no options of their own: `{}`, or nothing. */
export type NoOptions = Record<string, never>;

/** A config in camelCase: what `getConfig` gives and a constructor takes. */
export type Config = Record<string, unknown>;

/** Anything that can be named, configured and saved: a layer, loss, metric, optimizer, schedule, initializer, regularizer, constraint. */
export interface Part {
  getConfig(): Config;
}

/** A class of parts: it has a name, and is made of the options that `getConfig` gives. */
export type PartClass<T extends Part> = {
  // biome-ignore lint/suspicious/noExplicitAny: constructors of parts take option objects of their own
  new (options?: any): T;
  className: string;
  aliases?: readonly string[];
  fromConfig?(config: Config): T;
};

/** `'mean_squared_error'`, `{ className, config }`, `{ class_name, config }`, or an instance. */
export type Identifier<T> = string | T | { className: string; config?: Config } | { class_name: string; config?: Config };

export const camel = (s: string): string => s.replace(/_+([a-zA-Z0-9])/g, (_, c: string) => c.toUpperCase());
/** Keras's rule for names: `GlobalAveragePooling1D` -> `global_average_pooling1d`. */
export const snake = (s: string): string =>
  s
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** Written by some Keras version, without a meaning for what is computed here. Dropped from Keras's own configs, never from options. */
const IGNORED = new Set(
  (
    'time_major implementation jit_compile is_legacy_optimizer quantization_config synchronized optional module registered_name build_config ' +
    'input_length shared_object_id sparse ragged batch_size dtype_policy weight_decay_exclude fused virtual_batch_size lora_rank lora_alpha zero_output_for_mask_unused'
  ).split(' '),
);

/** Keras's snake_case keys to camelCase, one level deep: nested parts are converted by whoever resolves them. */
export function fromKerasConfig(config: Config): Config {
  const out: Config = {};
  for (const [key, value] of Object.entries(config)) if (!IGNORED.has(key)) out[camel(key)] = value;
  return out;
}

/** Class name and options of `{ className, config }` or Keras's `{ class_name, config }`. */
function readNamed(id: unknown, where: string): { name: string; config: Config } | null {
  if (!isPlain(id)) return null;
  const keras = typeof id.class_name === 'string';
  const name = keras ? id.class_name : id.className;
  if (typeof name !== 'string') return null;
  const config = id.config ?? {};
  if (!isPlain(config))
    throw new ValueError(`${where}: the config of '${name}' must be an object. Received: ${show(config)}`, 'ERR_CONFIG');
  return { name, config: keras ? fromKerasConfig(config) : config };
}

/** Parts inside parts inside parts: more than anyone means, and fewer than the stack holds. A config may also contain itself. */
const DEEPEST = 100;
let depth = 0;

function nested<T>(where: string, make: () => T): T {
  if (depth === DEEPEST)
    throw new ValueError(
      `${where}: more than ${DEEPEST} configs are nested in each other, or one contains itself.`,
      'ERR_CONFIG',
    );
  depth++;
  try {
    return make();
  } finally {
    depth--;
  }
}

/** Classes registered by users, for every kind: `registerSerializable`. */
const custom = new Map<string, PartClass<Part>>();

/**
 * Makes a class of yours known under a name, so that configs and options that hold the name give an instance: a layer, loss, metric, optimizer,
 * schedule, initializer, regularizer or constraint. A name that the package has itself keeps its meaning; the same name twice: the later class.
 * @param className as configs write it; TypeError for anything but a name
 * @param partClass made by `new partClass(config)`, or by its static `fromConfig`; TypeError for anything but a class
 * @example
 * class InverseRoot extends schedules.LearningRateSchedule {
 *   static override readonly className = 'InverseRoot';
 *   call(step: number) {
 *     return 0.1 / Math.sqrt(step + 1);
 *   }
 *   override getConfig() {
 *     return {};
 *   }
 * }
 * registerSerializable('InverseRoot', InverseRoot);
 */
export function registerSerializable(className: string, partClass: PartClass<Part>): void {
  if (typeof className !== 'string' || !className)
    throw typeError(`registerSerializable: 'className' must be a name. Received: ${show(className)}`);
  if (typeof partClass !== 'function')
    throw typeError(`registerSerializable: the second argument must be a class. Received: ${show(partClass)}`);
  custom.set(className, partClass);
}

/** Runs with classes of the user's known besides those registered, and forgets them afterwards. */
export function withCustomObjects<T>(where: string, objects: Record<string, PartClass<Part>> | null, run: () => T): T {
  if (objects === null) return run();
  if (!isPlain(objects))
    throw typeError(`${where}: 'customObjects' must be an object of classes by name. Received: ${show(objects)}`);
  const before = new Map(custom);
  try {
    for (const [name, partClass] of Object.entries(objects)) registerSerializable(name, partClass);
    return run();
  } finally {
    custom.clear();
    for (const [name, partClass] of before) custom.set(name, partClass);
  }
}

/** All parts of one kind. It is empty until the family's index.ts fills it, so that a part may look up others. */
export class Registry<T extends Part> {
  readonly #byName = new Map<string, PartClass<T>>();
  readonly #classes: PartClass<T>[] = [];

  constructor(
    /** For messages: 'loss', 'layer'. */
    readonly kind: string,
    readonly module: string,
    readonly base: abstract new (...args: never[]) => T,
    /** How messages spell the names. */
    private readonly spell: (className: string) => string = (name) => name,
  ) {}

  /** Takes the classes of a family's lists. */
  fill(lists: Lists): void {
    for (const c of classesOf(lists) as PartClass<T>[]) {
      this.#classes.push(c);
      for (const name of [c.className, snake(c.className), c.className.toLowerCase(), ...(c.aliases ?? [])])
        if (!this.#byName.has(name)) this.#byName.set(name, c);
    }
  }

  find(name: string): PartClass<T> | undefined {
    const bare = name.replace(/^(.*[>.])/, ''); // 'Custom>Name', 'keras.layers.Dense'
    return this.#byName.get(bare) ?? (custom.get(bare) as PartClass<T> | undefined) ?? this.#byName.get(snake(bare));
  }

  get names(): readonly string[] {
    return this.#classes.map((c) => c.className);
  }

  get classes(): readonly PartClass<T>[] {
    return this.#classes;
  }

  /** An instance from whatever names one: also from its class. Throws ValueError for an unknown name, TypeError for anything else. */
  resolve(id: unknown, where = this.kind): T {
    if (reading(where, () => id instanceof this.base)) return id as T;
    if (typeof id === 'string') {
      const found = this.find(id);
      if (!found) throw this.unknown(id, where);
      return new found();
    }
    if (this.isClass(id)) return new id();
    const named = reading(where, () => readNamed(id, where));
    if (!named) {
      const hint = typeof id === 'function' ? ' Call it where it makes one.' : '';
      throw typeError(`${where} must be a name, an instance, its class, or { className, config }. Received: ${show(id)}.${hint}`);
    }
    const found = this.find(named.name);
    if (!found) throw this.unknown(named.name, where);
    return nested(where, () => (found.fromConfig ? found.fromConfig(named.config) : new found(named.config)));
  }

  /** Whether it is a class of such parts. */
  isClass(id: unknown): id is PartClass<T> {
    return typeof id === 'function' && reading(this.kind, () => id.prototype instanceof this.base);
  }

  unknown(name: string, where: string): ValueError {
    return new ValueError(
      `${where}: unknown ${this.kind} '${name}'.${suggest(name, this.names.map(this.spell))}`,
      'ERR_UNKNOWN_NAME',
    );
  }
}

/** The name under which a part is saved. */
export function classNameOf(part: Part): string {
  return (part.constructor as unknown as { className: string }).className ?? part.constructor.name;
}

/** What `JSON.stringify` makes of a part: a form that every option takes, so that a config survives JSON. */
export function partToJSON(part: Part): { className: string; config: Config } {
  return { className: classNameOf(part), config: part.getConfig() };
}

/** Keras 3's serialized form of a part, keys in snake_case; parts inside its config likewise. */
export function toKeras(part: Part, module: string): Record<string, unknown> {
  return { module, class_name: classNameOf(part), config: toKerasConfig(part.getConfig()), registered_name: null };
}

export function toKerasConfig(config: Config): Config {
  const out: Config = {};
  for (const [key, value] of Object.entries(config)) out[snakeKey(key)] = value;
  return out;
}

/** Option names: `returnSequences` -> `return_sequences`, `beta1` -> `beta_1`, `l1` stays. */
export function snakeKey(key: string): string {
  return key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`).replace(/^(beta)(\d)$/, '$1_$2');
}
