/** A class of parts, as lists hold it. */
// biome-ignore lint/suspicious/noExplicitAny: constructors of parts take options of their own
type Class = new (...options: any[]) => object;

/** What a family's all.ts exports: for each file its list, which has the file's classes under their names. */
export type Lists = { readonly [list: string]: { readonly [className: string]: Class } };

/** All lists as one. */
type Joined<L> = (L[keyof L] extends infer U ? (U extends unknown ? (list: U) => void : never) : never) extends (
  list: infer All,
) => void
  ? All
  : never;

type IsCapital<C extends string> = C extends Lowercase<C> ? false : true;
/** Capitals at the start go down, but for the one that begins the next word. */
type Lowered<N extends string> = N extends `${infer A}${infer B}${infer C}`
  ? IsCapital<B> extends false
    ? `${Lowercase<A>}${B}${C}`
    : C extends `${infer D}${string}`
      ? D extends Capitalize<D>
        ? `${Lowercase<A>}${Lowered<`${B}${C}`>}`
        : `${Lowercase<A>}${B}${C}`
      : Lowercase<N>
  : Lowercase<N>;
/** `RMSprop` is one word in Keras. */
type Camel<N extends string> = N extends `RMS${infer Rest}` ? `rms${Rest}` : Lowered<N>;
type FactoryName<N extends string> = Camel<N> | (N extends `${infer A}${1 | 2 | 3}D${infer B}` ? SmallD<N, A, B> : never);
type SmallD<N extends string, A extends string, B extends string> = N extends `${A}${infer Digit extends 1 | 2 | 3}D${B}`
  ? Camel<`${A}${Digit}d${B}`>
  : never;

/** Makes an instance as `new` does. */
export type Factory<C> = C extends new (...options: infer O) => infer P ? (...options: O) => P : never;

/** Classes under Keras's names, for each a factory in camelCase, and what else users find there. */
export type Table<L extends Lists, More = unknown> = { readonly [N in keyof Joined<L>]: Joined<L>[N] } & {
  readonly [N in keyof Joined<L> & string as FactoryName<N>]: Factory<Joined<L>[N]>;
} & More;

/** Keras's class name in camelCase: `LSTMCell` -> `lstmCell`, `KLDivergence` -> `klDivergence`, `Conv1D` -> `conv1D` and `conv1d`. */
function factoryNames(className: string): string[] {
  const camel = className.replace(/^(RMS|[A-Z]+(?![a-z])|[A-Z])/, (word) => word.toLowerCase());
  return [camel, camel.replace(/([123])D/, '$1d')];
}

/** The classes that factories make: a factory may stand where a part is asked for. */
const made = new WeakMap<object, Class>();

/** The class that a factory of a table makes. */
export const classMadeBy = (factory: object): Class | undefined => made.get(factory);

/** A function of the user's; classes and factories of parts are none. */
export const isOwnFunction = (id: unknown): id is (...args: never[]) => unknown =>
  typeof id === 'function' && !classMadeBy(id) && !/^class\b/.test(Function.prototype.toString.call(id));

/** A factory under another name than the class's own. */
export function factory<C extends Class>(of: C): Factory<C> {
  const make = (...options: unknown[]) => new of(...options);
  made.set(make, of);
  return make as unknown as Factory<C>;
}

/** The classes of all lists, in an order that does not hang on how modules are loaded. */
export const classesOf = (lists: Lists): Class[] =>
  Object.keys(lists)
    .sort()
    .flatMap((list) => Object.values(lists[list]));

/**
 * What users find under a family's name.
 * @param more what the lists do not give: the base class, a factory's other names
 */
export function tableOf<const L extends Lists, const More extends object>(lists: L, more: More): Table<L, More> {
  const table: Record<string, unknown> = {};
  for (const list of Object.keys(lists).sort())
    for (const [name, of] of Object.entries(lists[list])) {
      table[name] = of;
      for (const called of new Set(factoryNames(name)))
        table[called] = Object.defineProperty(factory(of), 'name', { value: called });
    }
  for (const [name, value] of Object.entries(more)) {
    if (made.has(value)) Object.defineProperty(value, 'name', { value: name });
    table[name] = value;
  }
  return table as Table<L, More>;
}
