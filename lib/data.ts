import type { ArrayLike } from './data/array_like.js';
import type { TypedArray } from './data/elements.js';
import type { NestedArray } from './data/inputs.js';
import type { NDArray } from './data/ndarray.js';
import type { NpyOptions } from './datasets/arrays/npy_node.js';
import type { ArrayNames } from './datasets/arrays/options.js';
import type { CsvOptions } from './datasets/csv/options.js';
import type { Dataset } from './datasets/dataset.js';
import type { ImageDataset } from './datasets/images/image_dataset.js';
import type { ImagesOptions } from './datasets/images/options.js';
import type { GeneratorOptions } from './datasets/index.js';
import type { JsonLinesOptions } from './datasets/json_lines/json_lines_node.js';
import type { ParquetOptions } from './datasets/parquet/parquet_node.js';
import type { TableOptions } from './datasets/table/options.js';
import type { TableDataset } from './datasets/table/table_dataset.js';
import type { Row } from './datasets/types.js';
import { files } from './lazy.js';

export * from './data/helpers.js';
export type { NpyOptions } from './datasets/arrays/npy_node.js';
export type { ArrayNames } from './datasets/arrays/options.js';
export type { CsvOptions } from './datasets/csv/options.js';
export type {
  BatchOptions,
  Dataset,
  DatasetState,
  MapOptions,
  WindowOptions,
} from './datasets/dataset.js';
export type { ImageDataset } from './datasets/images/image_dataset.js';
export type { ImagesOptions } from './datasets/images/options.js';
export type { GeneratorOptions } from './datasets/index.js';
export type { JsonLinesOptions } from './datasets/json_lines/json_lines_node.js';
export type { ParquetOptions } from './datasets/parquet/parquet_node.js';
export type { SplitOptions as DatasetSplitOptions } from './datasets/split_options.js';
export type { BadRows } from './datasets/table/faults.js';
export type { ColumnType, Missing, TableOptions } from './datasets/table/options.js';
export type { TableDataset } from './datasets/table/table_dataset.js';
export type { Batched, Columns, Packed, Row, Unbatched } from './datasets/types.js';

const readers = () => files().datasets;

type Block = TypedArray | ArrayLike | NestedArray | readonly string[];
/** Arrays of rows: one, or several by name. */
export type ArraysOfRows = Block | { readonly [name: string]: Block };

/** What one row of such arrays is. */
export type RowOf<T> = T extends readonly string[]
  ? string
  : T extends { readonly data: TypedArray; readonly shape: readonly number[] }
    ? number | NDArray<TypedArray>
    : T extends TypedArray
      ? number
      : T extends readonly (number | boolean)[]
        ? number
        : T extends readonly unknown[]
          ? NDArray
          : T extends object
            ? { -readonly [K in keyof T]: RowOf<T[K]> }
            : unknown;

/** The path of a file, or of several that are read one after the other. */
export type Paths = string | URL | readonly (string | URL)[];

/** Rows of a table, with what is y and what weighs them where that was said. */
export type RowsWith<O> = O extends { readonly label: string; readonly sampleWeight: string }
  ? [Row, number, number]
  : O extends { readonly label: string }
    ? [Row, number]
    : Row;

/**
 * The rows of arrays: x alone, `[x, y]` or `[x, y, weight]`. Each may be an array, a list of texts, or several by name. Nothing is copied.
 *
 * Throws ValueError ERR_LENGTHS where they have different numbers of rows.
 * @example
 * const rows = data.fromArrays(x, y).shuffle(40, 1).batch(8);
 * await model.fit(rows);
 */
export function fromArrays<X extends ArraysOfRows>(x: X): Dataset<RowOf<X>>;
export function fromArrays<X extends ArraysOfRows, Y extends ArraysOfRows>(x: X, y: Y): Dataset<[RowOf<X>, RowOf<Y>]>;
export function fromArrays<X extends ArraysOfRows, Y extends ArraysOfRows, W extends ArraysOfRows>(
  x: X,
  y: Y,
  sampleWeight: W,
): Dataset<[RowOf<X>, RowOf<Y>, RowOf<W>]>;
export function fromArrays(...arrays: unknown[]): Dataset {
  return readers().fromArrays(...arrays);
}

