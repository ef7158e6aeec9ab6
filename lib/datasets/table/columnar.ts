import type { TypedArray } from '../../data/elements.js';
import { type Column, columnOf, dense } from '../columns.js';
import { type Fault, MOST_EXAMPLES, type Parsed } from '../parts/part.js';
import { BadCell, ofValue, SKIP } from './cells.js';
import type { Schema } from './schema.js';
import { arrayFor } from './writer.js';

/** Rows of which whole columns come: each is converted by itself, and rows that do not fit are taken out in the end. */
export class ColumnarRows {
  readonly #columns: Column[] = [];
  /** Rows that are left out. */
  readonly #out = new Map<number, string>();
  #fault: Fault | null = null;

  constructor(
    readonly schema: Schema,
    readonly rows: number,
    readonly skips: boolean,
  ) {}

  /** The values of the next column of the schema. */
  add(values: ArrayLike<unknown>): void {
    const field = this.schema.fields[this.#columns.length];
    const array = arrayFor(field.type, this.rows) as unknown[] | null;
    const list: unknown[] = array ?? new Array(this.rows);
    for (let row = 0; row < this.rows; row++) {
      try {
        const value = ofValue(field, values[row]);
        if (value !== SKIP) list[row] = value;
        else this.#out.set(row, `column '${field.name}' is missing`);
      } catch (error) {
        if (!(error instanceof BadCell)) throw error;
        const message = `column '${field.name}' ${error.message}`;
        if (!this.skips && (!this.#fault || row < this.#fault.line)) this.#fault = { line: row, message };
        this.#out.set(row, message);
      }
    }
    if (array) this.#columns.push(dense(array as unknown as TypedArray));
    else if (field.type === 'array' && this.#out.size === 0) this.#columns.push(columnOf(list, `column '${field.name}'`));
    else this.#columns.push({ list });
  }

  result(): Parsed {
    const fault = this.#fault as Fault | null;
    const last = fault ? fault.line : this.rows;
    const kept = Array.from({ length: last }, (_, row) => row).filter((row) => !this.#out.has(row));
    const columns = kept.length === this.rows ? this.#columns : this.#columns.map((column, i) => this.#pick(column, kept, i));
    const out = [...this.#out].sort(([a], [b]) => a - b).slice(0, MOST_EXAMPLES);
    const examples = out.map(([line, message]) => ({ line, message }));
    return { columns, rows: kept.length, lines: this.rows, skipped: this.#out.size, examples, fault };
  }

  #pick(column: Column, rows: readonly number[], index: number): Column {
    const { name, type } = this.schema.fields[index];
    if ('list' in column) {
      const list = rows.map((row) => column.list[row]);
      return type === 'array' && list.length ? columnOf(list, `column '${name}'`) : { list };
    }
    const { data, shape, size } = column;
    const out = new (data.constructor as new (length: number) => Float32Array)(rows.length * size);
    rows.forEach((row, i) => {
      out.set(data.subarray(row * size, (row + 1) * size) as Float32Array, i * size);
    });
    return dense(out, shape);
  }
}
