import { show, typeError, ValueError } from '../../errors.js';
import { readOptions } from '../../options.js';
import { checkReaders, checkTable, type TableOptions, tableDefaults } from '../table/options.js';

/** Options of `data.csv`. */
export interface CsvOptions extends TableOptions {
  /** What stands between two values. Default: the first of tab, `|`, `;` and `,` that the first line has. */
  delimiter?: string | null;
  /** true: the first line has the names of the columns. false: it is a row, and the columns are named '0', '1', ... Or the names, for a file without them. Default true. */
  header?: boolean | readonly string[];
  /** Texts that stand for a missing number. Default: none at all, NA, N/A, NaN, nan, null, NULL, None, `<NA>`. */
  naValues?: readonly string[];
  /** Threads that read beside this one; the rows keep their order. 0: this thread reads while the engine trains. Default 0. */
  workers?: number;
}

const defaults: Required<CsvOptions> = {
  ...tableDefaults,
  delimiter: null,
  header: true,
  naValues: ['', 'NA', 'N/A', 'n/a', 'NaN', 'nan', 'null', 'NULL', 'None', '<NA>'],
  workers: 0,
};

export function readCsvOptions(given: CsvOptions | undefined): Required<CsvOptions> {
  const o = checkTable('csv', readOptions<Required<CsvOptions>>('csv', given, defaults));
  checkReaders('csv', o.workers);
  if (
    o.delimiter !== null &&
    (typeof o.delimiter !== 'string' || !/^[^"\r\n\w.+-]$/.test(o.delimiter) || o.delimiter.charCodeAt(0) > 127)
  )
    throw new ValueError(
      `csv: 'delimiter' must be one character that no number has, such as ';'. Received: ${show(o.delimiter)}`,
      'ERR_OUT_OF_RANGE',
    );
  const isNames = Array.isArray(o.header) && o.header.length > 0 && o.header.every((name) => typeof name === 'string');
  if (typeof o.header !== 'boolean' && !isNames)
    throw typeError(`csv: 'header' must be true, false or a list of names. Received: ${show(o.header)}`);
  if (!Array.isArray(o.naValues) || o.naValues.some((text) => typeof text !== 'string'))
    throw typeError(`csv: 'naValues' must be a list of texts. Received: ${show(o.naValues)}`);
  return o;
}
