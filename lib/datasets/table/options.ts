import { type DType, dtypes } from '../../data/elements.js';
import { show, typeError, ValueError } from '../../errors.js';
import { checkNumber, checkOneOf, isPlain } from '../../options.js';

/** What a column holds: numbers of an element type, `'bool'` (0 and 1 in a Uint8Array) or `'string'`. */
export type ColumnType = DType | 'bool' | 'string';

/** What stands for a missing value: a number or a text for columns by name, or one rule for all of them. */
export type Missing = 'error' | 'nan' | 'skip' | { readonly [column: string]: number | string | boolean };

/** Options that all readers of tables have. */
export interface TableOptions {
  /** The column that is y. Rows then are `[row, label]`. */
  label?: string | null;
  /** The column that weighs the rows. */
  sampleWeight?: string | null;
  /** Names of classes, where the label is text: y is their place in this list. Default: the label is a number. */
  classes?: readonly string[] | null;
  /** Types of columns, `{ age: 'float32', id: 'string' }`. The others are found out from the first rows: numbers are float32 (float64 where whole ones are beyond 2^24). */
  columns?: { readonly [column: string]: ColumnType } | null;
  /** The columns to read. Default: all. */
  select?: readonly string[] | null;
  /**
   * What a missing number becomes. `'error'`, the default: reading ends with an error that names the place. `'nan'`: NaN. `'skip'`: the row is left out and
   * counted. `{ age: 30 }`: these values in these columns, an error in others. An empty text is a text, unless it is given a value here.
   */
  missing?: Missing;
  /** What happens with a row that does not fit: `'error'`, the default, or `'skip'`: it is left out and counted in `badRows`. */
  badRows?: 'error' | 'skip';
  /** Rows from which types are found out. Default 1000. */
  inferRows?: number;
}

export const tableDefaults: Required<TableOptions> = {
  label: null,
  sampleWeight: null,
  classes: null,
  columns: null,
  select: null,
  missing: 'error',
  badRows: 'error',
  inferRows: 1000,
};

const COLUMN_TYPES: readonly ColumnType[] = [...dtypes, 'bool', 'string'];

/** Threads that read files beside this one. */
export const checkReaders = (where: string, workers: unknown): number =>
  checkNumber(where, 'workers', workers, { min: 0, max: 64, integer: true });

/** Checks what the options of all readers of tables have in common. */
export function checkTable<O extends Required<TableOptions>>(where: string, o: O): O {
  for (const name of ['label', 'sampleWeight'] as const)
    if (o[name] !== null && typeof o[name] !== 'string')
      throw typeError(`${where}: '${name}' must be the name of a column. Received: ${show(o[name])}`);
  for (const name of ['classes', 'select'] as const) {
    const list = o[name];
    if (list !== null && (!Array.isArray(list) || list.length === 0 || list.some((item) => typeof item !== 'string')))
      throw typeError(`${where}: '${name}' must be a list of texts. Received: ${show(list)}`);
  }
  if (o.classes && o.label === null)
    throw new ValueError(
      `${where}: 'classes' are those of the label. Say which column that is: label: 'species'`,
      'ERR_OUT_OF_RANGE',
    );
  if (o.columns !== null) {
    if (!isPlain(o.columns))
      throw typeError(`${where}: 'columns' must be an object of types, such as { age: 'float32' }. Received: ${show(o.columns)}`);
    for (const [name, type] of Object.entries(o.columns)) checkOneOf(where, `columns.${name}`, type, COLUMN_TYPES);
  }
  if (typeof o.missing === 'string') checkOneOf(where, 'missing', o.missing, ['error', 'nan', 'skip']);
  else if (!isPlain(o.missing) || Object.values(o.missing).some((v) => !['number', 'string', 'boolean'].includes(typeof v)))
    throw typeError(
      `${where}: 'missing' must be 'error', 'nan', 'skip' or values by column, such as { age: 30 }. Received: ${show(o.missing)}`,
    );
  checkOneOf(where, 'badRows', o.badRows, ['error', 'skip']);
  checkNumber(where, 'inferRows', o.inferRows, { min: 1, integer: true });
  return o;
}
