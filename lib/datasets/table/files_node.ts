import type { Block } from '../block.js';
import { type Blocks, type Place, without } from '../node.js';
import { Faults } from './faults.js';
import type { Schema } from './schema.js';
import { TableNode } from './table_dataset.js';

/** Rows of files, one after the other. A subclass finds the columns, and reads one file. */
export abstract class FilesNode extends TableNode {
  readonly faults: Faults;
  /** How many rows there are, once somebody knows. */
  protected known: number | null = null;

  constructor(
    readonly paths: readonly string[],
    badRows: 'error' | 'skip',
  ) {
    super();
    this.faults = new Faults(paths.join(', '), badRows === 'skip');
  }

  /** Known once all rows have been read. */
  get length(): number | null {
    return this.known;
  }

  /** The rows of one file. */
  protected abstract tables(path: string, schema: Schema): AsyncIterable<Block>;

  async *blocks({ skip }: Place): Blocks {
    yield* without(this.#all(), skip);
  }

  async *#all(): Blocks {
    const schema = await this.schema();
    this.faults.begin();
    let rows = 0;
    for (const path of this.paths)
      for await (const table of this.tables(path, schema)) {
        rows += table.length;
        yield table;
      }
    this.known = rows;
    this.faults.end();
  }
}
