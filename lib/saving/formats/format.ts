import type { Model } from '../../model/model.js';
import type { FileLimits } from '../limits.js';
import type { SavedModel } from '../saved_model.js';

/** What a writer is told. */
export interface WriteOptions {
  /** Whether what the optimizer keeps is written, where the format has a place for it. */
  includeOptimizer: boolean;
}

/** The files that a format makes: one without a name, or several of a folder. Each in pieces, in order. */
export type WrittenFiles = ReadonlyMap<string, Iterable<Uint8Array>>;

/** What a reader reads: one file's bytes, or the files of a folder, by name. */
export interface FileSource {
  /** For messages. */
  readonly where: string;
  readonly limits: Required<FileLimits>;
  /** The file itself. */
  bytes(): Promise<Uint8Array>;
  /** Whether these bytes are the reader's: it may change them, and give them to a thread. Else they are the caller's. */
  readonly own: boolean;
  /** Another file of the same folder, by its plain name; ValueError where it is missing or the name leads out of the folder. */
  sibling(name: string): Promise<Uint8Array>;
}

/** One format of files: a file of this folder and a line in `index.ts`. */
export interface Format {
  /** `toBuffer('keras')`. */
  readonly name: string;
  /** The endings that mean it; longer ones are looked at first. */
  readonly endings: readonly string[];
  /** Where it is a folder of files: the one that names the others. */
  readonly folder?: string;
  /** Whether it holds architecture and weights, or weights alone. */
  readonly holds: 'model' | 'weights';
  /** Whether bytes are in this format, where that shows. */
  recognizes?(bytes: Uint8Array): boolean;
  /**
   * Takes what is to be written out of the model at once (the first part runs before anything is waited for: training may go on), then makes the files.
   */
  write?(model: Model, options: WriteOptions): Promise<WrittenFiles>;
  read?(source: FileSource): Promise<SavedModel>;
}

/** Bytes of a format that is one file. */
export const oneFile = (...pieces: Uint8Array[]): WrittenFiles => new Map([['', pieces]]);
