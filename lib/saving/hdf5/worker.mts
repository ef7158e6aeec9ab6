// The thread that works with HDF5 files: the library is synchronous. It sees the bytes of one file in its own memory and nothing else: the
// build of the library that knows no file system of the host.
import { parentPort } from 'node:worker_threads';
import { type Dataset, dtype_to_metadata, File, type Group, ready } from 'h5wasm';
import { crc32 } from '../../crc32.js';
import { LARGE, writeParts } from './parts.mjs';
import { Refused, readTree } from './reader.mjs';
import { WrittenFile } from './storage.mjs';
import { arraysOf, type Hdf5Answer, type Hdf5Attribute, type Hdf5Group, type Hdf5Request } from './tree.js';

type Module = Awaited<typeof ready>;

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

/** A dataset without its numbers. The library says that there are none, which is an error where such are thrown. */
function createWithout(module: Module, group: Group, name: string, shape: number[], dtype: string): Dataset {
  const dims = shape.map(BigInt);
  const metadata = {
    ...dtype_to_metadata(dtype),
    shape: dims,
    maxshape: dims,
    chunks: null,
    compression: 0,
    compression_opts: [],
  };
  module.deactivate_throwing_error_handler();
  module.create_dataset(group.file_id, `${group.path}/${name}`, 0n, { ...metadata, track_order: false } as never);
  module.activate_throwing_error_handler();
  return group.get(name) as Dataset;
}

function writeGroup(module: Module, file: WrittenFile, group: Group, from: Hdf5Group): void {
  writeAttributes(group, from.attributes);
  for (const [name, array] of from.arrays) {
    const { dtype, shape, data } = array;
    let dataset: Dataset;
    if (dtype === 'string') dataset = group.create_dataset({ name, data: data as string[], shape }) as Dataset;
    else if ((data as ArrayBufferView).byteLength < LARGE)
      dataset = group.create_dataset({ name, data: data as Float32Array, shape, dtype: DTYPES[dtype] });
    else {
      dataset = createWithout(module, group, name, shape, DTYPES[dtype]);
      writeParts(module, file, dataset, shape, data as ArrayBufferView);
    }
    writeAttributes(dataset, array.attributes);
  }
  for (const [name, child] of from.groups) writeGroup(module, file, group.create_group(name), child);
}

async function answer(request: Hdf5Request): Promise<Hdf5Answer> {
  if ('read' in request) return { group: await readTree(request.read, request.limits) };
  const module = await ready;
  module.activate_throwing_error_handler();
  const name = 'file.h5';
  const file = new File(name, 'w');
  const written = new WrittenFile(module, name);
  writeGroup(module, written, file, request.write);
  file.flush();
  file.close();
  const pieces = written.pieces();
  return { pieces, crc: pieces.reduce((sum, piece) => crc32(piece, sum), 0) };
}

/** What an answer's numbers lie in: it goes to who has asked. */
function buffersOf(answered: Hdf5Answer): ArrayBuffer[] {
  if ('error' in answered) return [];
  const buffers = new Set<ArrayBuffer>();
  const add = (view: ArrayBufferView) => buffers.add(view.buffer as ArrayBuffer);
  if ('pieces' in answered) answered.pieces.forEach(add);
  else for (const view of arraysOf(answered.group)) add(view);
  return [...buffers];
}

parentPort?.on('message', async (request: Hdf5Request) => {
  let answered: Hdf5Answer;
  try {
    answered = await answer(request);
  } catch (error) {
    answered = { error: String((error as Error)?.message ?? error), refused: error instanceof Refused };
  }
  parentPort?.postMessage(answered, buffersOf(answered));
});
