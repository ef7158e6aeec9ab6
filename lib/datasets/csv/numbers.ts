// Numbers read from the bytes of a file, without a text for each.

const POWERS = Float64Array.from({ length: 23 }, (_, i) => 10 ** i);
const NEWLINE = 10;
const RETURN = 13;
/** Digits that are taken up; those after them count for nothing in float32, but for their place. */
const DIGITS = 19;
/** Beyond it whole numbers are rounded on the way. */
const EXACT = 2 ** 53;
/** More than all roundings on the way come to, relative to the number. */
const ROUNDING = 2 ** -48;

/** What was read last. One object is used for a whole file: nothing is made for a number. */
export class NumberReader {
  /** The place after the number. */
  at = 0;
  value = 0;

  constructor(readonly delimiter: number) {}

  /**
   * Reads `-12.5e-3` and its like, up to the delimiter or the end of the line. False where anything else stands there, or where the value cannot be told to the
   * last bit from here: then `Number` has to be asked.
   * @param isFloat32 whether only the float32 that is nearest counts
   */
  read(bytes: Uint8Array, from: number, isFloat32: boolean): boolean {
    let at = from;
    let c = bytes[at];
    const isNegative = c === 45;
    if (isNegative || c === 43) c = bytes[++at];
    let mantissa = 0;
    let digits = 0;
    let exponent = 0;
    const begin = at;
    for (; c >= 48 && c <= 57; c = bytes[++at]) {
      if (digits >= DIGITS) exponent++;
      else {
        mantissa = mantissa * 10 + (c - 48);
        if (mantissa > 0) digits++;
      }
    }
    let seen = at - begin;
    if (c === 46) {
      const point = at;
      for (c = bytes[++at]; c >= 48 && c <= 57; c = bytes[++at]) {
        if (digits >= DIGITS) continue;
        mantissa = mantissa * 10 + (c - 48);
        if (mantissa > 0) digits++;
        exponent--;
      }
      seen += at - point - 1;
    }
    if (seen === 0) return false;
    if (c === 101 || c === 69) {
      c = bytes[++at];
      const isSmall = c === 45;
      if (isSmall || c === 43) c = bytes[++at];
      let power = 0;
      const first = at;
      for (; c >= 48 && c <= 57 && power < 1000; c = bytes[++at]) power = power * 10 + (c - 48);
      if (at === first) return false;
      exponent += isSmall ? -power : power;
    }
    if (c !== this.delimiter && c !== NEWLINE && c !== RETURN) return false;
    this.at = at;
    return this.#settle(isNegative ? -mantissa : mantissa, exponent, isFloat32);
  }

  /** A whole number times a power of ten: exact where both are, as Clinger found; else near enough, where all numbers near it are one float32. */
  #settle(mantissa: number, exponent: number, isFloat32: boolean): boolean {
    if (exponent < -22 || exponent > 22) return false;
    const value = exponent < 0 ? mantissa / POWERS[-exponent] : mantissa * POWERS[exponent];
    this.value = value;
    if (mantissa < EXACT && mantissa > -EXACT) return true;
    return isFloat32 && Math.fround(value * (1 - ROUNDING)) === Math.fround(value * (1 + ROUNDING));
  }
}
