import { allocate } from '../data/elements.js';
import { NO_INDEX } from './vocabulary.js';

/** Rows of indices of any lengths, which grow one after the other. */
export class Ragged {
  #values = new Int32Array(1024);
  #size = 0;
  readonly #ends: Int32Array;
  #rows = 0;

  constructor(rows: number) {
    this.#ends = new Int32Array(rows);
  }

  add(index: number): void {
    if (this.#size === this.#values.length) {
      const larger = new Int32Array(2 * this.#size);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#size++] = index;
  }
  endRow(): void {
    this.#ends[this.#rows++] = this.#size;
  }

  /** `[rows, width]`: longer rows are cut, shorter ones filled up. @param width null: that of the longest row, at least 1 */
  toRows(where: string, width: number | null, fill: number): { data: Int32Array; shape: [number, number] } {
    const columns = width ?? this.#longest();
    const shape: [number, number] = [this.#rows, columns];
    const data = allocate(where, 'int32', shape) as Int32Array;
    if (fill !== 0) data.fill(fill);
    for (let r = 0, begin = 0; r < this.#rows; r++) {
      const end = this.#ends[r];
      const n = Math.min(end - begin, columns);
      for (let k = 0; k < n; k++) data[r * columns + k] = this.#values[begin + k];
      begin = end;
    }
    return { data, shape };
  }

  #longest(): number {
    let longest = 1;
    for (let r = 0, begin = 0; r < this.#rows; begin = this.#ends[r++]) longest = Math.max(longest, this.#ends[r] - begin);
    return longest;
  }
}

/** What fills rows up whose indices are counted. */
export const NOT_COUNTED = NO_INDEX;
