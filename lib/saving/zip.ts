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

type Zip = import('yauzl').ZipFile;
type Entry = import('yauzl').Entry;

/** Looks at what the directory says of each member, before anything is unpacked. */
class Directory {
  readonly #names = new Set<string>();
  #total = 0;
  #packed = 0;

  constructor(
    readonly limits: Required<FileLimits>,
    readonly byteLength: number,
  ) {}

  /** Why a member is not taken; null where it is. */
  refuses(entry: Entry): string | null {
    const { fileName: name, uncompressedSize: size, compressedSize: packed } = entry;
    const { bytes, expansion } = this.limits;
    const shown = shownName(name);
    const kind = (entry.externalFileAttributes >>> 28) & 15;
    if (this.#names.has(name)) return `the member ${shown} is there twice`;
    this.#names.add(name);
    if (kind === 10) return `the member ${shown} is a link`;
    if (entry.isEncrypted()) return `the member ${shown} is encrypted`;
    if (/(^|[\\/])\.\.([\\/]|$)|^[\\/]|^[a-zA-Z]:|\0/.test(name)) return `the member ${shown} leads out of the archive`;
    this.#total += size;
    if (this.#total > bytes) return `unpacked it is more than ${bytes} bytes`;
    this.#packed += packed;
    if (this.#packed > this.byteLength) return 'its members share bytes';
    if (size > expansion * Math.max(packed, 1)) return `the member ${shown} would grow more than ${expansion} times`;
    return null;
  }
}

const shownName = (name: string): string => JSON.stringify(name.slice(0, 80));

/** Numbers lie at multiples of it. */
const ALIGNMENT = 8;

/** The archive as it lies in memory, and whether it may be changed. */
interface Archive {
  bytes: Uint8Array;
  own: boolean;
}

/** What a member holds: a part of the archive where it is stored as it is, else unpacked. Throws an Error that says what is wrong with it. */
async function contentsOf(zip: Zip, entry: Entry, archive: Archive): Promise<Uint8Array> {
  const contents = entry.compressionMethod === 0 ? await stored(zip, entry, archive) : await unpacked(zip, entry);
  if (contents.byteLength !== entry.uncompressedSize || crc32(contents) !== entry.crc32)
    throw new Error(`the member ${shownName(entry.fileName)} has other contents than its checksum says`);
  return contents;
}

async function stored(zip: Zip, entry: Entry, { bytes, own }: Archive): Promise<Uint8Array> {
  const { fileDataStart: start } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  // Over the end of its header, which nobody needs any more.
  const at = own ? start - ((bytes.byteOffset + start) % ALIGNMENT) : start;
  if (at !== start) bytes.copyWithin(at, start, start + entry.uncompressedSize);
  return bytes.subarray(at, at + entry.uncompressedSize);
}

async function unpacked(zip: Zip, entry: Entry): Promise<Uint8Array> {
  const out = Buffer.allocUnsafe(entry.uncompressedSize);
  let at = 0;
  for await (const chunk of await zip.openReadStreamPromise(entry)) at += (chunk as Buffer).copy(out, at);
  return out.subarray(0, at);
}

/**
 * The members of a zip archive by name. Sizes are checked before memory is taken and CRC-32 after. ValueError ERR_FILE where the archive is damaged,
 * ERR_FILE_REFUSED for links, names that lead out of the archive, names twice, encrypted members, and more than the limits.
 * @param own whether the bytes may be changed: members that are stored as they are, are then moved to where their numbers can be read in place
 * @param wanted which members are unpacked; the others are checked by what the directory says of them
 */
export async function readZip(
  where: string,
  bytes: Uint8Array,
  limits: Required<FileLimits>,
  own: boolean,
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
      const directory = new Directory(limits, bytes.byteLength);
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
      zip.on('entry', (entry: Entry) => {
        const why = directory.refuses(entry);
        if (why) return fail(refused(why));
        if (entry.fileName.endsWith('/') || !wanted(entry.fileName)) return zip.readEntry();
        contentsOf(zip, entry, { bytes, own }).then(
          (contents) => {
            members.set(entry.fileName, contents);
            zip.readEntry();
          },
          ({ message }: Error) => fail(damaged(message)),
        );
      });
      zip.readEntry();
    });
  });
}
