// The readers behind `data.*`: see lib/data.ts, which has their comments.
import { show, typeError } from '../errors.js';
import { checkNumber, readOptions } from '../options.js';
import { Hdf5Node } from './arrays/hdf5_node.js';
import { NpyNode, type NpyOptions } from './arrays/npy_node.js';
import { NpzNode } from './arrays/npz_node.js';
import type { ArrayNames } from './arrays/options.js';
import { ArrowNode } from './arrow/arrow_node.js';
import { CsvNode } from './csv/csv_node.js';
import { type CsvOptions, readCsvOptions } from './csv/options.js';
import { Dataset } from './dataset.js';
import { ImageDataset } from './images/image_dataset.js';
import type { ImagesOptions } from './images/options.js';
import { JsonLinesNode, type JsonLinesOptions } from './json_lines/json_lines_node.js';
import { ParquetNode, type ParquetOptions } from './parquet/parquet_node.js';
import { checkPaths } from './sources/files.js';
import { TableRows, tableOfArrays } from './sources/from_arrays.js';
import { RowsNode } from './sources/from_rows.js';
import { GeneratorNode, Given } from './sources/iterables.js';
import type { TableOptions } from './table/options.js';
import { TableDataset } from './table/table_dataset.js';

/** Options of `data.fromGenerator`. */
export interface GeneratorOptions {
  /** How many elements it gives, where that is known. Default null. */
  length?: number | null;
}

export function fromArrays(...arrays: unknown[]): Dataset {
  const given = arrays.slice(0, 3).filter((value, i) => i === 0 || (value !== undefined && value !== null));
  return new Dataset(new TableRows(tableOfArrays('fromArrays', given)));
}

export function fromGenerator(source: unknown, options?: GeneratorOptions): Dataset {
  const o = readOptions<Required<GeneratorOptions>>('fromGenerator', options, { length: null });
  const length = o.length === null ? null : checkNumber('fromGenerator', 'length', o.length, { min: 0, integer: true });
  return new Dataset(new GeneratorNode(new Given('fromGenerator', source), length));
}

export const fromRows = (rows: unknown, options?: TableOptions): TableDataset => new TableDataset(new RowsNode(rows, options));

export const csv = (path: unknown, options?: CsvOptions): TableDataset =>
  new TableDataset(new CsvNode(checkPaths('csv', path), readCsvOptions(options)));

export const jsonLines = (path: unknown, options?: JsonLinesOptions): TableDataset =>
  new TableDataset(new JsonLinesNode(checkPaths('jsonLines', path), options));

export const parquet = (path: unknown, options?: ParquetOptions): TableDataset =>
  new TableDataset(new ParquetNode(checkPaths('parquet', path), options));

export const npy = (x: unknown, options?: NpyOptions): Dataset => new Dataset(new NpyNode(x as string, options));

export const npz = (path: unknown, names: ArrayNames): Dataset => new Dataset(new NpzNode(checkPath('npz', path), names));

export const hdf5 = (path: unknown, names: ArrayNames): Dataset => new Dataset(new Hdf5Node(checkPath('hdf5', path), names));

function checkPath(where: string, path: unknown): string {
  if (Array.isArray(path)) throw typeError(`${where} takes the path of one file. Received: ${show(path)}`);
  return checkPaths(where, path)[0];
}

export const images = (folder: unknown, options?: ImagesOptions): ImageDataset =>
  new ImageDataset(checkPath('images', folder), options);

export const arrow = (path: unknown, options?: TableOptions): TableDataset =>
  new TableDataset(new ArrowNode(checkPaths('arrow', path), options));
