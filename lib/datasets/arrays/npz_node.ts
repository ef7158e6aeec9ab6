import { ValueError } from '../../errors.js';
import { readOptions, suggest } from '../../options.js';
import { readLimits } from '../../saving/limits.js';
import { readNpy } from '../../saving/npy.js';
import { fileSource } from '../../saving/source.js';
import { readZip } from '../../saving/zip.js';
import { Table } from '../block.js';
import { dense } from '../columns.js';
import { type Blocks, Node, type Place } from '../node.js';
import { TableRows } from '../sources/from_arrays.js';
import type { Structure } from '../structure.js';
import { asData } from './elements.js';
import { type ArrayNames, checkRows, readNames } from './options.js';

/** Rows of the arrays of an .npz file, which are unpacked into memory by the first reading. */
export class NpzNode extends Node {
  readonly below: readonly Node[] = [];
  readonly #names: readonly string[];
  readonly #structure: Structure;
  #rows: TableRows | null = null;

  constructor(
    readonly path: string,
    options: ArrayNames,
  ) {
    super();
    const o = readOptions<Required<ArrayNames>>('npz', options, { x: 'x', label: null, sampleWeight: null });
    const { names, structure } = readNames('npz', o);
    this.#names = names;
    this.#structure = structure;
  }

  /** Known once the file has been read. */
  get length(): number | null {
    return this.#rows?.length ?? null;
  }

  override async count(): Promise<number> {
    return (await this.#read()).length;
  }

  async *blocks(place: Place): Blocks {
    yield* (await this.#read()).blocks(place);
  }

  async #read(): Promise<TableRows> {
    if (this.#rows) return this.#rows;
    const where = `npz: ${this.path}`;
    const limits = readLimits('npz', undefined);
    const members = this.#names.map((name) => `${name}.npy`);
    const seen: string[] = [];
    const bytes = await fileSource('npz', this.path, limits).bytes();
    const found = await readZip(where, bytes, limits, true, (name) => {
      seen.push(name.replace(/\.npy$/, ''));
      return members.includes(name);
    });
    const tensors = members.map((member, i) => {
      const array = found.get(member);
      if (array) return readNpy(`${where}: '${this.#names[i]}'`, array);
      throw new ValueError(`${where} has no array '${this.#names[i]}'.${suggest(this.#names[i], seen)}`, 'ERR_UNKNOWN_NAME');
    });
    const rows = checkRows(
      where,
      this.#names,
      tensors.map(({ shape }) => shape),
    );
    const columns = tensors.map((tensor, i) => dense(asData(`${where}: '${this.#names[i]}'`, tensor), tensor.shape.slice(1)));
    this.#rows ??= new TableRows(new Table(this.#structure, columns, rows));
    return this.#rows;
  }
}
