import { isBig, type TypedArray } from '../data/elements.js';
import { fingerprint64, joinFingerprints } from './farmhash.js';
import { isText, type Raw } from './raw.js';
import { sipHash } from './siphash.js';

/** One or two words of a key, as `salt` gives them; null: FarmHash64. */
export type Salt = readonly [number, number] | null;

/** TensorFlow's key of crosses. */
const CROSS_KEY = 0xdecafcaffen;

const encoder = new TextEncoder();
const word = (v: number): bigint => BigInt.asUintN(64, BigInt(v));

/** Bins of texts. Each text is hashed once. */
export class Bins {
  readonly #known = new Map<string, number>();
  readonly #key: readonly [bigint, bigint] | null;
  readonly #count: bigint;

  constructor(count: number, salt: Salt) {
    this.#count = BigInt(count);
    this.#key = salt && [word(salt[0]), word(salt[1])];
  }

  of(text: string): number {
    let bin = this.#known.get(text);
    if (bin === undefined) {
      const bytes = encoder.encode(text);
      bin = Number((this.#key ? sipHash(bytes, this.#key) : fingerprint64(bytes)) % this.#count);
      this.#known.set(text, bin);
    }
    return bin;
  }
}

/** Numbers as TensorFlow writes them before it hashes: whole, what comes behind the point cut off. */
export const textOf = (data: TypedArray, i: number): string =>
  isBig(data) ? String(data[i]) : String(BigInt(Math.trunc((data as Float64Array)[i])));

/** Options of `hashBins`. */
export interface HashOptions {
  bins: number;
  salt: Salt;
  /** What has the bin 0 to itself. */
  mask: string | number | null;
}

/** Keras's Hashing: the bin of every element. */
export function hashBins({ data, shape }: Raw, { bins, salt, mask }: HashOptions): Raw {
  const masks = mask !== null && bins > 1;
  const of = new Bins(masks ? bins - 1 : bins, salt);
  const out = new Int32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const isMask = masks && (isText(data) ? data[i] === mask : Number(data[i]) === mask);
    out[i] = isMask ? 0 : of.of(isText(data) ? data[i] : textOf(data, i)) + (masks ? 1 : 0);
  }
  return { data: out, shape };
}

/** Keras's HashedCrossing: the bin of every row of these columns, which have one length. */
export function crossBins(columns: readonly Raw['data'][], bins: number): Int32Array {
  const known = columns.map(() => new Map<string | number | bigint, bigint>());
  const printOf = (c: number, i: number): bigint => {
    const data = columns[c];
    const value = data[i];
    let print = known[c].get(value);
    if (print === undefined) {
      print = isText(data) ? fingerprint64(encoder.encode(data[i])) : BigInt.asUintN(64, BigInt(textOf(data, i)));
      known[c].set(value, print);
    }
    return print;
  };
  const count = BigInt(bins);
  const out = new Int32Array(columns[0].length);
  const joined = new Map<bigint, Map<bigint, bigint>>();
  for (let i = 0; i < out.length; i++) {
    let print = CROSS_KEY;
    for (let c = 0; c < columns.length; c++) print = joinedOnce(joined, print, printOf(c, i));
    out[i] = Number(print % count);
  }
  return out;
}

/** Crosses repeat: each pair is joined once. */
function joinedOnce(joined: Map<bigint, Map<bigint, bigint>>, a: bigint, b: bigint): bigint {
  const ofA = joined.get(a) ?? new Map<bigint, bigint>();
  if (ofA.size === 0) joined.set(a, ofA);
  const known = ofA.get(b);
  if (known !== undefined) return known;
  const print = joinFingerprints(a, b);
  ofA.set(b, print);
  return print;
}
