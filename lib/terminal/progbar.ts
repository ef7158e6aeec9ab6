import type { Logs } from '../logs.js';
import { fixed } from './numbers.js';
import { drawLine, finishLine, type OutputStream, printLines } from './output.js';
import { entry, type Frame, formatDuration, formatEta, layOut } from './progress_line.js';

export interface ProgbarOptions {
  /** Number of steps, or null where it is not known. */
  target: number | null;
  /** 0 nothing, 1 a bar, 2 one line at the end. Default 1. */
  verbose?: number;
  /** Least time between two drawings, in seconds. Default 0.05. */
  interval?: number;
  /** What runs, before the count: `evaluate`. Asked anew for each drawing. Default: nothing. */
  label?: () => string;
  /** Steps that were done before this bar began. Default 0. */
  from?: number;
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
  readonly #label: () => string;
  readonly #from: number;
  readonly #unit: string;
  readonly #stream: OutputStream;
  readonly #clock: () => number;
  readonly #start: number;
  readonly #values = new Map<string, unknown>();
  #drawn = Number.NEGATIVE_INFINITY;
  #afterFirst: number | null = null;

  constructor(options: ProgbarOptions) {
    this.target = options.target;
    this.#verbose = options.verbose ?? 1;
    this.#interval = options.interval ?? 0.05;
    this.#label = options.label ?? (() => '');
    this.#from = options.from ?? 0;
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
    if (current === this.#from + 1) this.#afterFirst = now;
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
    const done = current - this.#from;
    if (this.#afterFirst !== null && done > 1) return (now - this.#afterFirst) / (done - 1);
    return done > 0 ? (now - this.#start) / done : 0;
  }

  #elapsed(now: number, each: number): string {
    return ` - ${fixed(now - this.#start, 0)}s ${formatDuration(each, this.#unit)}`;
  }

  #count(current: number): string {
    const label = this.#label() && `${this.#label()} `;
    if (this.target === null) return `${label}${String(current).padStart(7)}/Unknown`;
    return `${label}${String(current).padStart(String(this.target).length)}/${this.target}`;
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
    if (last) finishLine(this.#stream, this, line);
    else drawLine(this.#stream, this, line);
  }

  #summarize(current: number, seconds: number): void {
    // Keras leaves out the sign's meaning here and writes all negative values with an exponent; so do we.
    const entries = Array.from(this.#values, ([name, value]) => entry(name, value, (v) => v > 1e-3)).join('');
    const each = formatDuration(current > 0 ? seconds / current : 0, this.#unit);
    printLines(
      this.#stream,
      `${this.#count(current)} - ${fixed(seconds, 0)}s${entries} - ${formatDuration(seconds, 'epoch')} - ${each}\n`,
    );
  }
}
