// What a model of a table knows besides its weights: which columns it takes, in which order, and which classes it tells apart. It lies in a file
// of JSON beside the model.
import { readFile, writeFile } from 'node:fs/promises';
import type { NDArray } from '../data/ndarray.js';
import type { TableOptions } from '../datasets/table/options.js';
import type { TableDataset } from '../datasets/table/table_dataset.js';
import type { Row } from '../datasets/types.js';
import { ValueError } from '../errors.js';
import { suggest } from '../options.js';
import type { Package } from './command.js';

/** A column of numbers is one input; one of texts has an input for each of its values. */
export interface TableColumn {
  name: string;
  type: 'number' | 'text';
  values?: string[];
}

export interface Table {
  version: 1;
  target: string;
  task: 'classification' | 'regression';
  /** As they stand in the file, in the order of the model's outputs. Empty for a regression. */
  classes: string[];
  columns: TableColumn[];
}

/** Rows of a file, by its ending: Parquet, lines of JSON, or else CSV. */
export function rowsOf({ data }: Package, path: string, options?: TableOptions): TableDataset<Row> {
  if (/\.parquet$/i.test(path)) return data.parquet(path, options);
  return /\.(jsonl|ndjson)(\.gz)?$/i.test(path) ? data.jsonLines(path, options) : data.csv(path, options);
}

/** More values than this are no categories: names, free text, numbers of rows. */
const MOST_VALUES = 1000;
/** Whole numbers with few values are classes. */
const MOST_CLASSES = 20;

export const tablePath = (model: string): string => `${model.replace(/[\\/]+$/, '')}.table.json`;

export async function readTable(model: string): Promise<Table> {
  const path = tablePath(model);
  const text = await readFile(path, 'utf8').catch(() => {
    throw new ValueError(
      `there is no file ${path}, in which gemmfit train notes the columns of the table. Was '${model}' made by it?`,
      'ERR_NO_FILE',
    );
  });
  const table = JSON.parse(text) as Table;
  if (table.version !== 1 || !Array.isArray(table.columns) || !Array.isArray(table.classes))
    throw new ValueError(`${path} is of another version of gemmfit.`, 'ERR_FILE');
  return table;
}

export const writeTable = (model: string, table: Table): Promise<void> =>
  writeFile(tablePath(model), `${JSON.stringify(table, null, 2)}\n`);

export interface ScanOptions {
  target: string;
  ignore: readonly string[];
  task: 'auto' | Table['task'];
  missing: 'error' | 'skip';
}

/** Reads the table once: types of its columns, values of texts, classes of the target. */
export async function scan(gemmfit: Package, path: string, options: ScanOptions): Promise<{ table: Table; rows: number }> {
  const { target, ignore, missing } = options;
  const types = await rowsOf(gemmfit, path).columns();
  const names = Object.keys(types);
  for (const name of [target, ...ignore])
    if (!names.includes(name))
      throw new ValueError(`${path} has no column '${name}'.${suggest(name, names)}`, 'ERR_UNKNOWN_NAME');
  const inputs = names.filter((name) => name !== target && !ignore.includes(name));
  if (inputs.length === 0) throw new ValueError(`${path} has no column besides '${target}' to learn from.`, 'ERR_EMPTY');
  const lists = inputs.find((name) => types[name] === 'array');
  if (lists !== undefined)
    throw new ValueError(`column '${lists}' has lists. Leave it out: --ignore ${lists}`, 'ERR_OUT_OF_RANGE');
  const texts = inputs.filter((name) => types[name] === 'string');
  const found = new Map([target, ...texts].map((name) => [name, new Set<string>()]));
  let rows = 0;
  // The target as it stands in the file: classes may be numbers.
  const all = rowsOf(gemmfit, path, { select: [...inputs, target], columns: { [target]: 'string' }, missing });
  for await (const batch of all.batch(1024) as AsyncIterable<Record<string, string[] | NDArray>>) {
    rows += (batch[target] as string[]).length;
    for (const [name, values] of found)
      for (const value of batch[name] as string[]) if (values.size <= MOST_VALUES) values.add(value);
  }
  for (const name of texts)
    if ((found.get(name)?.size ?? 0) > MOST_VALUES)
      throw new ValueError(
        `column '${name}' has more than ${MOST_VALUES} values: it is no category. Leave it out: --ignore ${name}`,
        'ERR_OUT_OF_RANGE',
      );
  const columns = inputs.map((name): TableColumn => {
    const values = found.get(name);
    return values ? { name, type: 'text', values: [...values].sort() } : { name, type: 'number' };
  });
  const { task, classes } = taskOf(target, found.get(target) as Set<string>, options.task);
  return { table: { version: 1, target, task, classes, columns }, rows };
}

