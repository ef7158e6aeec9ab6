import { setImmediate as turn } from 'node:timers/promises';
import * as zlib from 'node:zlib';

const table = Uint32Array.from({ length: 256 }, (_, i) => {
  let c = i;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function slow(bytes: Uint8Array, start: number): number {
  let c = ~start;
  for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]) & 255] ^ (c >>> 8);
  return ~c >>> 0;
}

/** CRC-32 of bytes, going on from `start`. Node has it from 20.15 on. */
export const crc32: (bytes: Uint8Array, start?: number) => number =
  (zlib as { crc32?: (bytes: Uint8Array, start?: number) => number }).crc32 ?? ((bytes, start = 0) => slow(bytes, start));

/** Bytes that are summed up before others have their turn: about 2 ms. */
const AT_ONCE = 4 * 2 ** 20;

/** Gives the CRC-32 of pieces one after the other, each time for others: the event loop does not wait for large or many ones. */
export function crc32InTurns(): (pieces: Iterable<Uint8Array>) => Promise<number> {
  let left = AT_ONCE;
  return async (pieces) => {
    let sum = 0;
    for (const bytes of pieces)
      for (let at = 0; at < bytes.byteLength; ) {
        const count = Math.min(left, bytes.byteLength - at);
        sum = crc32(bytes.subarray(at, at + count), sum);
        at += count;
        left -= count;
        if (left > 0) continue;
        await turn();
        left = AT_ONCE;
      }
    return sum;
  };
}
