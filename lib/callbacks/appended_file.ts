import { appendFile, mkdir, open, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file that a callback only adds to. Training does not wait for the disk; what comes while the disk is busy goes out together. */
export class AppendedFile {
  /** Of the file, with what is still on its way. */
  bytes = 0;
  /** What kept the last writes from the disk: who added them does not wait, and looks here later. */
  error: Error | null = null;
  #pending: Uint8Array[] = [];
  #writing: Promise<void> | null = null;

  /** @param makesFolder whether a missing folder is made */
  constructor(
    readonly path: string,
    readonly makesFolder = false,
  ) {}

  add(data: Uint8Array): void {
    this.bytes += data.byteLength;
    this.#pending.push(data);
    this.#writing ??= this.#drain();
  }

  /** Nothing is on its way any more. */
  async written(): Promise<void> {
    await this.#writing;
  }

  /** What was added so far is on the disk, also after a loss of power. */
  async sync(): Promise<void> {
    await this.written();
    const file = await open(this.path, 'r+');
    await file.sync().finally(() => file.close());
  }

  /** Takes off what lies behind so many bytes. */
  async cut(bytes: number): Promise<void> {
    await truncate(this.path, bytes);
    this.bytes = bytes;
  }

  async #drain(): Promise<void> {
    try {
      if (this.makesFolder) await mkdir(dirname(this.path), { recursive: true });
      while (this.#pending.length) {
        const all = Buffer.concat(this.#pending);
        this.#pending = [];
        await appendFile(this.path, all);
      }
    } catch (error) {
      this.error ??= error as Error;
    }
    this.#writing = null;
  }
}