function taskOf(target: string, values: Set<string>, wanted: ScanOptions['task']): Pick<Table, 'task' | 'classes'> {
  const all = [...values];
  const isNumber = (text: string) => text.trim() !== '' && Number.isFinite(Number(text));
  const areNumbers = all.every(isNumber);
  const isClasses = !areNumbers || (all.length <= MOST_CLASSES && all.every((text) => Number.isInteger(Number(text))));
  if (wanted === 'classification' || (wanted === 'auto' && isClasses)) {
    if (all.length < 2 || all.length > MOST_VALUES)
      throw new ValueError(
        `column '${target}' must have 2 to ${MOST_VALUES} classes. It has ${all.length > MOST_VALUES ? 'more' : all.length}.`,
        'ERR_LABELS',
      );
    return { task: 'classification', classes: areNumbers ? all.sort((a, b) => Number(a) - Number(b)) : all.sort() };
  }
  const bad = all.find((text) => !isNumber(text));
  if (bad !== undefined)
    throw new ValueError(`column '${target}' must have numbers for a regression. Received: '${bad}'`, 'ERR_LABELS');
  return { task: 'regression', classes: [] };
}

/** How the reader is to read the columns of the table. */
export function readingOf(table: Table, withTarget: boolean, missing: 'error' | 'skip') {
  const { target, task, classes } = table;
  const types = table.columns.map(({ name, type }) => [name, type === 'text' ? 'string' : 'float32'] as const);
  const isClasses = task === 'classification';
  const label = withTarget ? { label: target, ...(isClasses ? { classes } : {}) } : {};
  return {
    select: [...table.columns.map((c) => c.name), ...(withTarget ? [target] : [])],
    columns: Object.fromEntries<'string' | 'float32'>([
      ...types,
      ...(withTarget ? [[target, isClasses ? 'string' : 'float32'] as const] : []),
    ]),
    missing,
    ...label,
  } as const;
}

/** Inputs of the model. */
export const widthOf = (table: Table): number => table.columns.reduce((n, { values }) => n + (values ? values.length : 1), 0);

/** Makes of a batch of columns the inputs of the model. A text that was not there in training is none of the values. */
export function encoder({ array }: Package, table: Table): (columns: Record<string, NDArray | string[]>) => NDArray {
  const width = widthOf(table);
  const places = table.columns.map(({ values }) => values && new Map(values.map((value, i) => [value, i])));
  return (columns) => {
    const [first] = table.columns;
    const rows = columns[first.name].length;
    const x = new Float32Array(rows * width);
    let at = 0;
    table.columns.forEach(({ name }, c) => {
      const place = places[c];
      if (place) {
        (columns[name] as string[]).forEach((value, row) => {
          const i = place.get(value);
          if (i !== undefined) x[row * width + at + i] = 1;
        });
      } else {
        const { data } = columns[name] as NDArray;
        for (let row = 0; row < rows; row++) x[row * width + at] = data[row];
      }
      at += place ? place.size : 1;
    });
    return array(x, [rows, width]);
  };
}
