import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ValueError } from '../../errors.js';
import { readOptions } from '../../options.js';
import { NPY_HEADER_BYTES, type NpyHeader, npyElements, readNpy, readNpyHeader } from '../../saving/npy.js';
import { sizeOf } from '../../shapes.js';
import { Table } from '../block.js';
import { type Dense, dense } from '../columns.js';
import { type Blocks, Node, type Place } from '../node.js';
import { fileError } from '../sources/files.js';
import { rowsOfBlock } from '../sources/from_arrays.js';
import type { Structure } from '../structure.js';
import { asData } from './elements.js';
import { checkRows, readNames } from './options.js';

/** Options of `data.npy`. */
export interface NpyOptions {
  /** The file that is y. */
  label?: string | null;
  /** The file that weighs the rows. */
  sampleWeight?: string | null;
}

interface NpyFile {
  readonly path: string;
  readonly header: NpyHeader;
  readonly rowBytes: number;
}

/** Rows of .npy files, each array in a file of its own, read in ranges of rows. */
export class NpyNode extends Node {
  readonly below: readonly Node[] = [];
  readonly #files: readonly NpyFile[];
  readonly #structure: Structure;
  readonly length: number;

  constructor(x: string | { readonly [name: string]: string }, options: NpyOptions | undefined) {
    super();
    const o = readOptions<Required<NpyOptions>>('npy', options, { label: null, sampleWeight: null });
    const { names, structure } = readNames('npy', { x, ...o });
    this.#structure = structure;
    this.#files = names.map(headOf);
    this.length = checkRows(
      'npy',
      names,
      this.#files.map(({ header }) => header.shape),
    );
  }

  async *blocks({ skip }: Place): Blocks {
    const step = rowsOfBlock(this.#files.reduce((n, { rowBytes }) => n + rowBytes, 0));
    const handles: FileHandle[] = [];
    try {
      for (const { path } of this.#files) handles.push(await open(path, 'r'));
      for (let from = skip; from < this.length; from += step) {
        const rows = Math.min(step, this.length - from);
        const columns = await Promise.all(this.#files.map((file, i) => readRows(file, handles[i], from, rows)));
        yield new Table(this.#structure, columns, rows);
      }
    } finally {
      for (const handle of handles) await handle.close();
    }
  }
}

/** What a file says of itself; its size must fit that. */
function headOf(path: string): NpyFile {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = statSync(path);
      const bytes = Buffer.alloc(Math.min(size, NPY_HEADER_BYTES));
      readSync(file, bytes, 0, bytes.length, 0);
      const header = readNpyHeader(`npy: ${path}`, bytes);
      const rowBytes = header.itemBytes * sizeOf(header.shape.slice(1));
      if (header.start + rowBytes * (header.shape[0] ?? 1) !== size)
        throw new ValueError(`npy: ${path}: an array of shape [${header.shape}] does not fit ${size} bytes.`, 'ERR_FILE');
      return { path, header, rowBytes };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw fileError('npy', path, error);
  }
}

async function readRows({ path, header, rowBytes }: NpyFile, file: FileHandle, from: number, rows: number): Promise<Dense> {
  const shape = header.shape.slice(1);
  const dtype = header.kind === 'f2' ? 'float16' : undefined;
  if (header.isFortran) {
    // Column by column: a row lies all over the file.
    const { size } = await file.stat();
    const all = readNpy(`npy: ${path}`, await read(path, file, 0, size));
    const width = sizeOf(shape);
    return dense(asData(path, all).subarray(from * width, (from + rows) * width) as Float32Array, shape);
  }
  const bytes = await read(path, file, header.start + from * rowBytes, rows * rowBytes);
  return dense(asData(`npy: ${path}`, { shape, dtype, data: npyElements(header, bytes) }), shape);
}

async function read(path: string, file: FileHandle, from: number, length: number): Promise<Uint8Array> {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(out, at, Math.min(length - at, 2 ** 30), from + at);
    if (bytesRead === 0) throw new ValueError(`npy: ${path} has become shorter while it was read.`, 'ERR_FILE');
    at += bytesRead;
  }
  return out;
}
