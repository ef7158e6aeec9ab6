import { dtypeOf, type TypedArray } from '../data/elements.js';
import { show, typeError, ValueError } from '../errors.js';
import { isPlain, suggest } from '../options.js';

/** One column: its values row by row, whatever they are. */
export type Column = ArrayLike<unknown>;

/** Columns of a table by their names, of one length. */
export interface Table {
  rows: number;
  columns: Map<string, Column>;
}

/** The columns named, of rows of objects or of an object of columns. Others are passed over; one that is missing is a ValueError. */
export function readTable(where: string, value: unknown, names: readonly string[]): Table {
  if (Array.isArray(value)) return ofRows(where, value, names);
  if (isPlain(value)) return ofColumns(where, value, names);
  throw typeError(
    `${where} must be a table: rows [{ ${names[0]}: ... }, ...], or columns { ${names[0]}: [...], ... }. Received: ${show(value)}`,
  );
}

function ofRows(where: string, rows: readonly unknown[], names: readonly string[]): Table {
  if (rows.length === 0) throw new ValueError(`${where} is empty: it has no rows.`, 'ERR_EMPTY');
  for (let i = 0; i < rows.length; i++)
    if (typeof rows[i] !== 'object' || rows[i] === null || Array.isArray(rows[i]))
      throw typeError(`${where}: row ${i} must be an object { ${names[0]}: ... }. Received: ${show(rows[i])}`);
  const objects = rows as readonly Record<string, unknown>[];
  const columns = new Map<string, Column>();
  for (const name of names) {
    // A column that no row has is a misspelling; one that some rows lack has missing values.
    if (!objects.some((row) => Object.hasOwn(row, name))) throw noColumn(where, name, Object.keys(objects[0]));
    columns.set(
      name,
      objects.map((row) => row[name]),
    );
  }
  return { rows: rows.length, columns };
}

function ofColumns(where: string, given: Record<string, unknown>, names: readonly string[]): Table {
  const columns = new Map<string, Column>();
  let rows = -1;
  for (const name of names) {
    if (!Object.hasOwn(given, name)) throw noColumn(where, name, Object.keys(given));
    const column = flat(where, name, given[name]);
    if (rows >= 0 && column.length !== rows)
      throw new ValueError(
        `${where}: all columns must have one length. Received: ${rows} in '${names[0]}', ${column.length} in '${name}'.`,
        'ERR_LENGTHS',
      );
    rows = column.length;
    columns.set(name, column);
  }
  if (rows === 0) throw new ValueError(`${where} is empty: its columns have no values.`, 'ERR_EMPTY');
  return { rows, columns };
}

/** A list, a typed array, or `{ data, shape }` of one column. */
function flat(where: string, name: string, value: unknown): Column {
  if (Array.isArray(value)) return value.length && Array.isArray(value[0]) ? value.map((cell) => (cell as unknown[])[0]) : value;
  if (dtypeOf(value)) return value as TypedArray;
  const { data, shape } = (value ?? {}) as { data?: Column; shape?: readonly number[] };
  if (shape && (Array.isArray(data) || dtypeOf(data))) return data as Column;
  throw typeError(`${where}: column '${name}' must be a list or a typed array. Received: ${show(value)}`);
}

const noColumn = (where: string, name: string, there: readonly string[]): ValueError =>
  new ValueError(`${where}: there is no column '${name}'.${suggest(name, there)}`, 'ERR_MISSING_DATA');

/** Columns of several batches, one behind the other. */
export function joinTables(tables: readonly Table[], names: readonly string[]): Table {
  if (tables.length === 1) return tables[0];
  const columns = new Map(names.map((name) => [name, tables.flatMap((t) => Array.from(t.columns.get(name) as Column))]));
  return { rows: tables.reduce((n, t) => n + t.rows, 0), columns };
}
