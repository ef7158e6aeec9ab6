// Reads HDF5 files that may come from anywhere, in the thread that works with them: only what is one of Keras's weights or texts, and nothing that
// leads elsewhere.
import { randomUUID } from 'node:crypto';
import { Dataset, File, Group, type Metadata, ready } from 'h5wasm';
import { LARGE, readParts } from './parts.mjs';
import { ReadFile } from './storage.mjs';
import { checkTextHeaps } from './text_heaps.mjs';
import { emptyGroup, type Hdf5Array, type Hdf5Attribute, type Hdf5Group, type Hdf5Limits } from './tree.js';

/** Something that a file of weights has no business to hold. */
export class Refused extends Error {}

type Module = Awaited<typeof ready>;
/** What its types leave out. */
type Unlisted = {
  create_object_reference(file: bigint, path: string): Uint8Array;
  FS: { ErrnoError: new (code: number) => Error };
};
/** No such file. */
const ENOENT = 44;

const INTEGER = 0;
const FLOAT = 1;
const STRING = 3;
/** float16 and smaller come without a typed array of their own. */
const FLOATS: Record<number, Hdf5Array['dtype']> = { 2: 'float16', 4: 'float32', 8: 'float64' };
const KINDS = {
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
};
/** What the library takes besides the numbers of one dataset. */
const OWN_BYTES = 64 * 2 ** 20;

const shown = (path: string) => (path.length > 100 ? `'${path.slice(0, 100)}...'` : `'${path}'`);
const product = (dims: readonly number[] | null) => (dims ?? []).reduce((n, d) => n * d, 1);

class Reader {
  #objects = 0;
  #bytes = 0;
  readonly #addresses = new Set<string>();
  /** Bytes of all that is read: compressed numbers grow, up to a ratio. */
  readonly #most: number;

