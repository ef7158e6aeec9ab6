// The thread that works with HDF5 files: the library is synchronous. It sees the bytes of one file in its own memory and nothing else: the
// build of the library that knows no file system of the host.
import { parentPort } from 'node:worker_threads';
import { type Dataset, File, type Group, ready } from 'h5wasm';
import { Refused, readTree } from './reader.mjs';
import type { Hdf5Answer, Hdf5Attribute, Hdf5Group, Hdf5Request } from './tree.js';

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
  if ('read' in request) return { group: await readTree(request.read, request.limits) };
  const module = await ready;
  module.activate_throwing_error_handler();
  const name = 'file.h5';
  const file = new File(name, 'w');
  writeGroup(file, request.write);
  file.flush();
  file.close();
  return { bytes: module.FS.readFile(name) as Uint8Array };
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

parentPort?.on('message', async (request: Hdf5Request) => {
  let answered: Hdf5Answer;
  try {
    answered = await answer(request);
  } catch (error) {
    answered = { error: String((error as Error)?.message ?? error), refused: error instanceof Refused };
  }
  parentPort?.postMessage(answered, buffersOf(answered));
});
