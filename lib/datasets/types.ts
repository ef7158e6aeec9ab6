import type { TypedArray } from '../data/elements.js';
import type { NDArray } from '../data/ndarray.js';

/** A row of a table: its columns by name, numbers or texts. */
export type Row = { readonly [column: string]: number | string };
/** Columns of a table by name: numbers in an array, or texts. */
export type Columns = { readonly [column: string]: NDArray<TypedArray> | string[] };

/** What a batch of such elements is. */
export type Batched<T> = 0 extends 1 & T
  ? // biome-ignore lint/suspicious/noExplicitAny: of elements of any kind
    any
  : T extends number | bigint | boolean
    ? NDArray<TypedArray>
    : T extends string
      ? string[]
      : T extends NDArray<infer A>
        ? NDArray<A>
        : T extends TypedArray
          ? NDArray<T>
          : T extends readonly number[]
            ? number[] extends T
              ? NDArray
              : { [K in keyof T]: Batched<T[K]> }
            : T extends object
              ? { -readonly [K in keyof T]: Batched<T[K]> }
              : unknown;

/** What `pack` makes of such elements. */
export type Packed<T> = T extends readonly [object, infer Y, infer W]
  ? [NDArray<TypedArray>, Y, W]
  : T extends readonly [object, infer Y]
    ? [NDArray<TypedArray>, Y]
    : T extends readonly [object]
      ? [NDArray<TypedArray>]
      : NDArray<TypedArray>;

/** What the elements of such a batch are. */
export type Unbatched<T> = 0 extends 1 & T
  ? // biome-ignore lint/suspicious/noExplicitAny: of batches of any kind
    any
  : T extends NDArray<TypedArray> | TypedArray
    ? number | NDArray<TypedArray>
    : T extends readonly string[]
      ? string
      : T extends object
        ? { -readonly [K in keyof T]: Unbatched<T[K]> }
        : unknown;
