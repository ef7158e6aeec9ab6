// What users may give for data: types alone. What it is at run time is checked where it is read.
import type { ArrayLike } from './array_like.js';
import type { TypedArray } from './elements.js';

/** Nested arrays of numbers, the rows of which may be typed arrays or NDArrays: `[[1, 2], [3, 4]]`. All rows have the same length. */
export interface NestedArray extends ReadonlyArray<number | bigint | boolean | TypedArray | ArrayLike | NestedArray> {}

type Block = TypedArray | ArrayLike | NestedArray;

/** Numbers for one input or output: a typed array, an NDArray or anything with `data` and `shape`, nested arrays; or a dictionary of one, by name. */
export type ArrayInput = Block | { readonly [name: string]: Block };

/** Texts, for a model whose first layer takes them: a list, nested lists, or texts with a shape. */
export type TextInput = NestedTextInput | { readonly data: readonly string[]; readonly shape: readonly number[] };
/** Nested lists of texts: `['a', 'b']`, `[['a'], ['b']]`. */
export interface NestedTextInput extends ReadonlyArray<string | NestedTextInput> {}

/** One value of a table: null and undefined are missing. */
export type Cell = string | number | bigint | boolean | null | undefined;
/** A table, for a model that begins with a feature space: rows as objects, or columns by their names. */
export type TableInput =
  | readonly { readonly [column: string]: Cell }[]
  | { readonly [column: string]: readonly Cell[] | TypedArray };

/** What a model may take as x: numbers, or what its first layer makes numbers of. */
export type XInput = ArrayInput | TextInput | TableInput;

/** The values of one weight: an array of its shape, a flat one of its size, or a number where it is one. */
export type WeightArray = Block | number;

/** One batch of a dataset: `[x, y]`, `[x, y, sampleWeight]`, `{ xs, ys }`; for predictions also `[x]`, `{ xs }` or x alone. */
export type BatchLike =
  | readonly (XInput | null | undefined)[]
  | TextInput
  | {
      readonly xs: XInput;
      readonly ys?: ArrayInput | null;
      readonly weights?: ArrayInput | null;
      readonly sampleWeight?: ArrayInput | null;
    }
  | Block;

/**
 * Batches one after the other: an iterable, an async iterable such as a stream, a generator object, an iterator. One that has `getState()` and `setState(state)`
 * is asked by checkpoints where it stands, and put there; another is read past the batches that were done.
 */
export type BatchSource = Iterable<BatchLike> | AsyncIterable<BatchLike> | Iterator<BatchLike> | AsyncIterator<BatchLike>;

/** A dataset: batches, or a function that returns them, which is called anew each epoch (a generator function too). */
export type DatasetLike = BatchSource | (() => BatchSource | Promise<BatchSource>);

/** What they take as y: null and undefined where a dataset brings it. */
export type LabelInput = ArrayInput | null | undefined;

/** What `fit`, `evaluate` and `predict` take as x. null: the model's own source, `input({ source })`. */
export type DataInput = XInput | DatasetLike | null | undefined;
