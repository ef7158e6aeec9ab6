import type { FileMetaData, SchemaTree } from 'hyparquet' with { 'resolution-mode': 'import' };
import { ValueError } from '../../errors.js';
import type { PartReader } from '../parts/part.js';
import { ColumnarRows } from '../table/columnar.js';
import type { ColumnType } from '../table/options.js';
import type { Schema } from '../table/schema.js';
import { compressors, library, rangesOf } from './file.js';

/** What the columns of a file become. */
export interface ParquetPlan {
  readonly path: string;
  readonly schema: Schema;
  /** Whether rows that do not fit are left out. */
  readonly skips: boolean;
}

/** What a file says of itself. */
export async function metadataOf(path: string): Promise<{ metadata: FileMetaData; columns: SchemaTree[] }> {
  const { parquetMetadataAsync, parquetSchema } = await library();
  const file = await rangesOf(path);
  try {
    const metadata = await parquetMetadataAsync(file);
    return { metadata, columns: parquetSchema(metadata).children };
  } catch (cause) {
    const message = `${path}: the Parquet file is damaged or no Parquet file: ${(cause as Error).message}`;
    throw Object.assign(new ValueError(message, 'ERR_FILE'), { cause });
  }
}

/** The type of a column, by what the file says: whole numbers are exact, others float32. */
export function typeOfColumn({ element, children }: SchemaTree): ColumnType | 'array' {
  const { type, logical_type: logical, converted_type: converted } = element;
  if (children.length > 0 || element.repetition_type === 'REPEATED') return 'array';
  if (type === 'BOOLEAN') return 'bool';
  if (type === 'FLOAT' || type === 'DOUBLE') return 'float32';
  if (logical?.type === 'FLOAT16' || logical?.type === 'DECIMAL' || converted === 'DECIMAL') return 'float32';
  const isTime = ['DATE', 'TIME', 'TIMESTAMP'].some((word) => (logical?.type ?? converted ?? '').startsWith(word));
  if (isTime || (type !== 'INT32' && type !== 'INT64')) return 'string';
  const isSmall = logical?.type === 'INTEGER' ? logical.bitWidth <= 16 : /^U?INT_(8|16)$/.test(converted ?? '');
  return isSmall ? 'float32' : 'float64';
}

/** Reads groups of rows of a file. */
export async function parquetReader({ path, schema, skips }: ParquetPlan): Promise<PartReader> {
  const { parquetScan } = await library();
  const { metadata } = await metadataOf(path);
  const file = await rangesOf(path);
  return async (part) => {
    const { from, to } = part as { from: number; to: number };
    try {
      // A scan keeps what it has read: one for each group.
      const scan = await parquetScan({ file, metadata, compressors, columns: schema.fields.map(({ name }) => name) });
      const rows = new ColumnarRows(schema, to - from, skips);
      for (const { name } of schema.fields) rows.add(await scan.readColumn({ column: name, rowStart: from, rowEnd: to }));
      return rows.result();
    } catch (cause) {
      if (cause instanceof ValueError) throw cause;
      const { message } = cause as Error;
      const hint = /compress/i.test(message)
        ? ' Snappy, gzip and Brotli are read (Zstandard from Node 22.15 on); write it with one of these.'
        : '';
      throw Object.assign(new ValueError(`${path}: rows ${from} to ${to} cannot be read: ${message}.${hint}`, 'ERR_FILE'), {
        cause,
      });
    }
  };
}
