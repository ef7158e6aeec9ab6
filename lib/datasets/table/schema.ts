import { ValueError } from '../../errors.js';
import { suggest } from '../../options.js';
import type { Structure } from '../structure.js';
import type { ColumnType, TableOptions } from './options.js';

/** A column that is read, and how. */
export interface Field {
  readonly name: string;
  /** Its place among the columns of the file. */
  readonly index: number;
  /** `'array'`: numbers of one shape in each row, as they come. */
  readonly type: ColumnType | 'array';
  /** What a missing value becomes; null: an error. `'skip'`: its row is left out. */
  readonly missing: { readonly value: number | string } | 'skip' | null;
  /** Of a label that is text. */
  readonly classes: readonly string[] | null;
}

/** The columns of a table, once they are known. */
export interface Schema {
  readonly fields: readonly Field[];
  readonly structure: Structure;
}

/** What the columns of this file become. `inferred` gives the type of a column that has none yet. */
export function schemaOf(
  where: string,
  names: readonly string[],
  o: Required<TableOptions>,
  inferred: (index: number) => ColumnType | 'array',
): Schema {
  checkNames(where, names, o);
  const { label, sampleWeight, select } = o;
  const isRead = (name: string) => !select || select.includes(name) || name === label || name === sampleWeight;
  const fields = names.flatMap((name, index) => (isRead(name) ? [fieldOf(where, name, index, o, inferred)] : []));
  const leaf = (name: string) => fields.findIndex((field) => field.name === name);
  const columns = fields.map(({ name }) => name).filter((name) => name !== label && name !== sampleWeight);
  if (columns.length === 0)
    throw new ValueError(`${where}: there is no column besides the label. The columns are ${names.join(', ')}.`, 'ERR_DATASET');
  const x: Structure = { names: columns, of: columns.map(leaf) };
  if (label === null) {
    if (sampleWeight !== null)
      throw new ValueError(`${where}: 'sampleWeight' goes with a 'label': rows are [x, y, weight].`, 'ERR_DATASET');
    return { fields, structure: x };
  }
  return { fields, structure: { list: [x, leaf(label), ...(sampleWeight === null ? [] : [leaf(sampleWeight)])] } };
}

function checkNames(where: string, names: readonly string[], o: Required<TableOptions>): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new ValueError(
      `${where}: two columns are named '${twice}'. Give each a name of its own (header: [...]).`,
      'ERR_DATASET',
    );
  const asked: [string, readonly string[]][] = [
    ['label', o.label === null ? [] : [o.label]],
    ['sampleWeight', o.sampleWeight === null ? [] : [o.sampleWeight]],
    ['select', o.select ?? []],
    ['columns', Object.keys(o.columns ?? {})],
    ['missing', typeof o.missing === 'string' ? [] : Object.keys(o.missing)],
  ];
  for (const [option, list] of asked)
    for (const name of list)
      if (!names.includes(name))
        throw new ValueError(
          `${where}: there is no column '${name}', which '${option}' names.${suggest(name, names)}`,
          'ERR_UNKNOWN_NAME',
        );
}

function fieldOf(
  where: string,
  name: string,
  index: number,
  o: Required<TableOptions>,
  inferred: (index: number) => ColumnType | 'array',
): Field {
  const classes = name === o.label ? o.classes : null;
  const given = o.columns && Object.hasOwn(o.columns, name) ? o.columns[name] : undefined;
  const type = classes ? 'int32' : (given ?? inferred(index));
  return { name, index, type, classes, missing: missingOf(where, name, type, o.missing) };
}

function missingOf(
  where: string,
  name: string,
  type: Field['type'],
  missing: Required<TableOptions>['missing'],
): Field['missing'] {
  if (missing === 'error') return null;
  if (missing === 'skip') return type === 'string' ? null : 'skip';
  const isFloat = type === 'float32' || type === 'float64';
  if (missing === 'nan') return isFloat ? { value: Number.NaN } : null;
  if (!Object.hasOwn(missing, name)) return null;
  const value = missing[name];
  if (type === 'string' ? typeof value !== 'string' : typeof value === 'string')
    throw new ValueError(
      `${where}: 'missing' gives column '${name}' the value ${JSON.stringify(value)}, and the column is ${type}.`,
      'ERR_OUT_OF_RANGE',
    );
  return { value: typeof value === 'boolean' ? Number(value) : value };
}
