import { ValueError } from '../../errors.js';
import { checkNumber, readOptions } from '../../options.js';
import { recordParts } from '../csv/records.js';
import { type Blocks, type Place, without } from '../node.js';
import { readParts } from '../parts/read_parts.js';
import { tablesOf } from '../parts/tables.js';
import { partsOf } from '../sources/files.js';
import { badRow, Faults } from '../table/faults.js';
import { typeOfValues } from '../table/infer.js';
import { checkTable, type TableOptions, tableDefaults } from '../table/options.js';
import { type Schema, schemaOf } from '../table/schema.js';
import { TableNode } from '../table/table_dataset.js';
import { linesOf, objectOf } from './parse.js';

/** Options of `data.jsonLines`. */
export interface JsonLinesOptions extends TableOptions {
  /** Threads that read beside this one; the rows keep their order. Default 0. */
  workers?: number;
}

/** Rows of files that have an object in each line. */
export class JsonLinesNode extends TableNode {
  readonly faults: Faults;
  readonly #options: Required<JsonLinesOptions>;
  #known: number | null = null;

  constructor(
    readonly paths: readonly string[],
    options: JsonLinesOptions | undefined,
  ) {
    super();
    const o = checkTable(
      'jsonLines',
      readOptions<Required<JsonLinesOptions>>('jsonLines', options, { ...tableDefaults, workers: 0 }),
    );
    checkNumber('jsonLines', 'workers', o.workers, { min: 0, max: 64, integer: true });
    this.#options = o;
    this.faults = new Faults(paths.join(', '), o.badRows === 'skip');
  }

  /** Known once all rows have been read. */
  get length(): number | null {
    return this.#known;
  }

  #parts(path: string): AsyncGenerator<Buffer, void, undefined> {
    return recordParts(path, partsOf('jsonLines', path), null);
  }

  /** The first objects of the first file tell names and types for all. */
  protected async findSchema(): Promise<Schema> {
    const [path] = this.paths;
    const rows: Record<string, unknown>[] = [];
    let first = 1;
    for await (const part of this.#parts(path)) {
      for (const { line, text } of linesOf(part)) {
        const row = objectOf(text);
        if (typeof row !== 'string') rows.push(row);
        else if (!this.faults.skips) throw badRow(`${path}, line ${first + line}: ${row}.`);
        if (rows.length === this.#options.inferRows) break;
      }
      if (rows.length === this.#options.inferRows) break;
      for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) first++;
    }
    if (rows.length === 0) throw new ValueError(`${path}: the file has no objects.`, 'ERR_EMPTY');
    const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    return schemaOf(path, names, this.#options, (index) => typeOfValues(rows.map((row) => row[names[index]])));
  }

  async *blocks({ skip }: Place): Blocks {
    yield* without(this.#rows(), skip);
  }

  async *#rows(): Blocks {
    const schema = await this.schema();
    const plan = { kind: 'jsonLines' as const, schema, skips: this.faults.skips };
    this.faults.begin();
    let rows = 0;
    for (const path of this.paths) {
      const parsed = readParts(plan, this.#parts(path), this.#options.workers);
      for await (const table of tablesOf(schema, parsed, this.faults, 1, (line) => `${path}, line ${line}`)) {
        rows += table.length;
        yield table;
      }
    }
    this.#known = rows;
    this.faults.end();
  }
}
