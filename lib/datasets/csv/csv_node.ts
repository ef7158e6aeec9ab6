import { ValueError } from '../../errors.js';
import type { Blocks } from '../node.js';
import { readParts } from '../parts/read_parts.js';
import { tablesOf } from '../parts/tables.js';
import { partsOf } from '../sources/files.js';
import { FilesNode } from '../table/files_node.js';
import type { Schema } from '../table/schema.js';
import { type CsvHead, delimiterOf, readHead } from './header.js';
import type { CsvOptions } from './options.js';
import { recordParts } from './records.js';

/** Rows of CSV files, read in parts. */
export class CsvNode extends FilesNode {
  #head: CsvHead | null = null;

  constructor(
    paths: readonly string[],
    readonly options: Required<CsvOptions>,
  ) {
    super(paths, options.badRows);
  }

  protected async findSchema(): Promise<Schema> {
    return (await this.#findHead()).schema;
  }

  /** The first file's first part tells names and types for all. */
  async #findHead(): Promise<CsvHead> {
    if (this.#head) return this.#head;
    const [path] = this.paths;
    for await (const bytes of partsOf('csv', path))
      for await (const part of recordParts(path, partsOf('csv', path), delimiterOf(bytes, this.options))) {
        this.#head ??= readHead(path, part, this.options);
        return this.#head;
      }
    throw new ValueError(`${path}: the file is empty.`, 'ERR_EMPTY');
  }

  protected async *tables(path: string): Blocks {
    const { plan, schema, hasNames } = await this.#findHead();
    const parts = this.#parts(path, plan.delimiter, hasNames ? plan.names : null);
    const parsed = readParts({ ...plan, kind: 'csv' }, parts, this.options.workers);
    yield* tablesOf(schema, parsed, this.faults, hasNames ? 2 : 1, (line) => `${path}, line ${line}`);
  }

  /** The records of a file, without the one of names, which must be the same in all files. */
  async *#parts(path: string, delimiter: number, names: readonly string[] | null): AsyncGenerator<Buffer, void, undefined> {
    let first = names !== null;
    for await (const part of recordParts(path, partsOf('csv', path), delimiter)) {
      if (!first) {
        yield part;
        continue;
      }
      first = false;
      const here = readHead(path, part, { ...this.options, inferRows: 1, classes: null, columns: null, missing: 'error' }).plan
        .names;
      if (here.join('\n') !== (names as readonly string[]).join('\n'))
        throw new ValueError(
          `${path}: its columns are ${here.join(', ')}, those of ${this.paths[0]} are ${(names as readonly string[]).join(', ')}.`,
          'ERR_DATASET',
        );
      const rest = part.subarray(part.indexOf(10) + 1);
      if (rest.length) yield rest;
    }
  }
}
