// Reads ranges of rows of an HDF5 file, in a thread of its own. The build of the library that knows no file system of the host is given the bytes that it asks
// for: it sees this one file, and tells of damage, which its build for Node does not.
import { fstatSync, openSync, readSync } from 'node:fs';
import { Dataset, File, ready } from 'h5wasm';
import type { TypedArray } from '../../data/elements.js';
import { ValueError } from '../../errors.js';
import { asData } from './elements.js';
import type { Hdf5Described } from './hdf5_node.js';

/** What the library's types leave out. */
interface Files {
  writeFile(name: string, bytes: Uint8Array): void;
  lookupPath(name: string): { node: Entry };
  open(...given: unknown[]): unknown;
  ErrnoError: new (code: number) => Error;
}
interface Entry {
  usedBytes: number;
  stream_ops: { read(stream: unknown, into: Int8Array, offset: number, length: number, position: number): number };
}

const NAME = 'data.h5';
/** No such file. */
const ENOENT = 44;
const INTEGER = 0;
const FLOAT = 1;
const ENUM = 8;

function openFile(path: string, FS: Files): File {
  const file = openSync(path, 'r');
  const { size } = fstatSync(file);
  FS.writeFile(NAME, new Uint8Array(0));
  const { node } = FS.lookupPath(NAME);
  node.usedBytes = size;
  node.stream_ops = {
    ...node.stream_ops,
    read: (_, into, offset, length, position) =>
      position >= size ? 0 : readSync(file, into, offset, Math.min(length, size - position), position),
  };
  const opened = new File(NAME, 'r');
  // From here on nothing is opened, as external storage and links would be, but for what the library writes its errors to.
  const { open } = FS;
  FS.open = (...given) => {
    if (String(given[0]).startsWith('/tmp/tmpfile_')) return open(...given);
    throw new FS.ErrnoError(ENOENT);
  };
  return opened;
}

function arrayOf(where: string, file: File, name: string): Dataset {
  const found = file.get(name);
  if (!(found instanceof Dataset)) {
    const there = file.keys().join(', ');
    throw new ValueError(`${where} has no array '${name}'. At its root are: ${there}`, 'ERR_UNKNOWN_NAME');
  }
  const { type, size, virtual_sources } = found.metadata as Dataset['metadata'] & { virtual_sources?: unknown };
  if (virtual_sources) throw new ValueError(`${where}: the numbers of '${name}' are in other files.`, 'ERR_FILE_REFUSED');
  const isNumbers = type === INTEGER || (type === FLOAT && size >= 4 && size <= 8) || (type === ENUM && size === 1);
  if (!isNumbers)
    throw new ValueError(
      `${where}: '${name}' holds no numbers that are read: store whole numbers, float32 or float64.`,
      'ERR_DTYPE',
    );
  return found;
}

/** Answers 'describe' with shapes, and a range with its rows, one array for each name. */
export async function hdf5Reader(path: string, names: readonly string[]) {
  const module = await ready;
  module.activate_throwing_error_handler();
  const where = `hdf5: ${path}`;
  let arrays: Dataset[];
  try {
    const file = openFile(path, (module as unknown as { FS: Files }).FS);
    arrays = names.map((name) => arrayOf(where, file, name));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof ValueError || code === 'ENOENT') throw error;
    throw new ValueError(`${where}: the HDF5 file is damaged or no HDF5 file: ${message.split('\n')[0]}`, 'ERR_FILE');
  }
  return (task: unknown): { value: unknown; transfer: ArrayBuffer[] } => {
    if (task === 'describe') {
      const value: Hdf5Described[] = arrays.map(({ shape, metadata }) => ({ shape: shape ?? [], itemBytes: metadata.size }));
      return { value, transfer: [] };
    }
    const { from, to } = task as { from: number; to: number };
    const value = arrays.map((array, i) => rowsOf(`${where}: '${names[i]}'`, array, from, to));
    return { value, transfer: [...new Set(value.map(({ buffer }) => buffer as ArrayBuffer))] };
  };
}

function rowsOf(where: string, array: Dataset, from: number, to: number): TypedArray {
  try {
    const data = array.slice([[from, to]]) as unknown as Float32Array;
    // Memory of the library may move: what goes to another thread is a copy.
    return asData(where, { shape: [], data: data.slice() });
  } catch (error) {
    throw error instanceof ValueError
      ? error
      : new ValueError(`${where}: rows ${from} to ${to} cannot be read: ${(error as Error).message.split('\n')[0]}`, 'ERR_FILE');
  }
}
