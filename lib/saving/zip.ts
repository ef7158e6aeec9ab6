import { crc32 } from '../crc32.js';
import { ValueError } from '../errors.js';
import type { FileLimits } from './limits.js';

/** Whether bytes begin as a zip archive does. */
export const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);

/** Whether it is an archive of NumPy's arrays, as its first member's name says. */
export function isNpz(bytes: Uint8Array): boolean {
  if (!isZip(bytes) || bytes.byteLength < 30) return false;
  const length = (bytes[26] as number) + 256 * (bytes[27] as number);
  return Buffer.from(bytes.subarray(30, 30 + length))
    .toString('latin1')
    .endsWith('.npy');
}

/**
 * The members of a zip archive by name. Sizes are checked before memory is taken and CRC-32 after. ValueError ERR_FILE where the archive is damaged,
 * ERR_FILE_REFUSED for links, names that lead out of the archive, names twice, encrypted members, and more than the limits.
 * @param wanted which members are unpacked; the others are checked by what the directory says of them
 */
export async function readZip(
  where: string,
  bytes: Uint8Array,
  limits: Required<FileLimits>,
  wanted: (name: string) => boolean = () => true,
): Promise<Map<string, Uint8Array>> {
  const { fromBuffer } = await import('yauzl');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const refused = (why: string) => new ValueError(`${where}: this archive is not taken: ${why}.`, 'ERR_FILE_REFUSED');
  const damaged = (why: string) => new ValueError(`${where}: the archive is damaged or no archive: ${why}`, 'ERR_FILE');
  return new Promise((resolve, reject) => {
    fromBuffer(buffer, { lazyEntries: true, validateEntrySizes: true }, (failure, zip) => {
      if (failure) return reject(damaged(failure.message));
      const members = new Map<string, Uint8Array>();
      const names = new Set<string>();
      let total = 0;
      let packedTotal = 0;
      const fail = (error: Error) => {
        zip.close();
        reject(error);
      };
      if (zip.entryCount > limits.members) return fail(refused(`it has ${zip.entryCount} members, more than ${limits.members}`));
      zip.on('error', ({ message }: Error) =>
        // The library looks at names before we do.
        fail(/absolute path|relative path|invalid characters/.test(message) ? refused(message) : damaged(message)),
      );
      zip.on('end', () => resolve(members));
      zip.on('entry', (entry) => {
        const { fileName: name, uncompressedSize: size, compressedSize: packed } = entry;
        const shown = JSON.stringify(name.slice(0, 80));
        const kind = (entry.externalFileAttributes >>> 28) & 15;
        if (names.has(name)) return fail(refused(`the member ${shown} is there twice`));
        names.add(name);
        if (kind === 10) return fail(refused(`the member ${shown} is a link`));
        if (entry.isEncrypted()) return fail(refused(`the member ${shown} is encrypted`));
        if (/(^|[\\/])\.\.([\\/]|$)|^[\\/]|^[a-zA-Z]:|\0/.test(name))
          return fail(refused(`the member ${shown} leads out of the archive`));
        total += size;
        if (total > limits.bytes) return fail(refused(`unpacked it is more than ${limits.bytes} bytes`));
        packedTotal += packed;
        if (packedTotal > bytes.byteLength) return fail(refused('its members share bytes'));
        if (size > limits.expansion * Math.max(packed, 1))
          return fail(refused(`the member ${shown} would grow more than ${limits.expansion} times`));
        if (name.endsWith('/') || !wanted(name)) return zip.readEntry();
        zip.openReadStream(entry, (error, stream) => {
          if (error) return fail(damaged(error.message));
          const out = Buffer.allocUnsafe(size);
          let at = 0;
          stream.on('error', (e: Error) => fail(damaged(e.message)));
          stream.on('data', (chunk: Buffer) => {
            chunk.copy(out, at);
            at += chunk.length;
          });
          stream.on('end', () => {
            if (at !== size || crc32(out) !== entry.crc32)
              return fail(damaged(`the member ${shown} has other contents than its checksum says`));
            members.set(name, out);
            zip.readEntry();
          });
        });
      });
      zip.readEntry();
    });
  });
}

/** A zip archive of these members, stored as they are (weights hardly shrink), in pieces. */
export async function writeZip(members: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array[]> {
  const { ZipFile } = await import('yazl');
  const zip = new ZipFile();
  for (const [name, bytes] of members)
    zip.addBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), name, { compress: false, mode: 0o100644 });
  zip.end();
  const pieces: Uint8Array[] = [];
  for await (const piece of zip.outputStream) pieces.push(piece as unknown as Uint8Array);
  return pieces;
}
