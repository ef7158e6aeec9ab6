import { ValueError } from '../../errors.js';
import { readOptions } from '../../options.js';
import type { Blocks } from '../node.js';
import { readParts } from '../parts/read_parts.js';
import { tablesOf } from '../parts/tables.js';
import { fileError } from '../sources/files.js';
import { FilesNode } from '../table/files_node.js';
import { checkReaders, checkTable, type TableOptions, tableDefaults } from '../table/options.js';
import { type Schema, schemaOf } from '../table/schema.js';
import { metadataOf, typeOfColumn } from './read.js';

/** Options of `data.parquet`. */
export interface ParquetOptions extends TableOptions {
  /** Threads that read beside this one; the rows keep their order. Default 0. */
  workers?: number;
}

/** Rows of Parquet files, read by groups of rows. */
export class ParquetNode extends FilesNode {
  readonly #options: Required<ParquetOptions>;

  constructor(paths: readonly string[], options: ParquetOptions | undefined) {
    const o = checkTable('parquet', readOptions<Required<ParquetOptions>>('parquet', options, { ...tableDefaults, workers: 0 }));
    checkReaders('parquet', o.workers);
    super(paths, o.badRows);
    this.#options = o;
  }

  /** The files say it, where no row is left out. */
  override async count(): Promise<number> {
    const { badRows, missing } = this.#options;
    if (this.known !== null || badRows === 'skip' || missing === 'skip') return super.count();
    let rows = 0;
    for (const path of this.paths) rows += Number((await this.#metadata(path)).metadata.num_rows);
    this.known = rows;
    return rows;
  }

  async #metadata(path: string): ReturnType<typeof metadataOf> {
    try {
      return await metadataOf(path);
    } catch (error) {
      throw fileError('parquet', path, error);
    }
  }

  protected async findSchema(): Promise<Schema> {
    const [path] = this.paths;
    const { columns } = await this.#metadata(path);
    const names = columns.map(({ element }) => element.name);
    return schemaOf(path, names, this.#options, (index) => typeOfColumn(columns[index]));
  }

  protected async *tables(path: string, schema: Schema): Blocks {
    const { metadata, columns } = await this.#metadata(path);
    const names = new Set(columns.map(({ element }) => element.name));
    const lacking = schema.fields.find(({ name }) => !names.has(name));
    if (lacking)
      throw new ValueError(`${path}: there is no column '${lacking.name}', which ${this.paths[0]} has.`, 'ERR_UNKNOWN_NAME');
    const groups = async function* () {
      let from = 0;
      for (const group of metadata.row_groups) {
        const to = from + Number(group.num_rows);
        if (to > from) yield { from, to };
        from = to;
      }
    };
    const plan = { kind: 'parquet' as const, path, schema, skips: this.faults.skips };
    const parsed = readParts(plan, groups(), this.#options.workers);
    yield* tablesOf(schema, parsed, this.faults, 0, (row) => `${path}, row ${row}`);
  }
}
