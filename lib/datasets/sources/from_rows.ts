import { isOnesOwn } from '../../data/open.js';
import { RuntimeError, show, typeError, ValueError } from '../../errors.js';
import { readOptions } from '../../options.js';
import { type Blocks, type Place, without } from '../node.js';
import { Faults } from '../table/faults.js';
import { typeOfValues } from '../table/infer.js';
import { checkTable, type TableOptions, tableDefaults } from '../table/options.js';
import { type Schema, schemaOf } from '../table/schema.js';
import { TableNode } from '../table/table_dataset.js';
import { TableWriter } from '../table/writer.js';
import { Given } from './iterables.js';

/** Rows that go through a dataset together. */
const BLOCK_ROWS = 1024;

type RowObject = Record<string, unknown>;

/** Rows as objects, wherever they come from: lists, cursors of databases, streams. */
export class RowsNode extends TableNode {
  readonly faults: Faults;
  readonly #given: Given;
  readonly #isOwn: boolean;
  readonly #options: Required<TableOptions>;
  /** Rows by which the types were found, where they cannot be read again. */
  #known: number | null = null;

  constructor(rows: unknown, options: TableOptions | undefined) {
    super();
    this.#options = checkTable('fromRows', readOptions<Required<TableOptions>>('fromRows', options, tableDefaults));
    this.#given = new Given('fromRows', rows);
    this.#isOwn = isOnesOwn(rows);
    this.faults = new Faults('fromRows', this.#options.badRows === 'skip');
    if (Array.isArray(rows) && this.#options.badRows === 'error' && this.#options.missing !== 'skip') this.#known = rows.length;
  }

  get length(): number | null {
    return this.#known;
  }

  protected async findSchema(): Promise<Schema> {
    if (this.#isOwn)
      throw new RuntimeError(
        'fromRows: the columns of a stream are known once it is read, since it is read once.',
        'ERR_DATASET',
      );
    const rows: RowObject[] = [];
    for await (const row of this.#given.elements()) {
      rows.push(checkRow(row, rows.length));
      if (rows.length === this.#options.inferRows) break;
    }
    return this.#schemaOf(rows);
  }

  #schemaOf(rows: readonly RowObject[]): Schema {
    if (rows.length === 0) throw new ValueError('fromRows: there are no rows, from which the columns are known.', 'ERR_EMPTY');
    const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    return schemaOf('fromRows', names, this.#options, (index) => typeOfValues(rows.map((row) => row[names[index]])));
  }

  async *blocks({ skip }: Place): Blocks {
    yield* without(this.#rows(), skip);
  }

  /** One reading finds the types and gives the rows: a stream can be read once. */
  async *#rows(): Blocks {
    this.faults.begin();
    let first: RowObject[] = [];
    let count = 0;
    const told = (message: string) => `fromRows: row ${count - 1}: ${message}.`;
    const faults = {
      missing: (message: string) => this.faults.count(1, [told(message)]),
      wrong: (message: string) => this.faults.note(told(message)),
    };
    let writer: TableWriter | null = this.found && new TableWriter(this.found, faults);
    const write = (row: RowObject) => {
      count++;
      // Of objects of classes too, whose columns are getters.
      writer?.add((_, name) => row[name]);
    };
    const begin = () => {
      this.found ??= this.#schemaOf(first);
      writer = new TableWriter(this.found, faults);
      for (const row of first) write(row);
      first = [];
    };
    for await (const given of this.#given.elements()) {
      const row = checkRow(given, count + first.length);
      if (writer) write(row);
      else if (first.push(row) === this.#options.inferRows) begin();
      if (writer && (writer as TableWriter).length >= BLOCK_ROWS) yield (writer as TableWriter).take();
    }
    if (!writer) begin();
    if ((writer as unknown as TableWriter).length > 0) yield (writer as unknown as TableWriter).take();
    this.faults.end();
  }
}

/** An object of any class: drivers of databases have their own. */
function checkRow(row: unknown, number: number): RowObject {
  if (typeof row === 'object' && row !== null && !Array.isArray(row) && !ArrayBuffer.isView(row)) return row as RowObject;
  throw typeError(
    `fromRows: row ${number} must be an object of columns, such as { age: 31, city: 'Rome' }. Received: ${show(row)}`,
    'ERR_DATASET',
  );
}
