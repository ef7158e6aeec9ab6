import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { RuntimeError, show, typeError, ValueError } from '../errors.js';
import { checkBoolean, reading, readOptions } from '../options.js';
import { repr } from '../terminal/numbers.js';
import { AppendedFile } from './appended_file.js';
import { Callback, type Logs } from './callback.js';

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
  #file: AppendedFile;

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
    if (!(o.filename instanceof URL) && (typeof o.filename !== 'string' || o.filename === ''))
      throw typeError(`CSVLogger: 'filename' must be a path such as 'training.csv'. Received: ${show(o.filename)}`);
    if (typeof o.separator !== 'string')
      throw typeError(`CSVLogger: 'separator' must be one character. Received: ${show(o.separator)}`);
    if (!/^[^"\r\n]$/u.test(o.separator))
      throw new ValueError(
        `CSVLogger: 'separator' must be one character, no quote or line end. Received: ${show(o.separator)}`,
        'ERR_OUT_OF_RANGE',
      );
    this.filename = o.filename instanceof URL ? fileURLToPath(o.filename) : o.filename;
    this.separator = o.separator;
    this.append = checkBoolean('CSVLogger', 'append', o.append);
    this.#file = new AppendedFile(this.filename);
  }

  override async onTrainBegin(_logs: Logs): Promise<void> {
    await this.#file.written();
    this.#file = new AppendedFile(this.filename);
    this.#columns = null;
    try {
      // A training that goes on after a crash: `setState` says how much of the file is of what is done.
      const file = await open(this.filename, this.append || this.params?.resumedFrom ? 'a' : 'w');
      this.#file.bytes = (await file.stat().finally(() => file.close())).size;
      this.#headerDue = this.#file.bytes === 0;
    } catch (error) {
      throw this.#failure(error as Error);
    }
  }

  /** All rows so far are on the disk before a checkpoint says so. */
  override async getState() {
    const state = { columns: this.#columns, headerDue: this.#headerDue, bytes: this.#file.bytes };
    await this.#file.sync();
    return state;
  }
  /** Rows that came after the checkpoint come again: those that are there go. */
  override async setState({ columns, headerDue, bytes }: Awaited<ReturnType<CSVLogger['getState']>>): Promise<void> {
    if (this.#file.bytes < bytes)
      throw new RuntimeError(
        `CSVLogger: '${this.filename}' has ${this.#file.bytes} bytes where the checkpoint left ${bytes}. Put the file back, or train anew (resume: 'never').`,
        'ERR_FILE',
      );
    this.#columns = columns;
    this.#headerDue = headerDue;
    await this.#file.cut(bytes);
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.#throwIfFailed();
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
    await this.#file.written();
    this.#throwIfFailed();
  }

  #row(cells: readonly string[]): void {
    const quoted = cells.map((c) => (c.includes(this.separator) || /["\r\n]/.test(c) ? `"${c.replaceAll('"', '""')}"` : c));
    this.#file.add(Buffer.from(`${quoted.join(this.separator)}\r\n`));
  }

  #throwIfFailed(): void {
    if (this.#file.error) throw this.#failure(this.#file.error);
  }

  #failure(error: Error): Error {
    return Object.assign(
      new RuntimeError(
        `CSVLogger: cannot write '${this.filename}': ${error.message}. Is the folder there, and may it be written?`,
        'ERR_FILE',
      ),
      { cause: error },
    );
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