/**
 * Elements that a function of yours makes: it returns an iterable or an async iterable, as generator functions do, and is called anew for each pass. An iterable is
 * taken too. A stream or a generator object can be read once.
 * @example
 * const numbers = data.fromGenerator(function* () {
 *   for (let i = 0; i < 100; i++) yield [[i / 100], i % 2];
 * });
 * await sequential([layers.dense({ units: 1, inputShape: [1] })]).predict(numbers.batch(20));
 */
export function fromGenerator<T>(
  source: Iterable<T> | AsyncIterable<T> | (() => Iterable<T> | AsyncIterable<T> | Promise<Iterable<T> | AsyncIterable<T>>),
  options?: GeneratorOptions,
): Dataset<T> {
  return readers().fromGenerator(source, options) as Dataset<T>;
}

/**
 * Rows that are objects: a list of them, a cursor of a database, a Node or Web stream, or a function that returns one. Types are found out from the first
 * rows and hold for all.
 * @example
 * const people = data.fromRows([{ age: 31, city: 'Rome', bought: 1 }, { age: 58, city: 'Oslo', bought: 0 }], { label: 'bought' });
 * console.log(await people.columns()); // { age: 'float32', city: 'string', bought: 'float32' }
 */
export function fromRows<const O extends TableOptions>(
  rows:
    | Iterable<object>
    | AsyncIterable<object>
    | (() => Iterable<object> | AsyncIterable<object> | Promise<Iterable<object> | AsyncIterable<object>>),
  options?: O,
): TableDataset<RowsWith<O>> {
  return readers().fromRows(rows, options) as TableDataset<RowsWith<O>>;
}

/**
 * Rows of a CSV file, or of several with the same columns; `.gz` is unpacked. The file is read in parts, so that it may be larger than memory. Numbers, words such
 * as true and texts are told apart by the first rows.
 *
 * Throws ValueError: ERR_NO_FILE; ERR_BAD_ROW with file, line and column where a row does not fit; ERR_UNKNOWN_NAME where a column is not there.
 * @example
 * const flowers = data.csv('train.csv', { label: 'target' });
 * const { train, validation } = flowers.split({ validation: 0.2, seed: 1 });
 * await model.fit(train.pack().shuffle(1000).batch(32), null, { validationData: validation.pack().batch(32) });
 */
export function csv<const O extends CsvOptions>(path: Paths, options?: O): TableDataset<RowsWith<O>> {
  return readers().csv(path, options) as TableDataset<RowsWith<O>>;
}

/**
 * Rows of a file that has a JSON object in each line, or of several; `.gz` is unpacked. Lists of numbers become arrays. Options and errors are those of `data.csv`.
 * @example
 * const flowers = data.jsonLines('train.jsonl', { label: 'target' });
 * await model.fit(flowers.pack().batch(8), null, { epochs: 2 });
 */
export function jsonLines<const O extends JsonLinesOptions>(path: Paths, options?: O): TableDataset<RowsWith<O>> {
  return readers().jsonLines(path, options) as TableDataset<RowsWith<O>>;
}

/**
 * Rows of a Parquet file, or of several, one group of rows at a time. The file says the types: whole numbers become float64, which has them exactly, others
 * float32. Snappy, gzip and Brotli are unpacked, Zstandard from Node 22.15 on.
 * @example
 * const flowers = data.parquet('train.parquet', { label: 'target' });
 * console.log(await flowers.count());
 * await model.fit(flowers.pack().batch(8), null, { epochs: 2 });
 */
export function parquet<const O extends ParquetOptions>(path: Paths, options?: O): TableDataset<RowsWith<O>> {
  return readers().parquet(path, options) as TableDataset<RowsWith<O>>;
}

