import { Dataset } from '../dataset.js';
import { Node } from '../node.js';
import type { BadRows, Faults } from './faults.js';
import type { ColumnType } from './options.js';
import type { Schema } from './schema.js';

/** A source of rows, whose columns are typed once. */
export abstract class TableNode extends Node {
  readonly below: readonly Node[] = [];
  abstract readonly faults: Faults;
  /** The columns, once somebody has found them out. */
  found: Schema | null = null;

  async schema(): Promise<Schema> {
    const found = this.found ?? (await this.findSchema());
    this.found ??= found;
    return this.found;
  }
  protected abstract findSchema(): Promise<Schema>;
}

/**
 * Rows of a table: what `data.csv` and `data.fromRows` give. It knows its columns, and counts the rows that it left out.
 * @example
 * const rows = data.fromRows([{ age: 31 }, { age: null }], { missing: 'skip' });
 * await rows.toArray(); // [{ age: 31 }]
 * console.log(rows.badRows.count); // 1
 */
export class TableDataset<T = unknown> extends Dataset<T> {
  readonly #table: TableNode;

  /** @internal */
  constructor(node: TableNode) {
    super(node);
    this.#table = node;
  }

  /** Names and types of the columns that are read, in their order. The label and the weight are among them. */
  async columns(): Promise<Record<string, ColumnType | 'array'>> {
    const { fields } = await this.#table.schema();
    return Object.fromEntries(fields.map(({ name, type }) => [name, type]));
  }

  /** Rows that the last reading left out. */
  get badRows(): BadRows {
    return this.#table.faults.badRows;
  }
}
