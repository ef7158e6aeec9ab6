import { allocate, type TypedArray } from '../../data/elements.js';
import { Table } from '../block.js';
import { type Column, columnOf, dense } from '../columns.js';
import { BadCell, ofValue, SKIP } from './cells.js';
import type { Schema } from './schema.js';

const FIRST = 256;

/** An array for the values of a column; null where they stay in a list. */
export const arrayFor = (type: Schema['fields'][number]['type'], rows: number): TypedArray | null =>
  type === 'string' || type === 'array' ? null : allocate('a dataset', type === 'bool' ? 'uint8' : type, [rows]);

/** Is told of rows that are left out, and of those that do not fit. */
export interface RowFaults {
  missing(message: string): void;
  wrong(message: string): void;
}

/** Makes columns of rows that come one by one. */
export class TableWriter {
  #arrays: (TypedArray | unknown[])[] = [];
  #room = 0;
  length = 0;

  constructor(
    readonly schema: Schema,
    readonly faults: RowFaults,
  ) {
    this.#begin(FIRST);
  }

  #begin(room: number): void {
    this.#room = room;
    this.length = 0;
    this.#arrays = this.schema.fields.map(({ type }) => arrayFor(type, room) ?? []);
  }

  /** @param value of the column with this place or name */
  add(value: (index: number, name: string) => unknown): void {
    if (this.length === this.#room) this.#grow();
    const { fields } = this.schema;
    for (let i = 0; i < fields.length; i++) {
      try {
        const cell = ofValue(fields[i], value(fields[i].index, fields[i].name));
        if (cell === SKIP) {
          this.faults.missing(`column '${fields[i].name}' is missing`);
          return;
        }
        (this.#arrays[i] as unknown[])[this.length] = cell;
      } catch (error) {
        if (!(error instanceof BadCell)) throw error;
        this.faults.wrong(`column '${fields[i].name}' ${error.message}`);
        return;
      }
    }
    this.length++;
  }

  #grow(): void {
    this.#room *= 2;
    this.#arrays = this.#arrays.map((array, i) => {
      if (Array.isArray(array)) return array;
      const grown = arrayFor(this.schema.fields[i].type, this.#room) as Float32Array;
      grown.set(array as Float32Array);
      return grown;
    });
  }

  /** The rows since the last time. */
  take(): Table {
    const { length } = this;
    const columns = this.#arrays.map((array, i): Column => {
      if (!Array.isArray(array)) return dense(array.subarray(0, length) as TypedArray);
      const list = array.slice(0, length);
      return this.schema.fields[i].type === 'array' && length > 0
        ? columnOf(list, `column '${this.schema.fields[i].name}'`)
        : { list };
    });
    const table = new Table(this.schema.structure, columns, length);
    this.#begin(Math.max(FIRST, length));
    return table;
  }
}
