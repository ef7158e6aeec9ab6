// FarmHash's Fingerprint64 (Geoff Pike, Google, MIT licence), which TensorFlow's `to_hash_bucket_fast` is made of: the bins of Keras follow from it.

const k0 = 0xc3a5c85c97cb3127n;
const k1 = 0xb492b66fbe98f273n;
const k2 = 0x9ae16a3b2f90404fn;

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const rotate = (x: bigint, by: bigint): bigint => u64((x >> by) | (x << (64n - by)));
const mix = (x: bigint): bigint => x ^ (x >> 47n);

function hash16(u: bigint, v: bigint, mul: bigint): bigint {
  let a = u64((u ^ v) * mul);
  a ^= a >> 47n;
  let b = u64((v ^ a) * mul);
  b ^= b >> 47n;
  return u64(b * mul);
}

/** Bytes, read as little-endian words. */
class Words {
  readonly #view: DataView;
  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  word(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }
  half(at: number): bigint {
    return BigInt(this.#view.getUint32(at, true));
  }
}

function upTo16(s: Words, n: number): bigint {
  const length = BigInt(n);
  if (n >= 8) {
    const mul = k2 + 2n * length;
    const a = s.word(0) + k2;
    const b = s.word(n - 8);
    return hash16(u64(rotate(b, 37n) * mul + a), u64((rotate(u64(a), 25n) + b) * mul), mul);
  }
  if (n >= 4) return hash16(length + (s.half(0) << 3n), s.half(n - 4), k2 + 2n * length);
  if (n === 0) return k2;
  const [a, b, c] = [s.bytes[0], s.bytes[n >> 1], s.bytes[n - 1]].map(BigInt);
  const y = a + (b << 8n);
  const z = length + (c << 2n);
  return u64(mix(u64(y * k2) ^ u64(z * k0)) * k2);
}

function upTo32(s: Words, n: number): bigint {
  const mul = k2 + 2n * BigInt(n);
  const a = u64(s.word(0) * k1);
  const b = s.word(8);
  const c = u64(s.word(n - 8) * mul);
  const d = u64(s.word(n - 16) * k2);
  return hash16(u64(rotate(u64(a + b), 43n) + rotate(c, 30n) + d), u64(a + rotate(u64(b + k2), 18n) + c), mul);
}

function upTo64(s: Words, n: number): bigint {
  const mul = k2 + 2n * BigInt(n);
  const a = u64(s.word(0) * k2);
  const b = s.word(8);
  const c = u64(s.word(n - 8) * mul);
  const d = u64(s.word(n - 16) * k2);
  const y = u64(rotate(u64(a + b), 43n) + rotate(c, 30n) + d);
  const z = hash16(y, u64(a + rotate(u64(b + k2), 18n) + c), mul);
  const e = u64(s.word(16) * mul);
  const f = s.word(24);
  const g = u64((y + s.word(n - 32)) * mul);
  const h = u64((z + s.word(n - 24)) * mul);
  return hash16(u64(rotate(u64(e + f), 43n) + rotate(g, 30n) + h), u64(e + rotate(u64(f + a), 18n) + g), mul);
}

type Pair = [bigint, bigint];

function weak32(s: Words, at: number, a0: bigint, b0: bigint): Pair {
  const [w, x, y, z] = [0, 8, 16, 24].map((k) => s.word(at + k));
  let a = u64(a0 + w);
  let b = rotate(u64(b0 + a + z), 21n);
  const c = a;
  a = u64(a + x + y);
  b = u64(b + rotate(a, 44n));
  return [u64(a + z), u64(b + c)];
}

function longer(s: Words, n: number): bigint {
  const seed = 81n;
  let x = seed;
  let y = u64(seed * k1 + 113n);
  let z = u64(mix(u64(y * k2 + 113n)) * k2);
  let v: Pair = [0n, 0n];
  let w: Pair = [0n, 0n];
  x = u64(x * k2 + s.word(0));
  const round = (at: number, mul: bigint, last: boolean) => {
    x = u64(rotate(u64(x + y + v[0] + s.word(at + 8)), 37n) * mul);
    y = u64(rotate(u64(y + v[1] + s.word(at + 48)), 42n) * mul);
    x ^= last ? u64(w[1] * 9n) : w[1];
    y = u64(y + (last ? v[0] * 9n : v[0]) + s.word(at + 40));
    z = u64(rotate(u64(z + w[0]), 33n) * mul);
    v = weak32(s, at, u64(v[1] * mul), u64(x + w[0]));
    w = weak32(s, at + 32, u64(z + w[1]), u64(y + s.word(at + 16)));
    [z, x] = [x, z];
  };
  const end = Math.floor((n - 1) / 64) * 64;
  for (let at = 0; at < end; at += 64) round(at, k1, false);
  const mul = u64(k1 + ((z & 0xffn) << 1n));
  w[0] = u64(w[0] + BigInt((n - 1) & 63));
  v[0] = u64(v[0] + w[0]);
  w[0] = u64(w[0] + v[0]);
  round(n - 64, mul, true);
  return hash16(u64(hash16(v[0], w[0], mul) + u64(mix(y) * k0) + z), u64(hash16(v[1], w[1], mul) + x), mul);
}

/** Of the bytes of a text. */
export function fingerprint64(bytes: Uint8Array): bigint {
  const s = new Words(bytes);
  const n = bytes.length;
  if (n <= 16) return upTo16(s, n);
  if (n <= 32) return upTo32(s, n);
  return n <= 64 ? upTo64(s, n) : longer(s, n);
}

const kMul = 0xc6a4a7935bd1e995n;

/** Two of them as one: how TensorFlow crosses features. */
export function joinFingerprints(a: bigint, b: bigint): bigint {
  let result = a ^ kMul;
  result ^= u64(mix(u64(b * kMul)) * kMul);
  result = u64(result * kMul);
  result = u64(mix(result) * kMul);
  return mix(result);
}
