/**
 * Numbers as Python writes them. Progress lines, CSV files and messages can then be compared with Keras's own character by character,
 * and what reads Keras's logs reads ours.
 */

function sign(value: number): string {
  return value < 0 || Object.is(value, -0) ? '-' : '';
}

/** `nan` and `inf`, or undefined for a finite number. */
function special(value: number): string | undefined {
  if (Number.isNaN(value)) return 'nan';
  return Number.isFinite(value) ? undefined : `${sign(value)}inf`;
}

/** Drops the last digit, a 5 that stands for an exact half, towards the even neighbour. Undefined where that is upwards. */
function halfDown(exact: string): string | undefined {
  const down = exact.slice(0, -1).replace(/\.$/, '');
  return Number(down.at(-1)) % 2 === 0 ? down : undefined;
}

/** Python's `%.{digits}f`. Halves go to the even digit, where `toFixed` rounds them up: accuracies such as 13/32 are such halves. */
export function fixed(value: number, digits: number): string {
  const size = Math.abs(value);
  const half = (size * 2 ** (digits + 1)) % 2 === 1;
  const text = () => (size < 1e21 ? size.toFixed(digits) : `${BigInt(size)}${digits ? `.${'0'.repeat(digits)}` : ''}`);
  return special(value) ?? sign(value) + ((half && halfDown(size.toFixed(digits + 1))) || text());
}

/** Python's `%.{digits}e`: halves to even, an exponent of two digits or more. */
export function exponential(value: number, digits: number): string {
  const text = special(value);
  if (text !== undefined) return text;
  const size = Math.abs(value);
  // A double that is not a half differs from one well before its 40th digit.
  const [exact, power] = size.toExponential(40).split('e');
  const tail = exact.slice(digits + 2);
  const down = /^50*$/.test(tail) ? halfDown(exact.slice(0, digits + 3)) : undefined;
  const [mantissa, exponent] = down === undefined ? size.toExponential(digits).split('e') : [down, power];
  return `${sign(value)}${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

/** Python's `repr` of a float: the shortest digits that read back as the same double, always with a point or an exponent. */
export function repr(value: number): string {
  const text = special(value);
  if (text !== undefined) return text;
  const [mantissa, power] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) return `${sign(value)}${mantissa}e${power[0]}${power.slice(1).padStart(2, '0')}`;
  if (exponent < 0) return `${sign(value)}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return `${sign(value)}${digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')}.${digits.slice(exponent + 1) || '0'}`;
}

/** The `repr` of the shortest number that is the same float32: what NumPy writes for learning rates, which optimizers hold as float32. */
export function repr32(value: number): string {
  const target = Math.fround(value);
  for (let digits = 1; Number.isFinite(target) && digits < 9; digits++) {
    const short = Number(target.toPrecision(digits));
    if (Math.fround(short) === target) return repr(short);
  }
  return repr(Number.isFinite(target) ? Number(target.toPrecision(9)) : value);
}
