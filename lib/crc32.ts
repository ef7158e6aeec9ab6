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
