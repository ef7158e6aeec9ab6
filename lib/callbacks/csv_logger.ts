import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, reading, readOptions } from '../options.js';
import { repr } from '../terminal/numbers.js';
import { Callback, type Logs } from './callback.js';
import { LogFile, readFilename } from './log_file.js';

export interface CSVLoggerOptions {
  /** Path or file URL. Its folder must be there. */
  filename: string | URL;
  /** One character between the columns. Default ','. */
  separator?: string;
  /** Go on with a file that is there, without a second header. Default false: start anew. */
  append?: boolean;
}

/**
 * Writes one row an epoch into a CSV file: `epoch`, then the logs in the order of the alphabet. Without validation in the first epoch there are
 * `val_` columns all the same, filled with `NA`, for validation that comes later. Lines end in CRLF and numbers have all their digits, as in Keras.
 *
 * Training does not wait for the disk; all is written when `fit` returns.
 *
 * @example
 * callbacks.csvLogger('training.csv');
 * callbacks.csvLogger({ filename: 'training.csv', separator: ';', append: true });
 *
 * @throws RuntimeError (code `'ERR_FILE'`) from `fit` where the file cannot be written.
 * Keras: https://keras.io/api/callbacks/csv_logger/
 */
export class CSVLogger extends Callback {
  readonly filename: string;
  readonly separator: string;
  readonly append: boolean;
  #columns: string[] | null = null;
  #headerDue = true;
  readonly #file: LogFile;

  constructor(filename: string | URL | CSVLoggerOptions, options?: Omit<CSVLoggerOptions, 'filename'>) {
    super();
    const isPath = reading('CSVLogger', () => typeof filename === 'string' || filename instanceof URL);
    if (!isPath && options !== undefined)
      throw typeError(
        `CSVLogger: options go either beside the file name or into one object with it. Received: ${show(filename)} and ${show(options)}`,
      );
    const defaults = { separator: ',', append: false };
    const given = isPath ? { ...readOptions('CSVLogger', options, defaults), filename } : filename;
    const o = readOptions<Required<CSVLoggerOptions>>('CSVLogger', given, { filename: '', ...defaults });
    this.filename = readFilename('CSVLogger', o.filename, 'training.csv');
    if (typeof o.separator !== 'string')
      throw typeError(`CSVLogger: 'separator' must be one character. Received: ${show(o.separator)}`);
    if (!/^[^"\r\n]$/u.test(o.separator))
      throw new ValueError(
        `CSVLogger: 'separator' must be one character, no quote or line end. Received: ${show(o.separator)}`,
        'ERR_OUT_OF_RANGE',
      );
    this.separator = o.separator;
    this.append = checkBoolean('CSVLogger', 'append', o.append);
    this.#file = new LogFile('CSVLogger', this.filename, this.append);
  }

  override async onTrainBegin(_logs: Logs): Promise<void> {
    this.#columns = null;
    this.#headerDue = await this.#file.begin(Boolean(this.params?.resumedFrom));
  }

  override async getState() {
    const state = { columns: this.#columns, headerDue: this.#headerDue };
    return { ...state, bytes: await this.#file.place() };
  }
  override async setState({ columns, headerDue, bytes }: Awaited<ReturnType<CSVLogger['getState']>>): Promise<void> {
    await this.#file.goOn(bytes);
    this.#columns = columns;
    this.#headerDue = headerDue;
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    if (!this.#columns) {
      const keys = Object.keys(logs).sort();
      const sets = this.params?.validationSets?.length ? this.params.validationSets : ['val_'];
      const later = sets.filter((prefix) => !keys.some((key) => key.startsWith(prefix)));
      const own = keys.filter((key) => !sets.some((prefix) => key.startsWith(prefix)));
      this.#columns = [...keys, ...later.flatMap((prefix) => own.map((key) => prefix + key))];
      if (this.#headerDue) this.#row(['epoch', ...this.#columns]);
      this.#headerDue = false;
    }
    this.#row([String(epoch), ...this.#columns.map((key) => (Object.hasOwn(logs, key) ? cell(logs[key]) : 'NA'))]);
  }

  override async onTrainEnd(_logs: Logs): Promise<void> {
    await this.#file.end();
  }

  #row(cells: readonly string[]): void {
    const quoted = cells.map((c) => (c.includes(this.separator) || /["\r\n]/.test(c) ? `"${c.replaceAll('"', '""')}"` : c));
    this.#file.add(`${quoted.join(this.separator)}\r\n`);
  }
}

/** Values that are lists become one cell, in the quotes that Keras writes around them. */
function cell(value: unknown): string {
  if (typeof value === 'number') return repr(value);
  const list = (value as { data?: unknown } | null)?.data ?? value;
  if (Array.isArray(list) || ArrayBuffer.isView(list))
    return `"[${Array.from(list as ArrayLike<number>, Number)
      .map(repr)
      .join(', ')}]"`;
  return value === null || value === undefined ? '' : String(value);
}

export const csvLoggerCallbacks = { CSVLogger };
