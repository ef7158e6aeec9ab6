import { ValueError } from '../errors.js';
import { sizeOf } from '../shapes.js';
import type { FileLimits } from './limits.js';
import { parseStrictJson } from './strict_json.js';
import type { Tensor } from './tensor.js';

// The container of https://github.com/huggingface/safetensors: eight bytes with the length of a JSON header, the header, then the numbers.

/** Element types by their names in the header: how many bytes, and how they are read. */
const DTYPES = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;
type DTypeName = keyof typeof DTYPES;
const HALVES: Partial<Record<DTypeName, string>> = { F16: 'float16', BF16: 'bfloat16' };

const MOST_HEADER = 100 * 2 ** 20;

/** Names of element types of arrays that are written. */
const nameOf = (data: ArrayBufferView): DTypeName =>
  data instanceof Float32Array
    ? 'F32'
    : data instanceof Float64Array
      ? 'F64'
      : data instanceof BigInt64Array
        ? 'I64'
        : data instanceof Int32Array
          ? 'I32'
          : data instanceof Uint32Array
            ? 'U32'
            : 'U8';

export const bytesOf = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** The pieces of a file of these tensors, in this order. The numbers are not copied. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, { shape: readonly number[]; data: ArrayBufferView }>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  // Without a prototype: a tensor may have any name.
  const header: Record<string, unknown> = Object.assign(Object.create(null), { __metadata__: metadata });
  let at = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: nameOf(data), shape: [...shape], data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  const json = JSON.stringify(header);
  const length = Buffer.byteLength(json);
  // Filled up, so that numbers of eight bytes lie at multiples of eight.
  const padded = Math.ceil(length / 8) * 8;
  const head = Buffer.alloc(8 + padded, 0x20);
  head.writeBigUInt64LE(BigInt(padded), 0);
  head.write(json, 8);
  return [head, ...[...tensors.values()].map(({ data }) => bytesOf(data))];
}

/** Whether bytes begin with the length of a header that is there. */
export function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.byteLength < 10 || bytes[8] !== 0x7b) return false;
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true) <= BigInt(bytes.byteLength - 8);
}

const isSize = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/**
 * The tensors of a file, as views of its bytes, and its metadata. Every size is checked against the file. ValueError ERR_FILE where it is damaged,
 * ERR_FILE_REFUSED where it is more than the limits.
 */
export function readSafetensors(
  where: string,
  bytes: Uint8Array,
  limits: Required<FileLimits>,
): { tensors: Map<string, Tensor>; metadata: Map<string, string> } {
  const damaged = (why: string) => new ValueError(`${where}: the .safetensors file is damaged: ${why}.`, 'ERR_FILE');
  if (bytes.byteLength < 8) throw damaged(`it has ${bytes.byteLength} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MOST_HEADER) || length > BigInt(bytes.byteLength - 8))
    throw damaged(`its header would have ${length} bytes`);
  const start = 8 + Number(length);
  const header = parseStrictJson(`${where}: header`, bytes.subarray(8, start));
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw damaged('its header is no object');
  const entries = Object.entries(header as Record<string, unknown>);
  if (entries.length > limits.objects)
    throw new ValueError(`${where}: holds ${entries.length} tensors, more than ${limits.objects}.`, 'ERR_FILE_REFUSED');
  const tensors = new Map<string, Tensor>();
  const metadata = new Map<string, string>();
  const ranges: [number, number][] = [];
  for (const [name, entry] of entries) {
    const shown = JSON.stringify(name.slice(0, 80));
    if (typeof entry !== 'object' || entry === null) throw damaged(`the entry ${shown} is no object`);
    if (name === '__metadata__') {
      for (const [key, value] of Object.entries(entry)) {
        if (typeof value !== 'string') throw damaged('its metadata are not all texts');
        metadata.set(key, value);
      }
      continue;
    }
    const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
    if (typeof dtype !== 'string' || !Object.hasOwn(DTYPES, dtype)) throw damaged(`${shown} has elements of an unknown kind`);
    if (!Array.isArray(shape) || !shape.every(isSize)) throw damaged(`${shown} has no shape`);
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) throw damaged(`${shown} has no place`);
    const [from, to] = offsets as [number, number];
    const Kind = DTYPES[dtype as DTypeName];
    const count = sizeOf(shape as number[]);
    if (from > to || to > bytes.byteLength - start || count * Kind.BYTES_PER_ELEMENT !== to - from)
      throw damaged(`${shown} of shape [${shape}] does not fit bytes ${from} to ${to}`);
    ranges.push([from, to]);
    tensors.set(name, {
      shape: shape as number[],
      data: elements(Kind, bytes, start + from, count),
      dtype: HALVES[dtype as DTypeName],
    });
  }
  ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let end = 0;
  for (const [from, to] of ranges) {
    if (from !== end)
      throw damaged(from < end ? 'two tensors share bytes' : `nothing says what the bytes from ${end} to ${from} are`);
    end = to;
  }
  if (end !== bytes.byteLength - start) throw damaged(`it has ${bytes.byteLength - start - end} bytes more than its tensors`);
  return { tensors, metadata };
}

function elements(Kind: (typeof DTYPES)[DTypeName], bytes: Uint8Array, from: number, count: number): ArrayBufferView {
  const at = bytes.byteOffset + from;
  if (at % Kind.BYTES_PER_ELEMENT === 0) return new Kind(bytes.buffer as ArrayBuffer, at, count);
  return new Kind(bytes.slice(from, from + count * Kind.BYTES_PER_ELEMENT).buffer as ArrayBuffer);
}
