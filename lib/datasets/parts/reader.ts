import { CsvParser } from '../csv/parse.js';
import { JsonLinesParser } from '../json_lines/parse.js';
import { parquetReader } from '../parquet/read.js';
import type { PartReader } from './part.js';
import type { Plan } from './plan.js';

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** What reads the parts of a plan, in whatever thread. */
export async function openReader(plan: Plan): Promise<PartReader> {
  if (plan.kind === 'parquet') return await parquetReader(plan);
  const parser = plan.kind === 'csv' ? new CsvParser(plan) : new JsonLinesParser(plan);
  return (part) => parser.parse(buffer(part as Uint8Array));
}
