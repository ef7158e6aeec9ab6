import { deflateSync } from 'node:zlib';
import { crc32 } from '../../crc32.js';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** PNG's kinds of pixels for 1, 3 and 4 channels. */
const KINDS: Record<number, number> = { 1: 0, 3: 2, 4: 6 };

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.byteLength);
  out.writeUInt32BE(data.byteLength, 0);
  out.write(type, 4, 'latin1');
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.byteLength)), 8 + data.byteLength);
  return out;
}

/** A picture of numbers from 0 to 1, which beyond are cut off; 1, 3 or 4 channels last. https://www.w3.org/TR/png/ */
export function pngOf(numbers: Float32Array, height: number, width: number, channels: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = KINDS[channels];
  const row = width * channels;
  // Each line begins with the number of its filter: 0, none.
  const lines = new Uint8Array(height * (row + 1));
  for (let y = 0; y < height; y++)
    for (let i = 0; i < row; i++)
      lines[y * (row + 1) + 1 + i] = Math.max(0, Math.min(255, Math.trunc(numbers[y * row + i] * 255.5)));
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', deflateSync(lines)), chunk('IEND', new Uint8Array(0))]);
}
