import type { Column } from '../columns.js';

/** Part of a file: its bytes, or which of its rows. */
export type Part = Uint8Array | { readonly from: number; readonly to: number };

/** What is wrong, and in which line or row of the part, counted from 0. */
export interface Fault {
  readonly line: number;
  readonly message: string;
}

/** Rows of a part. */
export interface Parsed {
  readonly columns: Column[];
  readonly rows: number;
  /** Lines of the part, or its rows. */
  readonly lines: number;
  /** Rows that were left out. */
  readonly skipped: number;
  readonly examples: readonly Fault[];
  /** The row at which it ended, where they are not left out. */
  readonly fault: Fault | null;
}

/** Reads parts, one at a time. */
export type PartReader = (part: Part) => Parsed | Promise<Parsed>;

/** Messages of rows that were left out, which a part keeps. */
export const MOST_EXAMPLES = 10;
