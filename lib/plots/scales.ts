/** From values to places. */
export interface Scale {
  (value: number): number;
  readonly ticks: readonly { value: number; text: string }[];
}

export interface Range {
  low: number;
  high: number;
}

/** Room on the page: where the lowest value lies, and where the highest. */
interface Room {
  from: number;
  to: number;
  /** Ticks that there is room for, about. */
  count: number;
}

/** The least and the largest finite number; null where there is none. */
export function rangeOf(values: Iterable<number>): Range | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const v of values)
    if (Number.isFinite(v)) {
      low = Math.min(low, v);
      high = Math.max(high, v);
    }
  return low <= high ? { low, high } : null;
}

/** The least of 1, 2, 5 times a power of ten that is not below `least`. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((factor) => factor * power >= least * 0.999) as number) * power;
}

/** A number on an axis: as many digits as its neighbours need. */
export function tickText(value: number, step: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1e6 || size < 1e-4) return value.toExponential(Math.max(0, digitsOf(value, step))).replace('e+', 'e');
  return value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}

const digitsOf = (value: number, step: number): number =>
  Math.min(4, Math.floor(Math.log10(Math.abs(value)) + 1e-9) - Math.floor(Math.log10(step) + 1e-9));

/**
 * A scale of equal steps between round numbers. `exact` ends where the values end instead: an axis of epochs.
 */
export function linearScale(range: Range, room: Room, options: { whole?: boolean; exact?: boolean } = {}): Scale {
  const flat = range.high - range.low < 1e-12 * Math.max(Math.abs(range.high), 1e-300);
  const spread = flat ? Math.max(Math.abs(range.high), 1) * 0.2 : 0;
  const { low, high } = { low: range.low - spread / 2, high: range.high + spread / 2 };
  const step = Math.max(roundStep((high - low) / room.count), options.whole ? 1 : 0);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const at = (i: number) => Number((i * step).toPrecision(12));
  const all = Array.from({ length: last - first + 1 }, (_, i) => at(first + i));
  const [start, end] = options.exact ? [low, high] : [at(first), at(last)];
  const ticks = all.filter((v) => v >= start - step * 1e-6 && v <= end + step * 1e-6);
  const scale = (value: number) => room.from + ((value - start) / (end - start)) * (room.to - room.from);
  return Object.assign(scale, { ticks: ticks.map((value) => ({ value, text: tickText(value, step) })) });
}

/** A scale of equal factors; the values must be positive. */
export function logScale(range: Range, room: Room): Scale {
  const [low, high] = [Math.floor(Math.log10(range.low) + 1e-9), Math.ceil(Math.log10(range.high) - 1e-9)];
  const decades = Math.max(1, high - low);
  const every = Math.ceil(decades / room.count);
  const powers = Array.from({ length: decades + 1 }, (_, i) => low + i);
  const few = decades <= 2 ? [1, 2, 5] : [1];
  const values = powers
    .filter((_, i) => i % every === 0)
    .flatMap((p) => few.map((factor) => Number((factor * 10 ** p).toPrecision(6))))
    .filter((v) => v <= 10 ** (low + decades) * (1 + 1e-9));
  const scale = (value: number) => room.from + ((Math.log10(value) - low) / decades) * (room.to - room.from);
  const label = (v: number) => (v >= 1e5 || v < 1e-3 ? v.toExponential().replace('e+', 'e') : String(v));
  return Object.assign(scale, { ticks: values.map((value) => ({ value, text: label(value) })) });
}

/** A number in a text: four digits that count. */
export function valueText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return value.toExponential(2).replace('e+', 'e');
  return String(Number(value.toPrecision(4)));
}
