import type { CsvPlan } from '../csv/parse.js';
import type { JsonLinesPlan } from '../json_lines/parse.js';
import type { ParquetPlan } from '../parquet/read.js';

/** How the parts of a file are read. It goes to other threads. */
export type Plan =
  | (CsvPlan & { readonly kind: 'csv' })
  | (JsonLinesPlan & { readonly kind: 'jsonLines' })
  | (ParquetPlan & { readonly kind: 'parquet' });
