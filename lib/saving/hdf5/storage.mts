// How the library's files lie in this thread's memory. Numbers of large arrays are not copied for it: the arrays that are written stand in the file as they are, and
// what is read from the file are parts of it.
import type { ready } from 'h5wasm';

type Module = Awaited<typeof ready>;
/** What its types leave out: an emscripten file system in memory. */
interface Node {
  usedBytes: number;
  node_ops: Record<string, unknown>;
  stream_ops: Record<string, unknown>;
}
type FileSystem = { lookupPath(path: string): { node: Node }; streams: ({ node: Node; stream_ops: unknown } | null)[] };

const PAGE = 65536;
const nodeOf = (module: Module, name: string): Node => (module.FS as unknown as FileSystem).lookupPath(name).node;
/** From here on, also for who has opened it already. */
function replaceOps(module: Module, node: Node, ops: Record<string, unknown>): void {
  node.stream_ops = { ...node.stream_ops, ...ops };
  for (const stream of (module.FS as unknown as FileSystem).streams)
    if (stream?.node === node) stream.stream_ops = node.stream_ops;
}

/** A file that is written: pages of its own, and parts of the arrays that are written where those are whole in one write. */
export class WrittenFile {
  readonly #pages = new Map<number, Uint8Array>();
  readonly #parts = new Map<number, Uint8Array>();
  /** The part of an array that the library has been given to write. */
  #expected: Uint8Array | null = null;

  constructor(
    module: Module,
    name: string,
    readonly node = nodeOf(module, name),
  ) {
    // What is in it already.
    const { contents } = node as unknown as { contents: Uint8Array | null };
    if (contents) this.#write(contents.subarray(0, node.usedBytes), 0);
    node.node_ops = {
      ...node.node_ops,
      setattr: (at: Node, attributes: { size?: number }) => {
        if (attributes.size !== undefined) at.usedBytes = attributes.size;
      },
    };
    replaceOps(module, node, {
      write: (_: unknown, from: Int8Array, offset: number, length: number, position: number) => {
        this.#write(new Uint8Array(from.buffer, from.byteOffset + offset, length), position);
        return length;
      },
      read: (_: unknown, into: Int8Array, offset: number, length: number, position: number) => {
        const count = Math.max(0, Math.min(length, node.usedBytes - position));
        this.#read(new Uint8Array(into.buffer, into.byteOffset + offset, count), position);
        return count;
      },
    });
  }

  /** While `write` runs, these bytes are what the library is to write. */
  writes(bytes: Uint8Array, write: () => void): void {
    this.#expected = bytes;
    write();
    this.#expected = null;
  }

  #write(bytes: Uint8Array, position: number): void {
    const expected = this.#expected;
    if (expected && bytes.byteLength === expected.byteLength && Buffer.compare(bytes, expected) === 0)
      this.#parts.set(position, expected);
    else
      this.#inPages(position, bytes.byteLength, (page, from, at, count) => {
        const own = this.#pages.get(page) ?? new Uint8Array(PAGE);
        this.#pages.set(page, own);
        own.set(bytes.subarray(at, at + count), from);
      });
    this.node.usedBytes = Math.max(this.node.usedBytes, position + bytes.byteLength);
  }

  #read(into: Uint8Array, position: number): void {
    this.#inPages(position, into.byteLength, (page, from, at, count) => {
      const own = this.#pages.get(page);
      if (own) into.set(own.subarray(from, from + count), at);
      else into.fill(0, at, at + count);
    });
    for (const [start, part] of this.#parts) {
      const from = Math.max(start, position);
      const to = Math.min(start + part.byteLength, position + into.byteLength);
      if (from < to) into.set(part.subarray(from - start, to - start), from - position);
    }
  }

  #inPages(position: number, length: number, each: (page: number, from: number, at: number, count: number) => void): void {
    for (let at = 0; at < length; ) {
      const from = (position + at) % PAGE;
      const count = Math.min(PAGE - from, length - at);
      each(Math.floor((position + at) / PAGE), from, at, count);
      at += count;
    }
  }

  /** The file from its beginning to its end. */
  pieces(): Uint8Array[] {
    const out: Uint8Array[] = [];
    const between = (from: number, to: number) => {
      if (from > to) throw new Error('two parts of the file lie over each other');
      if (from === to) return;
      const bytes = new Uint8Array(to - from);
      this.#read(bytes, from);
      out.push(bytes);
    };
    let at = 0;
    for (const [start, part] of [...this.#parts].sort(([a], [b]) => a - b)) {
      between(at, start);
      out.push(part);
      at = start + part.byteLength;
    }
    between(at, this.node.usedBytes);
    return out;
  }
}

/** A file that is read, without a copy of it. */
export class ReadFile {
  /** Where the library has read first since it was last asked. */
  #first = -1;

  constructor(
    module: Module,
    name: string,
    readonly bytes: Uint8Array,
  ) {
    module.FS.writeFile(name, bytes, { canOwn: true } as never);
    const node = nodeOf(module, name);
    const { read } = node.stream_ops as { read: (...given: unknown[]) => number };
    replaceOps(module, node, {
      read: (...given: [unknown, unknown, unknown, unknown, number]) => {
        if (this.#first < 0) this.#first = given[4];
        return read(...given);
      },
    });
  }

  /** Where in the file the first of what `read` reads lies. */
  placeOf(read: () => void): number {
    this.#first = -1;
    read();
    return this.#first;
  }
}
