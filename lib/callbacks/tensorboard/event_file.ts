import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { double, integer, message, type Pieces, text } from '../../protobuf.js';
import { AppendedFile } from '../appended_file.js';
import { maskedCrc32c } from './crc32c.js';

/** Names of files that one process makes in one second differ by this. */
let made = 0;

/** A record: its length, the bytes, and a checksum of each. */
function record(event: Pieces): Uint8Array {
  const data = Buffer.concat(event);
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
  #file: AppendedFile | null = null;

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
    if (!this.#file) {
      const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
      this.#file = this.#open(`events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${made++}.v2`);
      this.#file.add(record([...now(), ...text(3, 'brain.Event:2')]));
    }
    this.#file.add(record([...now(), ...content]));
  }

  #open(name: string): AppendedFile {
    return new AppendedFile(join(this.folder, name), true);
  }

  /** All so far is in the file. Throws what kept it from there. */
  async flush(): Promise<void> {
    await this.#file?.written();
    const error = this.#file?.error;
    if (!this.#file || !error) return;
    this.#file.error = null;
    throw error;
  }

  /** Where it ends, on the disk; null where there is no file yet. */
  async place(): Promise<EventFilePlace | null> {
    await this.flush();
    if (!this.#file) return null;
    await this.#file.sync();
    return { name: basename(this.#file.path), bytes: this.#file.bytes };
  }

  /**
   * Goes on with a file where a checkpoint left it. Events that came later are taken off: they come again.
   * @returns how many bytes the file has, where it has fewer than it should
   */
  async goOn({ name, bytes }: EventFilePlace): Promise<number | null> {
    const file = this.#open(name);
    const { size } = await stat(file.path).catch(() => ({ size: 0 }));
    if (size < bytes) return size;
    await file.cut(bytes);
    this.#file = file;
    return null;
  }
}
