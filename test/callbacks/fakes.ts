import type { History } from '../../lib/callbacks/history.js';
import type { WatchedModel } from '../../lib/callbacks/types.js';

/** A stream that keeps what is written. */
export class FakeStream {
  text = '';
  constructor(
    readonly isTTY: boolean = false,
    readonly columns?: number,
  ) {}
  write(text: string): void {
    this.text += text;
  }
}

/** What a terminal shows after a text: `\b`, `\r`, `\n`, and lines that wrap at its right edge. */
export function screen(text: string, columns: number): string[] {
  const rows: string[][] = [[]];
  let column = 0;
  for (const c of text) {
    if (c === '\b') column = Math.max(0, column - 1);
    else if (c === '\r') column = 0;
    else if (c === '\n') {
      rows.push([]);
      column = 0;
    } else {
      if (column === columns) {
        rows.push([]);
        column = 0;
      }
      const row = rows[rows.length - 1];
      while (row.length < column) row.push(' ');
      row[column++] = c;
    }
  }
  return rows.map((row) => row.join('').trimEnd());
}

export class FakeModel implements WatchedModel {
  stopTraining = false;
  optimizer = { learningRate: 0.1 };
  history: History | null = null;
  weights: readonly unknown[] = ['initial'];
  /** Of no kind that a real model has: what callbacks do with weights is hand them back. */
  getWeights(): readonly never[] {
    return [...this.weights] as never[];
  }
  setWeights(weights: readonly unknown[]): void {
    this.weights = weights;
  }
}

export const params = (more: object = {}) => ({ verbose: 1, epochs: 2, steps: 3 as number | null, ...more });

/** Text written to stdout while `run` runs. */
export async function captured(run: () => unknown): Promise<string> {
  const real = process.stdout.write;
  let text = '';
  process.stdout.write = ((chunk: string | Uint8Array) => {
    text += chunk;
    return true;
  }) as typeof process.stdout.write;
  try {
    await run();
  } finally {
    process.stdout.write = real;
  }
  return text;
}

/** Warnings emitted while `run` runs. */
export async function warnings(run: () => unknown): Promise<string[]> {
  const heard: string[] = [];
  const listen = (w: Error) => heard.push(w.message);
  process.on('warning', listen);
  try {
    await run();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('warning', listen);
  }
  return heard;
}
