import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../../lib/crc32.js';

/** A member of an archive, and what is to be said of it that is not so. */
export interface RawMember {
  name: string;
  data: Uint8Array | string;
  deflate?: boolean;
  flags?: number;
  method?: number;
  crc?: number;
  size?: number;
  packed?: number;
  /** Unix mode. */
  mode?: number;
  /** Where its bytes are said to be. */
  offset?: number;
  /** Sizes in a field of 64 bits. */
  zip64?: { size: bigint; packed: bigint };
}

/** A zip archive, byte by byte. @param count how many members its end says that it has */
export function rawZip(members: readonly RawMember[], count = members.length): Buffer {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const m of members) {
    const data = Buffer.from(m.data as string);
    const stored = m.deflate ? deflateRawSync(data) : data;
    const name = Buffer.from(m.name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(m.flags ?? 0, 2);
    common.writeUInt16LE(m.method ?? (m.deflate ? 8 : 0), 4);
    common.writeUInt32LE(m.crc ?? crc32(data), 10);
    common.writeUInt32LE(m.zip64 ? 0xffffffff : (m.packed ?? stored.length), 14);
    common.writeUInt32LE(m.zip64 ? 0xffffffff : (m.size ?? data.length), 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name, stored]);
    const extra = Buffer.alloc(m.zip64 ? 20 : 0);
    if (m.zip64) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(16, 2);
      extra.writeBigUInt64LE(m.zip64.size, 4);
      extra.writeBigUInt64LE(m.zip64.packed, 12);
    }
    common.writeUInt16LE(extra.length, 24);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((m.mode ?? 0o100644) << 16) >>> 0, 6);
    tail.writeUInt32LE(m.offset ?? at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), Buffer.from([20, 3]), common, tail, name, extra]));
    pieces.push(local);
    at += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...pieces, central, end]);
}
