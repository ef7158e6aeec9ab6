import type { TypedArray } from '../../data/elements.js';
import { type Column, dense } from '../columns.js';
import { type Fault, MOST_EXAMPLES, type Parsed } from '../parts/part.js';
import { BadCell, checkedNumber, ofText, SKIP } from '../table/cells.js';
import type { Field } from '../table/schema.js';
import { arrayFor } from '../table/writer.js';
import { NumberReader } from './numbers.js';
import { closing } from './records.js';

const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 34;

/** Of a row that is left out since a number is missing. */
const MISSING = 'lacks a number';

/** How the rows of a file lie in it. It goes to other threads. */
export interface CsvPlan {
  readonly delimiter: number;
  /** Columns of the file, those that are not read too. */
  readonly width: number;
  readonly names: readonly string[];
  readonly fields: readonly Field[];
  readonly naValues: readonly string[];
  /** Whether rows that do not fit are left out. */
  readonly skips: boolean;
}

/** Reads parts of a CSV file: whole records, each with its line break. */
export class CsvParser {
  readonly #numbers: NumberReader;
  readonly #na: ReadonlySet<string>;
  /** For each column of the file its field; null where it is not read. */
  readonly #byIndex: (Field | null)[];
  readonly #slots: number[];
  #arrays: (TypedArray | unknown[])[] = [];
  #room = 0;
  #line = 0;
  /** Behind the value that was read last. */
  #at = 0;
  /** Rows that the part before this one had: the next will have about as many. */
  #expected = 256;

  constructor(readonly plan: CsvPlan) {
    this.#numbers = new NumberReader(plan.delimiter);
    this.#na = new Set(plan.naValues);
    this.#byIndex = plan.names.map((_, index) => plan.fields.find((field) => field.index === index) ?? null);
    this.#slots = plan.names.map((_, index) => plan.fields.findIndex((field) => field.index === index));
  }

