import { appendFile, mkdir, open, stat, truncate } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { double, integer, message, type Pieces, text } from '../../protobuf.js';
import { maskedCrc32c } from './crc32c.js';

/** Names of files that one process makes in one second differ by this. */
let made = 0;

/** A record: its length, the bytes, and a checksum of each. */
function record(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.byteLength + 4);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.byteLength), true);
  view.setUint32(8, maskedCrc32c(out.subarray(0, 8)), true);
  out.set(data, 12);
  view.setUint32(12 + data.byteLength, maskedCrc32c(data), true);
  return out;
}

const now = () => double(1, Date.now() / 1000);

/** Where an event file ends: what a checkpoint keeps of it. */
export interface EventFilePlace {
  name: string;
  bytes: number;
}

/** A file of events, which TensorBoard shows: made with the first event, and only added to. */
export class EventFile {
  #name: string | null = null;
  /** Of the file, with what is pending. */
  #bytes = 0;
  #pending: Uint8Array[] = [];
  #writing: Promise<void> | null = null;
  #error: Error | null = null;

  constructor(readonly folder: string) {}

  /** Adds values at a step, in one event. Nothing waits for the disk. */
  add(step: number, values: readonly Pieces[]): void {
    if (values.length > 0)
      this.#event([
        ...integer(2, step),
        ...message(
          5,
          values.flatMap((value) => message(1, value)),
        ),
      ]);
  }

  /** Adds a GraphDef. */
  addGraph(graph: Pieces): void {
    this.#event(message(4, graph));
  }

  #event(content: Pieces): void {
    if (!this.#name) {
      const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
      this.#name = `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${made++}.v2`;
      this.#record([...now(), ...text(3, 'brain.Event:2')]);
    }
    this.#record([...now(), ...content]);
  }

  /** All so far is in the file. Throws what kept it from there. */
  async flush(): Promise<void> {
    await this.#writing;
    const error = this.#error;
    this.#error = null;
    if (error) throw error;
  }

  /** Where it ends, on the disk; null where there is no file yet. */
  async place(): Promise<EventFilePlace | null> {
    await this.flush();
    if (!this.#name) return null;
    const file = await open(join(this.folder, this.#name), 'r+');
    await file.sync().finally(() => file.close());
    return { name: this.#name, bytes: this.#bytes };
  }

  /**
   * Goes on with a file where a checkpoint left it. Events that came later are taken off: they come again.
   * @returns how many bytes the file has, where it has fewer than it should
   */
  async goOn({ name, bytes: wanted }: EventFilePlace): Promise<number | null> {
    const path = join(this.folder, name);
    const { size } = await stat(path).catch(() => ({ size: 0 }));
    if (size < wanted) return size;
    await truncate(path, wanted);
    this.#name = name;
    this.#bytes = wanted;
    return null;
  }

  #record(event: Pieces): void {
    const data = record(Buffer.concat(event));
    this.#bytes += data.byteLength;
    this.#pending.push(data);
    this.#writing ??= this.#drain();
  }

  /** Events that come while the disk is busy go out together. */
  async #drain(): Promise<void> {
    try {
      await mkdir(this.folder, { recursive: true });
      while (this.#pending.length) {
        const all = Buffer.concat(this.#pending);
        this.#pending = [];
        await appendFile(join(this.folder, this.#name as string), all);
      }
    } catch (error) {
      this.#error ??= error as Error;
    }
    this.#writing = null;
  }
}
