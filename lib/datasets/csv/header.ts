import { ValueError } from '../../errors.js';
import { typeOfTexts } from '../table/infer.js';
import type { ColumnType } from '../table/options.js';
import { type Schema, schemaOf } from '../table/schema.js';
import type { CsvOptions } from './options.js';
import { CsvParser, type CsvPlan } from './parse.js';

const DELIMITERS = ['\t', '|', ';', ','];

/** What a file's first records tell. */
export interface CsvHead {
  readonly plan: CsvPlan;
  readonly schema: Schema;
  /** Whether the first record has names. */
  readonly hasNames: boolean;
}

/** Names and types of the columns, from the first records of a file. */
export function readHead(file: string, bytes: Buffer, o: Required<CsvOptions>): CsvHead {
  const code = delimiterOf(bytes, o);
  const hasNames = o.header === true;
  const records = textsOf(file, bytes, code, o.inferRows + (hasNames ? 1 : 0));
  if (records.length === 0) throw new ValueError(`${file}: the file is empty.`, 'ERR_EMPTY');
  const names = hasNames
    ? (records.shift() as string[]).map((name) => name.trim())
    : Array.isArray(o.header)
      ? [...o.header]
      : records[0].map((_, i) => String(i));
  if (hasNames && names.some((name) => name === ''))
    throw new ValueError(
      `${file}, line 1: column ${names.indexOf('') + 1} has no name. Give names: header: [...]`,
      'ERR_DATASET',
    );
  if (!hasNames && names.length !== records[0].length)
    throw new ValueError(
      `${file}: 'header' has ${names.length} names, and the first row ${records[0].length} values.`,
      'ERR_DATASET',
    );
  const na = new Set(o.naValues);
  const inferred = (index: number): ColumnType =>
    typeOfTexts(
      records.flatMap((record) => (record.length === names.length ? [record[index]] : [])),
      na,
    );
  const schema = schemaOf(file, names, o, inferred);
  const plan: CsvPlan = {
    delimiter: code,
    width: names.length,
    names,
    fields: schema.fields,
    naValues: o.naValues,
    skips: o.badRows === 'skip',
  };
  return { plan, schema, hasNames };
}

/** The character that separates values: that of the options, or what the first line has outside of quotes. */
export function delimiterOf(bytes: Buffer, o: Required<CsvOptions>): number {
  const end = bytes.indexOf(10);
  const line = bytes.toString('latin1', 0, end < 0 ? bytes.length : end).replace(/"[^"]*"/g, '');
  return (o.delimiter ?? DELIMITERS.find((c) => line.includes(c)) ?? ',').charCodeAt(0);
}

/** The first records as texts, whatever their types will be. */
function textsOf(file: string, bytes: Buffer, delimiter: number, most: number): string[][] {
  const out: string[][] = [];
  for (let at = 0; at < bytes.length && out.length < most; ) {
    const end = endOfRecord(bytes, at, delimiter);
    const record = bytes.subarray(at, end);
    at = end;
    if (record.toString('latin1').trim() === '') continue;
    out.push(splitRecord(file, record, delimiter));
  }
  return out;
}

/** The values of a record: it is read as a table of one row, as wide as it is. */
function splitRecord(file: string, record: Buffer, delimiter: number): string[] {
  const most = record.reduce((n, c) => n + Number(c === delimiter), 1);
  for (let width = most; width > 0; width--) {
    const names = Array.from({ length: width }, (_, i) => String(i));
    const fields = names.map((name, index) => ({ name, index, type: 'string' as const, missing: null, classes: null }));
    const { columns, rows } = new CsvParser({ delimiter, width, names, fields, naValues: [], skips: true }).parse(record);
    if (rows === 1) return columns.map((column) => (column as { list: string[] }).list[0]);
  }
  throw new ValueError(`${file}: a quote is not closed in ${JSON.stringify(record.toString('utf8', 0, 60))}.`, 'ERR_BAD_ROW');
}

function endOfRecord(bytes: Buffer, from: number, delimiter: number): number {
  let isBegin = true;
  for (let at = from; at < bytes.length; at++) {
    const c = bytes[at];
    if (c === 10) return at + 1;
    if (c === 34 && isBegin) {
      for (at++; at < bytes.length && (bytes[at] !== 34 || bytes[at + 1] === 34); at++) if (bytes[at] === 34) at++;
    }
    isBegin = c === delimiter;
  }
  return bytes.length;
}