  parse(bytes: Buffer): Parsed {
    const { fields, skips } = this.plan;
    this.#room = this.#expected;
    this.#arrays = fields.map(({ type }) => arrayFor(type, this.#room) ?? []);
    this.#line = 0;
    let rows = 0;
    let skipped = 0;
    let fault: Fault | null = null;
    const examples: Fault[] = [];
    for (let at = 0; at < bytes.length && !fault; ) {
      const line = this.#line;
      if (bytes[at] === NEWLINE || (bytes[at] === RETURN && bytes[at + 1] === NEWLINE)) {
        at += bytes[at] === NEWLINE ? 1 : 2;
        this.#line++;
        continue;
      }
      if (rows === this.#room) this.#grow();
      const wrong = this.#row(bytes, at, rows);
      if (wrong === null) {
        rows++;
        at = this.#at;
        continue;
      }
      if (!skips && wrong !== MISSING) fault = { line, message: wrong };
      skipped++;
      if (examples.length < MOST_EXAMPLES) examples.push({ line, message: wrong });
      this.#line = line;
      at = this.#pass(bytes, at);
    }
    this.#expected = Math.max(256, Math.ceil(rows * 1.1));
    return { columns: this.#columns(rows), rows, lines: this.#line, skipped, examples, fault };
  }

  /** Reads a record into a row. What is wrong with it; null where nothing is. */
  #row(bytes: Buffer, from: number, row: number): string | null {
    const { delimiter, width, names } = this.plan;
    this.#at = from;
    for (let index = 0; index < width; index++) {
      const field = this.#byIndex[index];
      try {
        const isTold = field === null ? this.#passValue(bytes) : this.#value(bytes, field, this.#slots[index], row);
        if (!isTold) return MISSING;
      } catch (error) {
        if (!(error instanceof BadCell)) throw error;
        return `column ${index + 1} '${names[index]}' ${error.message}`;
      }
      const c = bytes[this.#at];
      const isLast = index === width - 1;
      if (c === delimiter) {
        if (isLast) return `has more than ${width} values, the number of columns`;
        this.#at++;
      } else if (!isLast) return `has ${index + 1} values where there are ${width} columns`;
    }
    this.#at += bytes[this.#at] === RETURN ? 2 : 1;
    this.#line++;
    return null;
  }

  /** Reads one value and puts it into its column. False where its row is to be left out. */
  #value(bytes: Buffer, field: Field, slot: number, row: number): boolean {
    const { type } = field;
    const array = this.#arrays[slot] as unknown[];
    if (type !== 'string' && type !== 'bool' && type !== 'int64' && field.classes === null) {
      const isFloat32 = type === 'float32';
      const numbers = this.#numbers;
      if (numbers.read(bytes, this.#at, isFloat32) && this.#endsAt(bytes, numbers.at)) {
        this.#at = numbers.at;
        array[row] = isFloat32 || type === 'float64' ? numbers.value : checkedNumber(field, numbers.value);
        return true;
      }
    }
    const value = ofText(field, this.#text(bytes), this.#na);
    if (value === SKIP) return false;
    array[row] = value;
    return true;
  }

  /** A value as text; without its quotes where it has some. */
  #text(bytes: Buffer): string {
    const from = this.#at;
    if (bytes[from] !== QUOTE) {
      this.#passValue(bytes);
      return bytes.toString('utf8', from, this.#at);
    }
    this.#passValue(bytes);
    const text = bytes.toString('utf8', from + 1, this.#at - 1);
    return text.includes('""') ? text.replaceAll('""', '"') : text;
  }

  /** Whether a value has come to its end. */
  #endsAt(bytes: Buffer, at: number): boolean {
    const c = bytes[at];
    return c === this.plan.delimiter || c === NEWLINE || (c === RETURN && bytes[at + 1] === NEWLINE);
  }

  #passValue(bytes: Buffer): true {
    const { delimiter } = this.plan;
    let at = this.#at;
    if (bytes[at] === QUOTE) {
      const close = closing(bytes, at);
      if (close < 0) throw new BadCell('has a quote that is not closed');
      for (let i = bytes.indexOf(NEWLINE, at); i >= 0 && i < close; i = bytes.indexOf(NEWLINE, i + 1)) this.#line++;
      this.#at = close + 1;
      if (!this.#endsAt(bytes, close + 1)) throw new BadCell('goes on after its closing quote');
      return true;
    }
    for (let c = bytes[at]; c !== delimiter && c !== NEWLINE; ) c = bytes[++at];
    this.#at = bytes[at] === NEWLINE && bytes[at - 1] === RETURN && at > this.#at ? at - 1 : at;
    return true;
  }

  /** Leaves out a record, whatever is in it: the place after it. */
  #pass(bytes: Buffer, from: number): number {
    const { delimiter } = this.plan;
    let isBegin = true;
    for (let at = from; at < bytes.length; at++) {
      const c = bytes[at];
      if (c === NEWLINE) {
        this.#line++;
        return at + 1;
      }
      if (c === QUOTE && isBegin) {
        const close = closing(bytes, at);
        if (close < 0) break;
        for (let i = bytes.indexOf(NEWLINE, at); i >= 0 && i < close; i = bytes.indexOf(NEWLINE, i + 1)) this.#line++;
        at = close;
      }
      isBegin = c === delimiter;
    }
    return bytes.length;
  }

  #grow(): void {
    this.#room *= 2;
    this.#arrays = this.#arrays.map((array, i) => {
      if (Array.isArray(array)) return array;
      const grown = arrayFor(this.plan.fields[i].type, this.#room) as Float32Array;
      grown.set(array as Float32Array);
      return grown;
    });
  }

  #columns(rows: number): Column[] {
    return this.#arrays.map((array): Column => {
      if (!Array.isArray(array)) return dense(array.subarray(0, rows) as TypedArray);
      array.length = rows;
      return { list: array };
    });
  }
}
