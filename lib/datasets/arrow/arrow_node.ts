import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { ValueError } from '../../errors.js';
import { readOptions } from '../../options.js';
import type { Blocks } from '../node.js';
import type { Parsed } from '../parts/part.js';
import { tablesOf } from '../parts/tables.js';
import { peer } from '../peers.js';
import { fileError } from '../sources/files.js';
import { ColumnarRows } from '../table/columnar.js';
import { FilesNode } from '../table/files_node.js';
import { type ColumnType, checkTable, type TableOptions, tableDefaults } from '../table/options.js';
import { type Schema, schemaOf } from '../table/schema.js';

type Arrow = typeof import('apache-arrow');
type Batch = import('apache-arrow').RecordBatch;
type DataType = import('apache-arrow').DataType;

/** Rows of Arrow files and streams, a record batch at a time. */
export class ArrowNode extends FilesNode {
  readonly #options: Required<TableOptions>;

  constructor(paths: readonly string[], options: TableOptions | undefined) {
    const o = checkTable('arrow', readOptions<Required<TableOptions>>('arrow', options, tableDefaults));
    super(paths, o.badRows);
    this.#options = o;
  }

  protected async findSchema(): Promise<Schema> {
    const [path] = this.paths;
    const arrow = await library();
    for await (const { schema } of batchesOf(path)) {
      const names = schema.fields.map(({ name }) => name);
      return schemaOf(path, names, this.#options, (index) => typeOfColumn(arrow, schema.fields[index].type));
    }
    throw new ValueError(`${path}: the file has no rows.`, 'ERR_EMPTY');
  }

  protected tables(path: string, schema: Schema): Blocks {
    const parsed = converted(path, schema, this.faults.skips);
    return tablesOf(schema, parsed, this.faults, 0, (row) => `${path}, row ${row}`);
  }
}

const library = (): Promise<Arrow> => peer('arrow', 'apache-arrow');

async function* batchesOf(path: string): AsyncGenerator<Batch, void, undefined> {
  const { RecordBatchReader } = await library();
  try {
    await access(path);
  } catch (error) {
    throw fileError('arrow', path, error);
  }
  const file = createReadStream(path);
  try {
    const reader = await RecordBatchReader.from(file);
    for await (const batch of reader) yield batch;
  } catch (cause) {
    const message = `${path}: the Arrow file is damaged, no Arrow file, or packed: ${(cause as Error).message}`;
    throw Object.assign(new ValueError(message, 'ERR_FILE'), { cause });
  } finally {
    file.destroy();
  }
}

async function* converted(path: string, schema: Schema, skips: boolean): AsyncGenerator<Parsed, void, undefined> {
  for await (const batch of batchesOf(path)) {
    const rows = new ColumnarRows(schema, batch.numRows, skips);
    for (const { name } of schema.fields) {
      const column = batch.getChild(name);
      if (!column) throw new ValueError(`${path}: there is no column '${name}'.`, 'ERR_UNKNOWN_NAME');
      rows.add(Array.from(column, plain));
    }
    yield rows.result();
  }
}

/** Lists are columns of their own. */
const plain = (value: unknown): unknown => {
  const list = value as { toArray?: () => unknown } | null;
  return typeof list?.toArray === 'function' ? list.toArray() : value;
};

/** Whole numbers are exact, others float32. */
function typeOfColumn({ DataType: types }: Arrow, type: DataType): ColumnType | 'array' {
  if (types.isBool(type)) return 'bool';
  if (types.isFloat(type)) return 'float32';
  if (types.isInt(type)) return type.bitWidth <= 16 ? 'float32' : 'float64';
  return types.isList(type) || types.isFixedSizeList(type) ? 'array' : 'string';
}