  constructor(
    readonly module: Module,
    readonly file: File,
    readonly limits: Hdf5Limits,
    readonly storage: ReadFile,
  ) {
    this.#most = Math.min(limits.bytes, limits.expansion * storage.bytes.byteLength);
    // Whatever the library is made to allocate (chunks, trees, texts that stand for many): it gets this much and no more.
    limitMemory(OWN_BYTES + this.#most);
  }

  #count(path: string): void {
    if (++this.#objects > this.limits.objects)
      throw new Refused(`it holds more than ${this.limits.objects} groups, datasets and attributes (at ${shown(path)})`);
  }

  #take(path: string, metadata: Metadata): number {
    const count = product(metadata.shape);
    this.#bytes += count * metadata.size;
    if (!Number.isSafeInteger(count) || !(this.#bytes <= this.#most))
      throw new Refused(`${shown(path)} of shape [${metadata.shape}] is more than the ${this.#most} bytes that the limits allow`);
    // A chunk is unpacked whole, however little of it is asked for.
    if (product(metadata.chunks) * metadata.size > this.#most)
      throw new Refused(`${shown(path)} has chunks of shape [${metadata.chunks}], more than the limits allow`);
    return count;
  }

  /** Links lead out of the file or around in it; one object under two names would be a circle, or many times what the file has. */
  #checkName(path: string): void {
    if (this.file.get_link(path) !== null || 'filename' in this.file.get_external_link(path))
      throw new Refused(`${shown(path)} is a link`);
  }
  #checkAddress(path: string): void {
    const address = String((this.module as unknown as Unlisted).create_object_reference(this.file.file_id, path));
    if (this.#addresses.has(address)) throw new Refused(`${shown(path)} is there under another name, too`);
    this.#addresses.add(address);
  }

  group(group: Group, path: string, depth: number): Hdf5Group {
    this.#count(path);
    if (depth > this.limits.depth) throw new Refused(`${shown(path)} lies deeper than ${this.limits.depth} groups`);
    this.#checkAddress(path);
    const out = emptyGroup();
    out.attributes = this.attributes(group, path);
    for (const name of group.keys()) {
      const at = path === '/' ? `/${name}` : `${path}/${name}`;
      this.#checkName(at);
      const item = group.get(name);
      if (item instanceof Group) out.groups.set(name, this.group(item, at, depth + 1));
      else if (item instanceof Dataset) out.arrays.set(name, this.array(item, at));
      else throw new Refused(`${shown(at)} is neither a group nor a dataset`);
    }
    return out;
  }

  attributes(item: Group | Dataset, path: string): Map<string, Hdf5Attribute> {
    const out = new Map<string, Hdf5Attribute>();
    for (const [name, attribute] of Object.entries(item.attrs)) {
      const at = `${path}@${name}`;
      this.#count(at);
      const { metadata } = attribute;
      // Others (references of dimension scales and the like) say nothing of a model.
      if (![INTEGER, FLOAT, STRING].includes(metadata.type)) continue;
      this.#take(at, metadata);
      const value = attribute.json_value as unknown;
      if (metadata.vlen) this.#takeTexts(at, value);
      const plain = (v: unknown) => typeof v === 'string' || typeof v === 'number';
      if (plain(value)) out.set(name, value as string | number);
      else if (Array.isArray(value) && value.every(plain)) out.set(name, value as string[] | number[]);
    }
    return out;
  }

  /** Texts of any length: one of the file may stand for many. */
  #takeTexts(path: string, value: unknown): void {
    for (const text of Array.isArray(value) ? value.flat(8) : [value]) this.#bytes += String(text).length;
    if (this.#bytes > this.#most)
      throw new Refused(`${shown(path)} holds more than the ${this.#most} bytes that the limits allow`);
  }

  array(dataset: Dataset, path: string): Hdf5Array {
    this.#count(path);
    const { metadata } = dataset;
    if (metadata.virtual_sources) throw new Refused(`${shown(path)} is a virtual dataset, whose numbers are elsewhere`);
    if (metadata.shape === null) throw new Refused(`${shown(path)} has no shape`);
    this.#checkAddress(path);
    const dtype = dtypeOf(metadata);
    if (!dtype || metadata.vlen) throw new Refused(`${shown(path)} holds neither numbers nor texts of one length`);
    const count = this.#take(path, metadata);
    const attributes = this.attributes(dataset, path);
    const shape = metadata.shape.map(Number);
    if (dtype === 'string') {
      const value = count === 0 ? [] : (dataset.value as unknown);
      const data = (Array.isArray(value) ? value : [value]).map(String);
      return { dtype, shape, data, attributes };
    }
    return { dtype, shape, data: this.#numbers(dataset, dtype, shape, count), attributes };
  }

  #numbers(dataset: Dataset, dtype: Exclude<Hdf5Array['dtype'], 'string'>, shape: number[], count: number): ArrayBufferView {
    const { metadata } = dataset;
    if (count === 0) return new Float32Array(0);
    // What lies in chunks would be unpacked again for each part.
    if (metadata.chunks || count * metadata.size < LARGE) return numbers(dataset.value, metadata);
    const bytes = readParts(this.module, this.storage, dataset, shape, metadata.size);
    return new KINDS[dtype](bytes.buffer as ArrayBuffer, bytes.byteOffset, count);
  }
}

function dtypeOf(metadata: Metadata): Hdf5Array['dtype'] | undefined {
  if (metadata.type === STRING) return 'string';
  if (metadata.type === FLOAT) return FLOATS[metadata.size];
  if (metadata.type !== INTEGER || ![1, 2, 4, 8].includes(metadata.size)) return undefined;
  return `${metadata.signed ? '' : 'u'}int${8 * metadata.size}` as Hdf5Array['dtype'];
}

function numbers(value: unknown, metadata: Metadata): ArrayBufferView {
  if (ArrayBuffer.isView(value))
    return value.byteOffset === 0 && value.byteLength === value.buffer.byteLength ? value : copy(value);
  // A single number.
  if (typeof value === 'bigint') return metadata.signed ? BigInt64Array.of(value) : BigUint64Array.of(value);
  if (typeof value === 'number')
    return metadata.type === FLOAT
      ? metadata.size === 8
        ? Float64Array.of(value)
        : Float32Array.of(value)
      : Int32Array.of(value);
  throw new Refused('a dataset did not give numbers');
}

const copy = (view: ArrayBufferView): ArrayBufferView => (view as Float32Array).slice();

/** What Node's types leave out. */
interface Memory {
  buffer: ArrayBuffer;
  grow(pages: number): number;
}
const memory = (globalThis as unknown as { WebAssembly: { Memory: { prototype: Memory } } }).WebAssembly.Memory.prototype;
const { grow } = memory;
/** The library asks for memory as it goes. This thread has no other WebAssembly. */
function limitMemory(bytes: number): void {
  memory.grow = function (this: Memory, pages: number) {
    if (this.buffer.byteLength + pages * 65536 > bytes)
      throw new RangeError('the HDF5 file asks for more memory than the limits allow');
    return grow.call(this, pages);
  };
}

/** All that a file holds. */
export async function readTree(bytes: Uint8Array, limits: Hdf5Limits): Promise<Hdf5Group> {
  checkTextHeaps(bytes);
  const module = await ready;
  // Without it a damaged chunk would give whatever was in memory.
  module.activate_throwing_error_handler();
  const { FS } = module;
  // A name that no file can know.
  const name = `${randomUUID()}.h5`;
  const storage = new ReadFile(module, name, bytes);
  const { open } = FS;
  let other: string | null = null;
  try {
    const file = new File(name, 'r');
    // From here on nothing is opened, as external storage and its like would be, but for what the library writes its errors to.
    FS.open = ((...given: Parameters<typeof FS.open>) => {
      const path = String(given[0]);
      if (path.startsWith('/tmp/tmpfile_')) return open(...given);
      other ??= path;
      throw new (module as unknown as Unlisted).FS.ErrnoError(ENOENT);
    }) as typeof FS.open;
    try {
      return new Reader(module, file, limits, storage).group(file, '/', 0);
    } finally {
      FS.open = open;
      file.close();
    }
  } catch (error) {
    if (other !== null) throw new Refused(`its numbers are in another file, ${shown(other)}`);
    throw error;
  } finally {
    FS.unlink(name);
  }
}
