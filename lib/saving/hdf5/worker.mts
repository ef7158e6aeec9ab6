// The thread that works with HDF5 files: the library is synchronous. It sees the bytes of one file in its own memory and nothing else: the
// build of the library that knows no file system of the host.
import { parentPort } from 'node:worker_threads';
import { Dataset, File, Group, type Metadata, ready } from 'h5wasm';
import {
  emptyGroup,
  type Hdf5Answer,
  type Hdf5Array,
  type Hdf5Attribute,
  type Hdf5Group,
  type Hdf5Limits,
  type Hdf5Request,
} from './tree.js';

/** Something that a file of weights has no business to hold. */
class Refused extends Error {}

const INTEGER = 0;
const FLOAT = 1;
const STRING = 3;
/** float16 and smaller come without a typed array of their own. */
const FLOATS: Record<number, Hdf5Array['dtype']> = { 2: 'float16', 4: 'float32', 8: 'float64' };
/** How many times more than the file's own bytes compressed data may be. */
const MOST_EXPANSION = 1000;

class Reader {
  #objects = 0;
  #bytes = 0;

  constructor(
    readonly limits: Hdf5Limits,
    readonly fileBytes: number,
  ) {}

  #count(path: string): void {
    if (++this.#objects > this.limits.objects)
      throw new Refused(`it holds more than ${this.limits.objects} groups, datasets and attributes (at '${path}')`);
  }

  #take(path: string, metadata: Metadata): number {
    const count = (metadata.shape ?? []).reduce((n, d) => n * d, 1);
    const bytes = count * metadata.size;
    this.#bytes += bytes;
    const most = Math.min(this.limits.bytes, MOST_EXPANSION * this.fileBytes);
    if (!Number.isSafeInteger(count) || !(this.#bytes <= most))
      throw new Refused(`'${path}' of shape [${metadata.shape}] is more than the ${most} bytes that the limits allow`);
    return count;
  }

  group(group: Group, path: string, depth: number): Hdf5Group {
    this.#count(path);
    if (depth > this.limits.depth) throw new Refused(`'${path}' lies deeper than ${this.limits.depth} groups`);
    const out = emptyGroup();
    out.attributes = this.attributes(group, path);
    for (const name of group.keys()) {
      const at = path === '/' ? `/${name}` : `${path}/${name}`;
      const item = group.get(name);
      if (item instanceof Group) out.groups.set(name, this.group(item, at, depth + 1));
      else if (item instanceof Dataset) out.arrays.set(name, this.array(item, at));
      else throw new Refused(`'${at}' is a link or a type, not a group or a dataset`);
    }
    return out;
  }

  attributes(item: Group | Dataset, path: string): Map<string, Hdf5Attribute> {
    const out = new Map<string, Hdf5Attribute>();
    for (const [name, attribute] of Object.entries(item.attrs)) {
      this.#count(`${path}@${name}`);
      this.#take(`${path}@${name}`, attribute.metadata);
      const value = attribute.json_value as unknown;
      const plain = (v: unknown) => typeof v === 'string' || typeof v === 'number';
      if (plain(value)) out.set(name, value as string | number);
      else if (Array.isArray(value) && value.every(plain)) out.set(name, value as string[] | number[]);
      // Others (references of dimension scales and the like) say nothing of a model.
    }
    return out;
  }

  array(dataset: Dataset, path: string): Hdf5Array {
    this.#count(path);
    const { metadata } = dataset;
    if (metadata.virtual_sources?.length) throw new Refused(`'${path}' is a virtual dataset, whose numbers are elsewhere`);
    if (metadata.shape === null) throw new Refused(`'${path}' has no shape`);
    const count = this.#take(path, metadata);
    const attributes = this.attributes(dataset, path);
    const shape = metadata.shape.map(Number);
    const dtype = dtypeOf(metadata);
    if (!dtype) throw new Refused(`'${path}' holds neither numbers nor texts`);
    if (dtype === 'string') {
      const value = count === 0 ? [] : (dataset.value as unknown);
      const data = (Array.isArray(value) ? value : [value]).map(String);
      return { dtype, shape, data, attributes };
    }
    return { dtype, shape, data: count === 0 ? new Float32Array(0) : numbers(dataset.value, metadata), attributes };
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

const DTYPES: Record<string, string> = {
  float32: '<f',
  float64: '<d',
  int64: '<q',
  int32: '<i',
  int16: '<h',
  int8: '<b',
  uint64: '<Q',
  uint32: '<I',
  uint16: '<H',
  uint8: '<B',
};

function writeAttributes(item: Group | Dataset, attributes: Map<string, Hdf5Attribute>): void {
  for (const [name, value] of attributes) {
    // A list without texts has a shape and a type all the same: h5py reads an empty list of texts.
    if (Array.isArray(value) && value.length === 0) item.create_attribute(name, new Float64Array(0), [0], '<d');
    else item.create_attribute(name, value as string | string[] | number | number[]);
  }
}

function writeGroup(group: Group, from: Hdf5Group): void {
  writeAttributes(group, from.attributes);
  for (const [name, array] of from.arrays) {
    const { dtype, shape, data } = array;
    const dataset =
      dtype === 'string'
        ? group.create_dataset({ name, data: data as string[], shape })
        : group.create_dataset({ name, data: data as Float32Array, shape, dtype: DTYPES[dtype] });
    writeAttributes(dataset, array.attributes);
  }
  for (const [name, child] of from.groups) writeGroup(group.create_group(name), child);
}

async function answer(request: Hdf5Request): Promise<Hdf5Answer> {
  const module = await ready;
  // Without it a damaged chunk would give whatever was in memory.
  module.activate_throwing_error_handler();
  const name = 'file.h5';
  const { FS } = module;
  if ('write' in request) {
    const file = new File(name, 'w');
    writeGroup(file, request.write);
    file.flush();
    file.close();
    return { bytes: FS.readFile(name) as Uint8Array };
  }
  FS.writeFile(name, request.read);
  const file = new File(name, 'r');
  try {
    return { group: new Reader(request.limits, request.read.byteLength).group(file, '/', 0) };
  } finally {
    file.close();
  }
}

function buffersOf(answered: Hdf5Answer): ArrayBuffer[] {
  if ('bytes' in answered)
    return answered.bytes.byteLength === answered.bytes.buffer.byteLength ? [answered.bytes.buffer as ArrayBuffer] : [];
  if ('error' in answered) return [];
  const buffers = new Set<ArrayBuffer>();
  const visit = (group: Hdf5Group) => {
    for (const { data } of group.arrays.values()) if (ArrayBuffer.isView(data)) buffers.add(data.buffer as ArrayBuffer);
    for (const child of group.groups.values()) visit(child);
  };
  visit(answered.group);
  return [...buffers];
}

parentPort?.once('message', async (request: Hdf5Request) => {
  let answered: Hdf5Answer;
  try {
    answered = await answer(request);
  } catch (error) {
    answered = { error: String((error as Error)?.message ?? error), refused: error instanceof Refused };
  }
  parentPort?.postMessage(answered, buffersOf(answered));
});
