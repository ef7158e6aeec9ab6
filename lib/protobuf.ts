// The few messages of protobuf (https://protobuf.dev/programming-guides/encoding/) that files for other programs need.

/** Bytes of a message, in pieces: tensors are not copied. */
export type Pieces = Uint8Array[];

const size = (pieces: Pieces): number => pieces.reduce((n, p) => n + p.byteLength, 0);

function varint(value: number | bigint): Uint8Array {
  // Negative numbers are those of 64 bits.
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    out.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Uint8Array.from(out);
}

const tag = (field: number, wire: number) => varint((field << 3) | wire);

export const integer = (field: number, value: number | bigint): Pieces => [tag(field, 0), varint(value)];
export const float = (field: number, value: number): Pieces => [tag(field, 5), new Uint8Array(Float32Array.of(value).buffer)];
export const bytes = (field: number, value: Uint8Array): Pieces => [tag(field, 2), varint(value.byteLength), value];
export const text = (field: number, value: string): Pieces => bytes(field, new TextEncoder().encode(value));
export const message = (field: number, pieces: Pieces): Pieces => [tag(field, 2), varint(size(pieces)), ...pieces];
export const double = (field: number, value: number): Pieces => [tag(field, 1), new Uint8Array(Float64Array.of(value).buffer)];
