import { exponential, fixed } from './numbers.js';

const BAR_WIDTH = 30;
const NARROWEST_BAR = 5;

/** `[=====>....]`; all dots at 0, no arrow at 1. */
function bar(done: number, width: number): string {
  const filled = Math.min(width, Math.floor(width * done));
  const arrow = done < 1 ? '>' : '=';
  return `[${filled > 0 ? '='.repeat(filled - 1) + arrow : ''}${'.'.repeat(width - filled)}]`;
}

/** `h:mm:ss` above an hour, `m:ss` above a minute, else seconds. */
export function formatEta(seconds: number): string {
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  if (seconds > 3600) return `${Math.floor(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  if (seconds > 60) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return `${Math.floor(seconds)}s`;
}

/** `25ms/step`. */
export function formatDuration(seconds: number, unit: string): string {
  if (seconds >= 1 || seconds === 0) return `${fixed(seconds, 0)}s/${unit}`;
  return seconds >= 1e-3 ? `${fixed(seconds * 1e3, 0)}ms/${unit}` : `${fixed(seconds * 1e6, 0)}us/${unit}`;
}

/** What is shown of a metric with several values: their mean, as in Keras. */
function scalar(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const list = Array.isArray(value) || ArrayBuffer.isView(value) ? value : (value as { data?: unknown } | null | undefined)?.data;
  if (!Array.isArray(list) && !ArrayBuffer.isView(list)) return undefined;
  const numbers = Array.from(list as ArrayLike<number>, Number);
  return numbers.reduce((sum, v) => sum + v, 0) / numbers.length;
}

/** ` - loss: 0.5000`. `plain` is the least number written without an exponent. */
export function entry(name: string, value: unknown, isPlain: (v: number) => boolean): string {
  const number = scalar(value);
  const text = number === undefined ? String(value) : isPlain(number) ? fixed(number, 4) : exponential(number, 4);
  // Names come from users and files; they must not move the cursor.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return ` - ${name}: ${text}`.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

// biome-ignore format: one script a line would be longer, not clearer
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Columns that a text takes on a terminal: names may be Chinese. */
export function columnsOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return [...text].reduce((n, c) => n + (/\p{Mn}|\p{Cf}/u.test(c) ? 0 : WIDE.test(c) ? 2 : 1), 0);
}

/** The pieces of one line of progress. */
export interface Frame {
  /** `  1/120` */
  count: string;
  /** From 0 to 1, or null where the number of steps is not known: then there is no bar. */
  done: number | null;
  /** ` - ETA: 3s` or ` - 1s 25ms/step` */
  time: string;
  /** ` - loss: 0.5000`, ... */
  entries: readonly string[];
}

/**
 * A frame as one line of at most `limit` columns: a narrower bar, then none, then fewer entries. A line that stays (`last`) keeps all
 * entries and may be longer.
 */
export function layOut(frame: Frame, limit: number, last = false): string {
  const line = (width: number, entries = frame.entries, end = '') => {
    const drawn = frame.done === null || width < NARROWEST_BAR ? '' : ` ${bar(frame.done, width)}`;
    return `${frame.count}${drawn}${frame.time}${entries.join('')}${end}`;
  };
  const full = line(BAR_WIDTH);
  const over = columnsOf(full) - limit;
  if (over <= 0) return full;
  if (frame.done !== null && BAR_WIDTH - over >= NARROWEST_BAR) return line(BAR_WIDTH - over);
  const fits = (text: string) => columnsOf(text) <= limit;
  if (fits(line(0))) return line(0);
  if (last) return full;
  for (let n = frame.entries.length - 1; n >= 0; n--) {
    const shorter = line(0, frame.entries.slice(0, n), ' ...');
    if (fits(shorter)) return shorter;
  }
  return line(0, []).slice(0, limit);
}
