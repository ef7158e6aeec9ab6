import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TraceData } from '../../binding.js';
import type { Profile } from '../callbacks/record.js';
import { addon } from '../engine/addon.js';
import { show, typeError, ValueError } from '../errors.js';
import { printMessage } from '../terminal/output.js';

export interface ProfileRequest {
  /** Where the trace goes; null: nowhere. */
  file: string | null;
  /** Whether the table is printed. */
  print: boolean;
}

/** `profile` of fit, or GEMMFIT_TRACE. A file that cannot be written is refused before the training begins. */
export function readProfile(value: unknown): ProfileRequest | null {
  if (typeof value !== 'boolean' && typeof value !== 'string')
    throw typeError(`fit: 'profile' must be true, false or the name of a file. Received: ${show(value)}`);
  const file = typeof value === 'string' ? value : process.env.GEMMFIT_TRACE || null;
  if (value === false && file === null) return null;
  if (file !== null) {
    try {
      closeSync(openSync(file, 'a'));
    } catch (error) {
      throw new ValueError(
        `fit: the trace cannot be written to ${show(file)}: ${(error as Error).message}. Give a file in a folder that is there and may be written to.`,
        'ERR_PROFILE_FILE',
      );
    }
  }
  return { file, print: value !== false };
}

const nested = 'update of weights';

/** Sums over threads. The update of weights lies within their gradients' tasks, and is taken out of them. */
export function profileOf(trace: TraceData): Profile {
  const peak = addon.measurePeak();
  const sums = trace.labels.map((name, i) => {
    const sum = { name, seconds: 0, flops: 0, count: 0 };
    for (const { totals } of trace.threads) {
      sum.seconds += totals[3 * i] ?? 0;
      sum.flops += totals[3 * i + 1] ?? 0;
      sum.count += totals[3 * i + 2] ?? 0;
    }
    return sum;
  });
  const update = sums.find((s) => s.name === nested)?.seconds ?? 0;
  const gradients = sums.filter((s) => s.name.startsWith('weights '));
  const within = gradients.reduce((total, s) => total + s.seconds, 0);
  const all = sums.reduce((total, s) => total + s.seconds, 0) - (within > 0 ? update : 0);
  const rows = sums
    .filter((s) => s.count > 0)
    .map(({ name, seconds, flops, count }) => {
      const own = gradients.some((g) => g.name === name) && within > 0 ? seconds * (1 - update / within) : seconds;
      const gflops = flops > 0 && own > 0 ? flops / own / 1e9 : null;
      return {
        name,
        seconds: own,
        share: all > 0 ? own / all : 0,
        count,
        gflops,
        ofPeak: gflops === null ? null : gflops / peak,
      };
    })
    .sort((a, b) => b.seconds - a.seconds);
  return { peak, threads: trace.threads.length, rows };
}

export function profileTable({ rows, peak, threads }: Profile): string {
  const cells = [
    ['part of a step', 'ms', 'share', 'calls', 'GFLOP/s', 'of peak'],
    ...rows.map((r) => [
      r.name,
      (r.seconds * 1000).toFixed(2),
      `${(100 * r.share).toFixed(1)} %`,
      String(r.count),
      r.gflops?.toFixed(1) ?? '',
      r.ofPeak === null ? '' : `${(100 * r.ofPeak).toFixed(0)} %`,
    ]),
  ];
  const widths = cells[0].map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
  return [
    `Profile: time of ${threads} thread${threads === 1 ? '' : 's'} together; peak ${peak.toFixed(0)} GFLOP/s a thread`,
    ...lines,
  ].join('\n');
}

const tail = '\n]}\n';
/** By file: its length after what this process wrote last. */
const lengths = new Map<string, number>();

/** Adds events before the end of a trace that this process wrote, and replaces any other file. */
function writeEvents(file: string, events: readonly object[]): void {
  const lines = events.map((event) => JSON.stringify(event)).join(',\n');
  const path = resolve(file);
  const length = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const ours = lengths.get(path) === length;
  const text = Buffer.from(`${ours ? ',\n' : '{"displayTimeUnit":"ms","traceEvents":[\n'}${lines}${tail}`);
  const start = ours ? length - tail.length : 0;
  const to = openSync(path, ours ? 'r+' : 'w');
  try {
    for (let done = 0; done < text.length; ) done += writeSync(to, text, done, text.length - done, start + done);
  } finally {
    closeSync(to);
  }
  lengths.set(path, start + text.length);
}

/** Adds a fit's spans to the file: Chrome's trace event format, times in microseconds. */
function writeTrace(file: string, trace: TraceData, model: string, process_: number): void {
  const events: object[] = [{ ph: 'M', pid: process_, name: 'process_name', args: { name: model } }];
  trace.threads.forEach((thread, tid) => {
    events.push({ ph: 'M', pid: process_, tid, name: 'thread_name', args: { name: tid === 0 ? 'leader' : `helper ${tid}` } });
    thread.label.forEach((label, i) => {
      events.push({
        ph: 'X',
        pid: process_,
        tid,
        name: trace.labels[label],
        cat: trace.labels[label].split(' ')[0],
        ts: thread.begin[i] * 1e6,
        dur: thread.duration[i] * 1e6,
      });
    });
  });
  writeEvents(file, events);
}

let fits = 0;

/** At the end of a fit: the table, and the file. */
export function finishProfile(request: ProfileRequest, trace: TraceData, model: string): Profile {
  const profile = profileOf(trace);
  if (request.file) writeTrace(request.file, trace, model, ++fits);
  if (request.print) printMessage(profileTable(profile));
  return profile;
}
