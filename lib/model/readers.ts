import { addon } from '../engine/addon.js';

export type NativeNetwork = InstanceType<typeof addon.Network>;

/** Readers that are kept for the next evaluation or prediction. */
const MOST_IDLE = 4;

/** What a reader is taken for. */
export interface ReadingKind {
  mode: 'test' | 'predict';
  /** As part of a training: aborted with it, and recorded in its trace. */
  validates: boolean;
}

/** Networks that evaluate and predict with the weights of one that trains: any number at once, some kept for the next. */
export class Readers {
  readonly #idle: NativeNetwork[] = [];
  readonly #reading = new Map<NativeNetwork, ReadingKind>();
  /** They write into the trace of a training, so that they are not for others. */
  readonly #traced = new Set<NativeNetwork>();
  #disposed = false;

  constructor(private readonly network: NativeNetwork) {}

  /** For one evaluation or prediction; `giveBack` ends it. */
  take(kind: ReadingKind, tracing: boolean): NativeNetwork {
    const traced = kind.validates && tracing;
    const reader = (traced ? null : this.#idle.pop()) ?? new addon.Network(this.network, traced);
    if (traced) this.#traced.add(reader);
    this.#reading.set(reader, kind);
    return reader;
  }
  giveBack(reader: NativeNetwork): void {
    this.#reading.delete(reader);
    reader.rest();
    if (this.#disposed || this.#traced.delete(reader) || this.#idle.length >= MOST_IDLE) reader.dispose();
    else this.#idle.push(reader);
  }
  /** For what is over at once. */
  use<T>(read: (reader: NativeNetwork) => T): T {
    const reader = this.#idle.pop() ?? new addon.Network(this.network, false);
    try {
      return read(reader);
    } finally {
      if (this.#idle.length < MOST_IDLE) this.#idle.push(reader);
    }
  }

  /** Ends those that are at work, of a kind, at their next batch. */
  stop(isMeant: (kind: ReadingKind) => boolean): void {
    for (const [reader, kind] of this.#reading) if (isMeant(kind)) reader.stop();
  }

  dispose(): void {
    this.#disposed = true;
    for (const reader of this.#idle.splice(0)) reader.dispose();
    for (const reader of this.#reading.keys()) reader.dispose();
  }
}
