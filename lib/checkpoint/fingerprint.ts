import { crc32 } from '../crc32.js';

const BLOCK = 65536;
const MOST_BLOCKS = 256;

/** A short print of an array: its kind, shape, and up to 16 MiB of its bytes, spread over all of it. Not made to withstand forgery. */
export function printOf(tensor: { data: ArrayLike<number | bigint>; shape: readonly number[] } | null): string | null {
  if (!tensor) return null;
  const { data, shape } = tensor;
  const view = data as unknown as ArrayBufferView;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const blocks = Math.ceil(bytes.length / BLOCK);
  const step = Math.max(1, blocks / MOST_BLOCKS);
  let sum = 0;
  for (let at = 0; Math.floor(at) < blocks; at += step) {
    const from = Math.floor(at) * BLOCK;
    sum = crc32(bytes.subarray(from, from + BLOCK), sum);
  }
  const last = bytes.subarray(Math.max(0, bytes.length - BLOCK));
  return `${(data as object).constructor.name}[${shape}]:${crc32(last, sum).toString(16)}`;
}

/** A short print of anything that JSON can say. */
export const printOfJson = (value: unknown): string => crc32(new TextEncoder().encode(JSON.stringify(value) ?? '')).toString(16);
