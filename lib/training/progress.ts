import type { Logs } from '../callbacks/callback.js';
import { exponential, fixed } from '../callbacks/numbers.js';
import { type OutputStream, writeText } from '../callbacks/output.js';

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
function entry(name: string, value: unknown, isPlain: (v: number) => boolean): string {
  const number = scalar(value);
  const text = number === undefined ? String(value) : isPlain(number) ? fixed(number, 4) : exponential(number, 4);
  // Names come from users and files; they must not move the cursor.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return ` - ${name}: ${text}`.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

// biome-ignore format: one script a line would be longer, not clearer
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Columns that a text takes on a terminal: names may be Chinese. */
function columnsOf(text: string): number {
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

export interface ProgbarOptions {
  /** Number of steps, or null where it is not known. */
  target: number | null;
  /** 0 nothing, 1 a bar, 2 one line at the end. Default 1. */
  verbose?: number;
  /** Least time between two drawings, in seconds. Default 0.05. */
  interval?: number;
  /** What runs, before the count: `evaluate`. Default: nothing. */
  label?: string;
  /** What is counted. Default 'step'. */
  unit?: string;
  /** Default `process.stdout`. */
  stream?: OutputStream;
  /** Seconds that only grow. Default: the process's monotonic clock. */
  clock?: () => number;
}

/**
 * One progress bar, from its making to `finish`, in the layout of tf.keras. Redrawn in place on a terminal; elsewhere only the last line
 * is written, so that logs stay readable.
 */
export class Progbar {
  target: number | null;
  readonly #verbose: number;
  readonly #interval: number;
  readonly #label: string;
  readonly #unit: string;
  readonly #stream: OutputStream;
  readonly #clock: () => number;
  readonly #start: number;
  readonly #values = new Map<string, unknown>();
  #drawn = Number.NEGATIVE_INFINITY;
  #afterFirst: number | null = null;
  #width = 0;

  constructor(options: ProgbarOptions) {
    this.target = options.target;
    this.#verbose = options.verbose ?? 1;
    this.#interval = options.interval ?? 0.05;
    this.#label = options.label ? `${options.label} ` : '';
    this.#unit = options.unit ?? 'step';
    this.#stream = options.stream ?? process.stdout;
    this.#clock = options.clock ?? (() => performance.now() / 1000);
    this.#start = this.#clock();
  }

  /** Whether `update` draws anything: the caller need not collect values for it otherwise. */
  get isLive(): boolean {
    return this.#verbose === 1 && this.#stream.isTTY === true;
  }

  /** `current` steps are done. Draws if the last drawing is long enough ago. */
  update(current: number, values: Logs = {}): void {
    const now = this.#clock();
    if (current > 0 && this.isLive && now - this.#drawn >= this.#interval) {
      this.#note(values);
      const each = this.#stepTime(current, now);
      const time =
        this.target === null ? this.#elapsed(now, each) : ` - ETA: ${formatEta(each * Math.max(0, this.target - current))}`;
      this.#draw(this.#frame(current, time));
      this.#drawn = now;
    }
    // The first step warms up caches and threads: the time of a step is taken from the others.
    if (current === 1) this.#afterFirst = now;
  }

  /** Writes the line that stays. */
  finish(current: number, values: Logs = {}): void {
    const now = this.#clock();
    this.#note(values);
    this.target ??= current;
    if (this.#verbose === 1) this.#draw(this.#frame(current, this.#elapsed(now, this.#stepTime(current, now))), true);
    else if (this.#verbose === 2) this.#summarize(current, now - this.#start);
  }

  #note(values: Logs): void {
    for (const [name, value] of Object.entries(values)) this.#values.set(name, value);
  }

  #stepTime(current: number, now: number): number {
    if (this.#afterFirst !== null && current > 1) return (now - this.#afterFirst) / (current - 1);
    return current > 0 ? (now - this.#start) / current : 0;
  }

  #elapsed(now: number, each: number): string {
    return ` - ${fixed(now - this.#start, 0)}s ${formatDuration(each, this.#unit)}`;
  }

  #count(current: number): string {
    if (this.target === null) return `${this.#label}${String(current).padStart(7)}/Unknown`;
    return `${this.#label}${String(current).padStart(String(this.target).length)}/${this.target}`;
  }

  #frame(current: number, time: string): Frame {
    const isPlain = (v: number) => Math.abs(v) > 1e-3;
    const done = this.target === null ? null : this.target > 0 ? current / this.target : 1;
    return {
      count: this.#count(current),
      done,
      time,
      entries: Array.from(this.#values, ([name, value]) => entry(name, value, isPlain)),
    };
  }

  #draw(frame: Frame, last = false): void {
    const { columns, isTTY } = this.#stream;
    // The last column is left free: some terminals wrap as soon as it is written.
    const line = layOut(frame, isTTY && columns ? Math.max(1, columns - 1) : Number.POSITIVE_INFINITY, last);
    const width = columnsOf(line);
    const blanks = ' '.repeat(Math.max(0, this.#width - width));
    const back = isTTY ? `${'\b'.repeat(this.#width)}\r` : '';
    writeText(this.#stream, `${back}${line}${blanks}${last ? '\n' : ''}`);
    this.#width = width;
  }

  #summarize(current: number, seconds: number): void {
    // Keras leaves out the sign's meaning here and writes all negative values with an exponent; so do we.
    const entries = Array.from(this.#values, ([name, value]) => entry(name, value, (v) => v > 1e-3)).join('');
    const each = formatDuration(current > 0 ? seconds / current : 0, this.#unit);
    writeText(
      this.#stream,
      `${this.#count(current)} - ${fixed(seconds, 0)}s${entries} - ${formatDuration(seconds, 'epoch')} - ${each}\n`,
    );
  }
}
