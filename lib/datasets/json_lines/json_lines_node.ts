import { ValueError } from '../../errors.js';
import { readOptions } from '../../options.js';
import { recordParts } from '../csv/records.js';
import type { Blocks } from '../node.js';
import { readParts } from '../parts/read_parts.js';
import { tablesOf } from '../parts/tables.js';
import { partsOf } from '../sources/files.js';
import { badRow } from '../table/faults.js';
import { FilesNode } from '../table/files_node.js';
import { typeOfValues } from '../table/infer.js';
import { checkReaders, checkTable, type TableOptions, tableDefaults } from '../table/options.js';
import { type Schema, schemaOf } from '../table/schema.js';
import { linesOf, objectOf } from './parse.js';

/** Options of `data.jsonLines`. */
export interface JsonLinesOptions extends TableOptions {
  /** Threads that read beside this one; the rows keep their order. Default 0. */
  workers?: number;
}

/** Rows of files that have an object in each line. */
export class JsonLinesNode extends FilesNode {
  readonly #options: Required<JsonLinesOptions>;

  constructor(paths: readonly string[], options: JsonLinesOptions | undefined) {
    const o = checkTable(
      'jsonLines',
      readOptions<Required<JsonLinesOptions>>('jsonLines', options, { ...tableDefaults, workers: 0 }),
    );
    checkReaders('jsonLines', o.workers);
    super(paths, o.badRows);
    this.#options = o;
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

  protected tables(path: string, schema: Schema): Blocks {
    const plan = { kind: 'jsonLines' as const, schema, skips: this.faults.skips };
    const parsed = readParts(plan, this.#parts(path), this.#options.workers);
    return tablesOf(schema, parsed, this.faults, 1, (line) => `${path}, line ${line}`);
  }
}
