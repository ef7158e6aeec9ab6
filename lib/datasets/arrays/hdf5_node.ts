import { readOptions } from '../../options.js';
import { sizeOf } from '../../shapes.js';
import { Table } from '../block.js';
import { type Column, type Dense, dense } from '../columns.js';
import { type Blocks, Node, type Place } from '../node.js';
import { Workers } from '../parts/workers.js';
import { fileError } from '../sources/files.js';
import { rowsOfBlock } from '../sources/from_arrays.js';
import type { Structure } from '../structure.js';
import { type ArrayNames, checkRows, readNames } from './options.js';

/** What the thread that reads the file tells of its arrays. */
export interface Hdf5Described {
  readonly shape: readonly number[];
  readonly itemBytes: number;
}

/** Rows of the arrays of an HDF5 file, read in ranges by a thread of their own: its library is synchronous. */
export class Hdf5Node extends Node {
  readonly below: readonly Node[] = [];
  readonly #names: readonly string[];
  readonly #structure: Structure;
  #known: number | null = null;

  constructor(
    readonly path: string,
    options: ArrayNames,
  ) {
    super();
    const o = readOptions<Required<ArrayNames>>('hdf5', options, { x: 'x', label: null, sampleWeight: null });
    const { names, structure } = readNames('hdf5', o);
    this.#names = names;
    this.#structure = structure;
  }

  /** Known once the file has been opened. */
  get length(): number | null {
    return this.#known;
  }

  override async count(): Promise<number> {
    const reader = this.blocks({ pass: 0, skip: Number.MAX_SAFE_INTEGER });
    await reader.next();
    return this.#known ?? 0;
  }

  async *blocks({ skip }: Place): Blocks {
    const thread = new Workers(1, { hdf5: this.path, names: this.#names });
    try {
      const described = (await thread.run('describe')) as Hdf5Described[];
      const rows = checkRows(
        `hdf5: ${this.path}`,
        this.#names,
        described.map(({ shape }) => shape),
      );
      this.#known = rows;
      const step = rowsOfBlock(described.reduce((n, { shape, itemBytes }) => n + itemBytes * sizeOf(shape.slice(1)), 0));
      // One range ahead of whoever takes.
      const ask = (from: number) => {
        const range = from < rows ? thread.run({ from, to: Math.min(rows, from + step) }) : null;
        range?.catch(() => undefined);
        return range;
      };
      let next = ask(skip);
      for (let from = skip; next; from += step) {
        const arrays = (await next) as Dense['data'][];
        next = ask(from + step);
        const columns = arrays.map((data, i): Column => dense(data, described[i].shape.slice(1)));
        yield new Table(this.#structure, columns, Math.min(step, rows - from));
      }
    } catch (error) {
      throw fileError('hdf5', this.path, error);
    } finally {
      await thread.close();
    }
  }
}
