/** A layer's class as the table takes it. */
// biome-ignore lint/suspicious/noExplicitAny: constructors of layers take options of their own
type LayerClass = { new (options: any): unknown; readonly className: string };

/** Keras's class name in camelCase: `Conv1D` -> `conv1D` or `conv1d`, `LSTM` -> `lstm`, `ReLU` -> `reLU` or `relu`. */
type FactoryName<N extends string> =
  Uppercase<N> extends N
    ? Lowercase<N>
    : N extends `Conv${infer R extends '1' | '2' | '3'}DTranspose`
      ? `conv${R}${'D' | 'd'}Transpose`
      : N extends `${infer A}${'1D' | '2D' | '3D'}`
        ? N extends `${A}${infer D}`
          ? Uncapitalize<`${A}${D}` | `${A}${Lowercase<D>}`>
          : never
        : N extends 'ReLU' | 'PReLU' | 'LeakyReLU'
          ? Uncapitalize<N> | Lowercase<N>
          : N extends `${'RMS' | 'LSTM' | 'GRU'}${infer B}`
            ? N extends `${infer A}${B}`
              ? `${Lowercase<A>}${B}`
              : never
            : Uncapitalize<N>;

type NameOf<C> = C extends { readonly className: infer N extends string } ? N : never;
/** All options may be left out where a class can be made without any. */
type Factory<C> = C extends abstract new (...args: infer A) => infer L ? (...args: A) => L : never;

export type Table<C extends readonly LayerClass[]> = { readonly [K in C[number] as NameOf<K>]: K } & {
  readonly [K in C[number] as FactoryName<NameOf<K>>]: Factory<K>;
};

function factoryNames(name: string): string[] {
  if (name === name.toUpperCase()) return [name.toLowerCase()];
  const camel = name.replace(/^(RMS|LSTM|GRU|.)/, (word) => word.toLowerCase());
  const names = [camel, camel.replace(/([123])D/, '$1d')];
  if (/ReLU$/.test(name)) names.push(name.toLowerCase());
  return names;
}

/** Classes under Keras's names, and a factory of each in camelCase. */
export function tableOf<const C extends readonly LayerClass[]>(classes: C): Table<C> {
  const table: Record<string, unknown> = {};
  for (const c of classes) {
    table[c.className] = c;
    for (const name of factoryNames(c.className)) table[name] = (options: unknown) => new c(options);
  }
  return table as Table<C>;
}
