import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { RuntimeError, show, typeError } from '../errors.js';
import { AppendedFile } from './appended_file.js';

/** The path that a callback's option `filename` names. */
export function readFilename(where: string, given: unknown, example: string): string {
  if (given instanceof URL) return fileURLToPath(given);
  if (typeof given !== 'string' || given === '')
    throw typeError(`${where}: 'filename' must be a path such as '${example}'. Received: ${show(given)}`);
  return given;
}

/** A file that gets a line now and then while a model trains, in a folder that must be there. A training that goes on goes on with it. */
export class LogFile {
  #file: AppendedFile;

  /** @param append whether a file that is there is gone on with */
  constructor(
    readonly where: string,
    readonly path: string,
    readonly append: boolean,
  ) {
    this.#file = new AppendedFile(path);
  }

  /** A training begins. @returns whether the file is empty */
  async begin(resumed: boolean): Promise<boolean> {
    await this.#file.written();
    this.#file = new AppendedFile(this.path);
    try {
      // A training that goes on after a crash: `goOn` says how much of the file is of what is done.
      const file = await open(this.path, this.append || resumed ? 'a' : 'w');
      this.#file.bytes = (await file.stat().finally(() => file.close())).size;
    } catch (error) {
      throw this.#failure(error as Error);
    }
    return this.#file.bytes === 0;
  }

  /** Throws where an earlier line could not be written. */
  add(line: string): void {
    this.#throwIfFailed();
    this.#file.add(Buffer.from(line));
  }

  /** Bytes so far, which are on the disk then: a checkpoint may say so. */
  async place(): Promise<number> {
    const { bytes } = this.#file;
    await this.#file.sync();
    return bytes;
  }

  /** Lines that came after the checkpoint come again: those that are there go. */
  async goOn(bytes: number): Promise<void> {
    if (this.#file.bytes < bytes)
      throw new RuntimeError(
        `${this.where}: '${this.path}' has ${this.#file.bytes} bytes where the checkpoint left ${bytes}. Put the file back, or train anew (resume: 'never').`,
        'ERR_FILE',
      );
    await this.#file.cut(bytes);
  }

  async end(): Promise<void> {
    await this.#file.written();
    this.#throwIfFailed();
  }

  #throwIfFailed(): void {
    if (this.#file.error) throw this.#failure(this.#file.error);
  }

  #failure(error: Error): Error {
    return Object.assign(
      new RuntimeError(
        `${this.where}: cannot write '${this.path}': ${error.message}. Is the folder there, and may it be written?`,
        'ERR_FILE',
      ),
      { cause: error },
    );
  }
}
