import { checkBoolean, checkNumber, reading, readOptions } from '../options.js';
import { Callback, type Logs } from './callback.js';
import { LogFile, readFilename } from './log_file.js';

/** Options of {@link JSONLogger}. */
export interface JSONLoggerOptions {
  /** Path or file URL. Its folder must be there. */
  filename: string | URL;
  /** Go on with a file that is there. Default false: start anew. */
  append?: boolean;
  /** Batches after which loss and metrics of the epoch so far are written too. Default 0: never. */
  every?: number;
}

/** Numbers as JSON has them: what is not finite becomes null, arrays become lists. */
const plain = (_: string, value: unknown): unknown => {
  const list = (value as { data?: unknown } | null)?.data ?? value;
  return ArrayBuffer.isView(list) ? Array.from(list as Float32Array) : value;
};

/**
 * Writes a line of JSON an epoch: `{"event":"epoch","time":"2026-12-01T12:00:00.000Z","epoch":0,"loss":0.5,"val_loss":0.6}`, which log
 * collectors read and `gemmfit plot` draws. With `every` also lines of the event `batch`, whose `batch` counts from 0.
 *
 * `every` makes training come back to JavaScript after each batch. Training does not wait for the disk; all is written when `fit` returns, and
 * one that goes on from a checkpoint goes on with the file.
 *
 * @example
 * callbacks.jsonLogger('training.jsonl');
 * callbacks.jsonLogger({ filename: 'training.jsonl', append: true, every: 100 });
 *
 * @throws RuntimeError (code `'ERR_FILE'`) from `fit` where the file cannot be written.
 */
export class JSONLogger extends Callback {
  readonly filename: string;
  readonly append: boolean;
  readonly every: number;
  readonly #file: LogFile;
  #epoch = 0;

  constructor(options: string | URL | JSONLoggerOptions) {
    super();
    const where = 'JSONLogger';
    const isPath = reading(where, () => typeof options === 'string' || options instanceof URL);
    const given = isPath ? { filename: options as string } : options;
    const o = readOptions<Required<JSONLoggerOptions>>(where, given, { filename: '', append: false, every: 0 });
    this.filename = readFilename(where, o.filename, 'training.jsonl');
    this.append = checkBoolean(where, 'append', o.append);
    this.every = checkNumber(where, 'every', o.every, { min: 0, integer: true });
    this.#file = new LogFile(where, this.filename, this.append);
    // Without it training need not come back after each batch.
    if (this.every > 0) this.onTrainBatchEnd = this.#batchEnds;
  }

  override async onTrainBegin(_logs: Logs): Promise<void> {
    await this.#file.begin(Boolean(this.params?.resumedFrom));
  }

  override async getState() {
    return { epoch: this.#epoch, bytes: await this.#file.place() };
  }
  override async setState({ epoch, bytes }: { epoch: number; bytes: number }): Promise<void> {
    await this.#file.goOn(bytes);
    // An epoch that is taken up in its middle does not begin again.
    this.#epoch = epoch;
  }

  override onEpochBegin(epoch: number, _logs: Logs): void {
    this.#epoch = epoch;
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.#line('epoch', { epoch, ...logs });
  }

  override async onTrainEnd(_logs: Logs): Promise<void> {
    await this.#file.end();
  }

  #batchEnds(batch: number, logs: Logs): void {
    if ((batch + 1) % this.every === 0) this.#line('batch', { epoch: this.#epoch, batch, ...logs });
  }

  #line(event: string, values: object): void {
    this.#file.add(`${JSON.stringify({ event, time: new Date().toISOString(), ...values }, plain)}\n`);
  }
}

export const jsonLoggerCallbacks = { JSONLogger };
