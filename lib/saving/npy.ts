import { ValueError } from '../errors.js';
import { sizeOf } from '../shapes.js';
import { bytesOf } from './safetensors.js';
import type { Tensor } from './tensor.js';

// NumPy's format of one array: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

const MAGIC = '\x93NUMPY';

const KINDS: Record<
  string,
  { new (buffer: ArrayBuffer, at: number, count: number): ArrayBufferView; BYTES_PER_ELEMENT: number }
> = {
  f8: Float64Array,
  f4: Float32Array,
  f2: Uint16Array,
  i8: BigInt64Array,
  i4: Int32Array,
  i2: Int16Array,
  i1: Int8Array,
  u8: BigUint64Array,
  u4: Uint32Array,
  u2: Uint16Array,
  u1: Uint8Array,
  b1: Uint8Array,
};

/** An array of float32 as an .npy file, in pieces: the numbers are not copied. */
export function writeNpy({ shape, data }: { shape: readonly number[]; data: Float32Array }): Uint8Array[] {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The numbers begin at a multiple of 64; the header ends with a line break.
  const start = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const out = Buffer.alloc(start, 0x20);
  out.write(MAGIC, 0, 'latin1');
  out[6] = 1;
  out[7] = 0;
  out.writeUInt16LE(start - 10, 8);
  out.write(`${dictionary.padEnd(start - 11)}\n`, 10, 'latin1');
  return [out, bytesOf(data)];
}

/** What an .npy file says of its array. */
export interface NpyHeader {
  /** NumPy's word for the elements, `f4`. */
  readonly kind: string;
  readonly itemBytes: number;
  readonly isBigEndian: boolean;
  /** Whether elements lie column by column. */
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly start: number;
}

/** Bytes that a header may have, with what is before it. */
export const NPY_HEADER_BYTES = 65536 + 12;

/** The header at the begin of an .npy file. ValueError ERR_FILE where it is none, or of what is no number (objects are code to Python). */
export function readNpyHeader(where: string, buffer: Buffer): NpyHeader {
  const damaged = (why: string) => new ValueError(`${where}: ${why}.`, 'ERR_FILE');
  if (buffer.length < 12 || buffer.toString('latin1', 0, 6) !== MAGIC) throw damaged('is no .npy file');
  const long = buffer[6] >= 2;
  const first = long ? 12 : 10;
  const start = first + (long ? buffer.readUInt32LE(8) : buffer.readUInt16LE(8));
  if (start > buffer.length || start - first > 65536) throw damaged('its header is longer than the file');
  const header = buffer.toString('latin1', first, start);
  const descr = header.match(/'descr':\s*'([<>|=])([fiub]\d)'/);
  const shapeText = header.match(/'shape':\s*\(([\d,\s]*)\)/)?.[1];
  const order = header.match(/'fortran_order':\s*(True|False)/)?.[1];
  if (!descr || shapeText === undefined || !order || !Object.hasOwn(KINDS, descr[2]))
    throw damaged('holds no array of plain numbers');
  const shape = shapeText
    .split(',')
    .map((s) => s.trim())
    .filter(Boolean)
    .map(Number);
  const [, endian, kind] = descr;
  const itemBytes = KINDS[kind].BYTES_PER_ELEMENT;
  return { kind, itemBytes, isBigEndian: endian === '>', isFortran: order === 'True' && shape.length > 1, shape, start };
}

/** Elements of an .npy file, in their memory; it is changed where they are of the other order of bytes. */
export function npyElements({ kind, itemBytes, isBigEndian }: NpyHeader, bytes: Uint8Array): ArrayBufferView {
  if (isBigEndian) swap(bytes, itemBytes);
  return new KINDS[kind](bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / itemBytes);
}

/** The array of an .npy file, in rows: in the file's memory, where its numbers can be read there. ValueError ERR_FILE where it is damaged, or holds what is no number. */
export function readNpy(where: string, bytes: Uint8Array): Tensor {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readNpyHeader(where, buffer);
  const { kind, itemBytes, isFortran, shape, start } = header;
  const count = sizeOf(shape);
  if (!Number.isSafeInteger(count) || count * itemBytes !== buffer.length - start)
    throw new ValueError(`${where}: an array of shape [${shape}] does not fit ${buffer.length - start} bytes.`, 'ERR_FILE');
  const elements = bytes.subarray(start);
  const readable = !header.isBigEndian && elements.byteOffset % header.itemBytes === 0;
  const data = npyElements(header, readable ? elements : Uint8Array.prototype.slice.call(elements));
  const dtype = kind === 'f2' ? 'float16' : undefined;
  return { shape, dtype, data: isFortran ? byRows(data as Float32Array, shape) : data };
}

function swap(bytes: Uint8Array, size: number): void {
  for (let i = 0; i + size <= bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

/** Elements that lie column by column, row by row. */
function byRows<T extends Float32Array>(data: T, shape: readonly number[]): T {
  const out = data.slice() as T;
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  for (let i = 0; i < out.length; i++) {
    let rest = i;
    let from = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += (rest % shape[axis]) * strides[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    out[i] = data[from];
  }
  return out;
}