type Leaf = number | NDArray<TypedArray>;
/** A row of arrays: a number where they have one axis, else an array; several by name. */
export type ArrayRow<X> = X extends string ? Leaf : { -readonly [K in keyof X]: Leaf };
/** Rows of arrays, with what is y and what weighs them where that was said. */
export type ArrayRows<X, O> = O extends { readonly label: string; readonly sampleWeight: string }
  ? [ArrayRow<X>, Leaf, Leaf]
  : O extends { readonly label: string }
    ? [ArrayRow<X>, Leaf]
    : ArrayRow<X>;

/**
 * Rows of arrays that NumPy saved, each in a file of its own. They are read in ranges, so that they may be larger than memory. `x` is a path, or several by name.
 * @example
 * const digits = data.npy('x.npy', { label: 'y.npy' });
 * console.log(digits.length); // 40
 * await model.fit(digits.shuffle(1000).batch(8), null, { epochs: 2 });
 */
export function npy<const X extends string | { readonly [name: string]: string }, const O extends NpyOptions>(
  x: X,
  options?: O,
): Dataset<ArrayRows<X, O>> {
  return readers().npy(x, options) as Dataset<ArrayRows<X, O>>;
}

/**
 * Rows of the arrays of an .npz file, by their names. They are unpacked into memory by the first reading.
 * @example
 * const digits = data.npz('train.npz', { x: 'x_train', label: 'y_train' });
 * await model.fit(digits.shuffle(1000).batch(8), null, { epochs: 2 });
 */
export function npz<const O extends ArrayNames>(path: string | URL, names: O): Dataset<ArrayRows<O['x'], O>> {
  return readers().npz(path, names) as Dataset<ArrayRows<O['x'], O>>;
}

/**
 * Rows of the arrays of an HDF5 file, by their paths in it. They are read in ranges by a thread of their own, so that they may be larger than memory.
 * @example
 * const digits = data.hdf5('train.h5', { x: 'images', label: 'labels' });
 * await model.fit(digits.shuffle(1000).batch(8), null, { epochs: 2 });
 */
export function hdf5<const O extends ArrayNames>(path: string | URL, names: O): Dataset<ArrayRows<O['x'], O>> {
  return readers().hdf5(path, names) as Dataset<ArrayRows<O['x'], O>>;
}

/**
 * Images of a folder, whose folders are the classes: `[image, label]`, where an image is `[height, width, channels]` of bytes. Needs the package sharp. Images are
 * decoded when they are needed, several at once; a shuffle holds their paths only.
 *
 * Throws ValueError ERR_FILE with the path where an image cannot be read, ERR_EMPTY where there are none.
 * @example
 * const pets = data.images('pets', { imageSize: [8, 8] });
 * const { train, validation } = pets.split({ validation: 0.25, by: 'stratified', seed: 1 });
 * const net = sequential([
 *   layers.rescaling({ scale: 1 / 255, inputShape: [8, 8, 3] }),
 *   layers.flatten(),
 *   layers.dense({ units: 2, activation: 'softmax' }),
 * ]);
 * net.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy' });
 * await net.fit(train.shuffle(1000).batch(4), null, { validationData: validation.batch(4) });
 */
export function images<const O extends ImagesOptions>(
  folder: string | URL,
  options?: O,
): ImageDataset<O extends { readonly labels: null } ? NDArray<Uint8Array> : [NDArray<Uint8Array>, number]> {
  return readers().images(folder, options) as never;
}

/**
 * Rows of an Arrow file or stream (Feather too, unpacked), or of several, a record batch at a time. Needs the package apache-arrow. Types are as those of
 * `data.parquet`.
 * @example
 * const flowers = data.arrow('train.arrow', { label: 'target' });
 * await model.fit(flowers.pack().batch(8), null, { epochs: 2 });
 */
export function arrow<const O extends TableOptions>(path: Paths, options?: O): TableDataset<RowsWith<O>> {
  return readers().arrow(path, options) as TableDataset<RowsWith<O>>;
}
