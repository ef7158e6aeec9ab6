import { open, stat } from 'node:fs/promises';
import * as zlib from 'node:zlib';
import type { AsyncBuffer, Compressors } from 'hyparquet' with { 'resolution-mode': 'import' };

/** The library is an ES module, and loaded by the first who reads such a file. */
export const library = (): Promise<typeof import('hyparquet', { with: { 'resolution-mode': 'import' }})> => import('hyparquet');

/** A file that is read in ranges; it is open only while one is read. */
export async function rangesOf(path: string): Promise<AsyncBuffer> {
  const { size } = await stat(path);
  return {
    byteLength: size,
    async slice(start: number, end = size) {
      const file = await open(path, 'r');
      try {
        const out = new Uint8Array(Math.max(0, Math.min(end, size) - start));
        let at = 0;
        while (at < out.length) {
          const { bytesRead } = await file.read(out, at, Math.min(out.length - at, 2 ** 30), start + at);
          if (bytesRead === 0) throw new Error('the file has become shorter');
          at += bytesRead;
        }
        return out.buffer;
      } finally {
        await file.close();
      }
    },
  };
}

type Unpack = (bytes: Uint8Array) => Uint8Array;
const { zstdDecompressSync } = zlib as unknown as { zstdDecompressSync?: Unpack };

/** What Node unpacks; the library itself knows Snappy. */
export const compressors: Compressors = {
  GZIP: (bytes) => zlib.gunzipSync(bytes),
  BROTLI: (bytes) => zlib.brotliDecompressSync(bytes),
  ...(zstdDecompressSync && { ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes) }),
};
