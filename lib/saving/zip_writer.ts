import { crc32InTurns } from '../crc32.js';

/** One file of an archive, in pieces. */
export interface ZipMember {
  pieces: readonly Uint8Array[];
  /** Where it is known already. */
  crc?: number;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const END = 0x06054b50;
/** Sizes and places from here on stand in a field of 64 bits; those of 32 hold this. */
const LARGE = 0xffffffff;
const EXTRA_64 = 1;
/** A field that others pass over: it moves the contents to where their numbers can be read in place. */
const EXTRA_ALIGN = 0xd935;
const ALIGNMENT = 64;
/** Names are UTF-8. */
const FLAGS = 0x0800;
/** A plain file that its owner may write and all may read, as systems like Unix say it. */
const ATTRIBUTES = 0o100644 * 2 ** 16;
const UNIX = 3 << 8;

/** The time of now as DOS writes it: local, in steps of two seconds. */
function dosTime(now: Date): { time: number; date: number } {
  const years = Math.max(0, now.getFullYear() - 1980);
  return {
    time: (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1),
    date: (years << 9) | ((now.getMonth() + 1) << 5) | now.getDate(),
  };
}

/** Fields of [bytes, value] one after the other, the lowest byte first. */
function fields(...list: [bytes: 2 | 4 | 8, value: number][]): Buffer {
  const out = Buffer.alloc(list.reduce((n, [bytes]) => n + bytes, 0));
  let at = 0;
  for (const [bytes, value] of list) {
    if (bytes === 8) out.writeBigUInt64LE(BigInt(value), at);
    else out.writeUIntLE(value, at, bytes);
    at += bytes;
  }
  return out;
}

interface Entry {
  name: Buffer;
  crc: number;
  size: number;
  /** Of its header. */
  at: number;
}

/** What the header in front of the contents and the list at the end have in common. Contents are stored as they are: weights hardly shrink. */
function common({ name, crc, size }: Entry, large: boolean, extra: number, when: { time: number; date: number }): Buffer {
  const shown = large ? LARGE : size;
  return fields(
    ...([
      [2, large ? 45 : 20],
      [2, FLAGS],
      [2, 0],
      [2, when.time],
      [2, when.date],
    ] as [2, number][]),
    ...([
      [4, crc],
      [4, shown],
      [4, shown],
    ] as [4, number][]),
    [2, name.length],
    [2, extra],
  );
}

function localHeader(entry: Entry, when: { time: number; date: number }): Buffer {
  const { size, at, name } = entry;
  const large = size >= LARGE;
  const wide = large ? fields([2, EXTRA_64], [2, 16], [8, size], [8, size]) : Buffer.alloc(0);
  const fixed = at + 30 + name.length + wide.length + 4;
  const padding = (ALIGNMENT - (fixed % ALIGNMENT)) % ALIGNMENT;
  const extra = Buffer.concat([wide, fields([2, EXTRA_ALIGN], [2, padding]), Buffer.alloc(padding)]);
  return Buffer.concat([fields([4, LOCAL]), common(entry, large, extra.length, when), name, extra]);
}

function centralHeader(entry: Entry, when: { time: number; date: number }): Buffer {
  const { size, at, name } = entry;
  const large = size >= LARGE || at >= LARGE;
  const extra = large ? fields([2, EXTRA_64], [2, 24], [8, size], [8, size], [8, at]) : Buffer.alloc(0);
  return Buffer.concat([
    fields([4, CENTRAL], [2, UNIX | 45]),
    common(entry, large, extra.length, when),
    fields([2, 0], [2, 0], [2, 0], [4, ATTRIBUTES], [4, large ? LARGE : at]),
    name,
    extra,
  ]);
}

function ending(count: number, size: number, at: number): Buffer {
  const few = Math.min(count, 0xffff);
  const end = fields([4, END], [2, 0], [2, 0], [2, few], [2, few], [4, Math.min(size, LARGE)], [4, Math.min(at, LARGE)], [2, 0]);
  if (count < 0xffff && size < LARGE && at < LARGE) return end;
  const wide = fields([4, END_64], [8, 44], [2, UNIX | 45], [2, 45], [4, 0], [4, 0], [8, count], [8, count], [8, size], [8, at]);
  return Buffer.concat([wide, fields([4, LOCATOR_64], [4, 0], [8, at + size], [4, 1]), end]);
}

/** A zip archive of these members, in pieces. Contents are not copied, and begin at multiples of 64 bytes. */
export async function writeZip(members: ReadonlyMap<string, ZipMember>): Promise<Uint8Array[]> {
  const when = dosTime(new Date());
  const pieces: Uint8Array[] = [];
  const entries: Entry[] = [];
  const crcOf = crc32InTurns();
  let at = 0;
  for (const [name, member] of members) {
    const size = member.pieces.reduce((n, piece) => n + piece.byteLength, 0);
    const entry = { name: Buffer.from(name), crc: member.crc ?? (await crcOf(member.pieces)), size, at };
    const header = localHeader(entry, when);
    entries.push(entry);
    pieces.push(header, ...member.pieces);
    at += header.length + size;
  }
  const list = Buffer.concat(entries.map((entry) => centralHeader(entry, when)));
  return [...pieces, list, ending(entries.length, list.length, at)];
}
