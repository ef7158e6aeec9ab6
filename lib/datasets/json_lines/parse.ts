import type { Table } from '../block.js';
import { type Fault, MOST_EXAMPLES, type Parsed } from '../parts/part.js';
import type { Schema } from '../table/schema.js';
import { TableWriter } from '../table/writer.js';

const NEWLINE = 10;

/** What the lines of a file become. */
export interface JsonLinesPlan {
  readonly schema: Schema;
  /** Whether rows that do not fit are left out. */
  readonly skips: boolean;
}

/** The object of a line; a text that says why it is none. */
export function objectOf(line: string): Record<string, unknown> | string {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    return `is ${line.slice(0, 30)}, and no object`;
  } catch (error) {
    return `is no JSON: ${(error as Error).message}`;
  }
}

/** Lines of a part, with their numbers; empty ones are left out. */
export function* linesOf(bytes: Buffer): Generator<{ line: number; text: string }> {
  let line = 0;
  for (let at = 0; at < bytes.length; line++) {
    const found = bytes.indexOf(NEWLINE, at);
    const end = found < 0 ? bytes.length : found;
    const text = bytes.toString('utf8', at, end).trim();
    at = end + 1;
    if (text !== '') yield { line, text };
  }
}

/** Ends the reading of a part. */
class Ended extends Error {}

/** Reads parts of a file of JSON lines: whole lines. */
export class JsonLinesParser {
  constructor(readonly plan: JsonLinesPlan) {}

  parse(bytes: Buffer): Parsed {
    const { schema, skips } = this.plan;
    let fault: Fault | null = null;
    let skipped = 0;
    let last = -1;
    const examples: Fault[] = [];
    const leave = (message: string) => {
      skipped++;
      if (examples.length < MOST_EXAMPLES) examples.push({ line: last, message });
    };
    const writer = new TableWriter(schema, {
      missing: (message) => leave(message),
      wrong: (message) => {
        if (skips) return leave(message);
        fault = { line: last, message };
        throw new Ended();
      },
    });
    try {
      for (const { line, text } of linesOf(bytes)) {
        last = line;
        const row = objectOf(text);
        if (typeof row === 'string') writer.faults.wrong(row);
        else writer.add((_, name) => (Object.hasOwn(row, name) ? row[name] : undefined));
      }
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
    }
    const table: Table = writer.take();
    const lines = countLines(bytes);
    return { columns: [...table.columns], rows: table.length, lines, skipped, examples, fault };
  }
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}
