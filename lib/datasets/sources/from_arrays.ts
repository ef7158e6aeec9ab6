import { isDictionary } from '../../data/containers.js';
import { show, typeError, ValueError } from '../../errors.js';
import { namesOf, Table } from '../block.js';
import { type Column, dense, rowBytes } from '../columns.js';
import { type Blocks, Node, type Place } from '../node.js';
import { numbersOf, type Structure } from '../structure.js';

/** Bytes and rows that go through a dataset together. */
const BLOCK_BYTES = 2 ** 20;
const BLOCK_ROWS = 4096;

/** Rows of a block, where one has so many bytes. */
export const rowsOfBlock = (bytes: number): number =>
  Math.max(1, Math.min(BLOCK_ROWS, Math.floor(BLOCK_BYTES / Math.max(1, bytes))));

/** Rows that lie in memory: views of them, nothing is copied. */
export class TableRows extends Node {
  readonly below: readonly Node[] = [];
  constructor(readonly table: Table) {
    super();
  }

  get length(): number {
    return this.table.length;
  }

  async *blocks({ skip }: Place): Blocks {
    const { length } = this;
    const step = rowsOfBlock(rowBytes(this.table.columns));
    for (let from = skip; from < length; from += step) yield this.table.slice(from, Math.min(length, from + step));
  }
}

/** Arrays as a table: x, y and weights, each an array or arrays by name. */
export function tableOfArrays(where: string, arrays: readonly unknown[]): Table {
  const columns: Column[] = [];
  const lengths: number[] = [];
  const visit = (name: string, value: unknown): Structure => {
    if (isDictionary(value)) {
      const names = Object.keys(value);
      if (names.length === 0) throw typeError(`${where}: ${name} has no arrays. Received: ${show(value)}`);
      return { names, of: names.map((key) => visit(`${name}.${key}`, value[key])) };
    }
    const numbers = numbersOf(`${where}: ${name}`, value);
    if (numbers && numbers.shape.length > 0) {
      lengths.push(numbers.shape[0]);
      return columns.push(dense(numbers.data, numbers.shape.slice(1))) - 1;
    }
    if (!Array.isArray(value)) throw typeError(`${where}: ${name} must be an array, or arrays by name. Received: ${show(value)}`);
    lengths.push(value.length);
    return columns.push({ list: value }) - 1;
  };
  const list = arrays.map((value, i) => visit(['x', 'y', 'sampleWeight'][i], value));
  const structure: Structure = list.length === 1 ? list[0] : { list };
  const other = lengths.findIndex((length) => length !== lengths[0]);
  if (other >= 0) {
    const names = namesOf(structure);
    throw new ValueError(
      `${where}: all arrays must have as many rows. Received: ${names[0]} with ${lengths[0]}, ${names[other]} with ${lengths[other]}. A flat array of several numbers a row gets a shape from array(data, [rows, ...]).`,
      'ERR_LENGTHS',
    );
  }
  return new Table(structure, columns, lengths[0]);
}
