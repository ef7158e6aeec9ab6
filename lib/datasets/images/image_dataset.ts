import { Table } from '../block.js';
import { dense } from '../columns.js';
import { Dataset } from '../dataset.js';
import { Loaded } from '../ops/loaded.js';
import { TableRows } from '../sources/from_arrays.js';
import { decoder } from './decode.js';
import { findImages } from './folder.js';
import { type ImagesOptions, readImagesOptions } from './options.js';

/**
 * Images of a folder: what `data.images` gives. It knows the names of the classes.
 * @example
 * const pets = data.images('pets', { imageSize: [32, 32] });
 * console.log(pets.classNames); // ['cat', 'dog']
 */
export class ImageDataset<T = unknown> extends Dataset<T> {
  /** Folders in the order of their labels. */
  readonly classNames: readonly string[];

  /** @internal */
  constructor(folder: string, options: ImagesOptions | undefined) {
    const o = readImagesOptions(options);
    const isLabelled = o.labels !== null;
    const { paths, labels, classNames } = findImages(folder, o.classNames, isLabelled);
    const columns = isLabelled ? [{ list: paths }, dense(Int32Array.from(labels))] : [{ list: paths }];
    const rows = new TableRows(new Table(isLabelled ? { list: [0, 1] } : 0, columns, paths.length));
    const decode = decoder(o);
    const load = isLabelled
      ? async (element: unknown) => [await decode((element as [string, number])[0]), (element as [string, number])[1]]
      : (element: unknown) => decode(element as string);
    super(new Loaded(rows, load, o.numParallelCalls));
    this.classNames = classNames;
  }
}
