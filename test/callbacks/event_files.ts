// Reads event files, independent of what writes them: records, their checksums, and the fields of each event.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** CRC-32C bit by bit. */
function crc(bytes: Uint8Array): number {
  let rest = -1;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0x82f63b78 : 0);
  }
  const whole = (rest ^ -1) >>> 0;
  return ((((whole >>> 15) | (whole << 17)) >>> 0) + 0xa282ead8) % 2 ** 32;
}

function* records(file: Buffer): Generator<Buffer> {
  for (let at = 0; at < file.length; ) {
    const size = Number(file.readBigUInt64LE(at));
    if (file.readUInt32LE(at + 8) !== crc(file.subarray(at, at + 8))) throw new Error(`the length at ${at} has another checksum`);
    const data = file.subarray(at + 12, at + 12 + size);
    if (file.readUInt32LE(at + 12 + size) !== crc(data)) throw new Error(`the record at ${at} has another checksum`);
    yield data;
    at += 16 + size;
  }
}

export type Field = { field: number; value: bigint | Buffer };

/** Fields of a message of protobuf, in order. */
export function fieldsOf(data: Buffer): Field[] {
  const out: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = data[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < data.length) {
    const key = Number(varint());
    const [field, wire] = [key >> 3, key & 7];
    if (wire === 0) out.push({ field, value: varint() });
    else {
      const size = wire === 1 ? 8 : wire === 5 ? 4 : Number(varint());
      out.push({ field, value: data.subarray(at, at + size) });
      at += size;
    }
  }
  return out;
}

export const one = (fields: Field[], field: number): Buffer => {
  const found = fields.find((f) => f.field === field);
  if (!found) throw new Error(`there is no field ${field}`);
  return found.value as Buffer;
};

export interface Point {
  tag: string;
  plugin: string;
  step: number;
  /** The tensor's fields. */
  tensor: Field[];
}

/** All points of all event files of a folder, in their order. */
export function pointsOf(folder: string): Point[] {
  const files = readdirSync(folder)
    .filter((name) => name.startsWith('events.out.tfevents.'))
    .sort();
  return files.flatMap((name) =>
    [...records(readFileSync(join(folder, name)))].flatMap((event) => {
      const fields = fieldsOf(event);
      const step = Number(fields.find((f) => f.field === 2)?.value ?? 0n);
      return fields
        .filter((f) => f.field === 5)
        .flatMap((summary) => fieldsOf(summary.value as Buffer))
        .map((value) => fieldsOf(value.value as Buffer))
        .map((value) => ({
          tag: String(one(value, 1)),
          plugin: String(one(fieldsOf(one(fieldsOf(one(value, 9)), 1)), 1)),
          step,
          tensor: fieldsOf(one(value, 8)),
        }));
    }),
  );
}

/** `tag step value` of each number. */
export const scalarsOf = (folder: string): [string, number, number][] =>
  pointsOf(folder)
    .filter(({ plugin }) => plugin === 'scalars')
    .map(({ tag, step, tensor }) => [tag, step, one(tensor, 5).readFloatLE(0)]);
