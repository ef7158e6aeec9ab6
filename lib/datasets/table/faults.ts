import { ValueError } from '../../errors.js';

/** Rows of a pass that were left out. */
export interface BadRows {
  /** How many. */
  readonly count: number;
  /** What was wrong with the first of them. */
  readonly examples: readonly string[];
}

/** Messages that are kept. */
const MOST = 10;

/** What happens with rows that do not fit: an error, or a count. */
export class Faults {
  #count = 0;
  #examples: string[] = [];

  constructor(
    readonly file: string,
    readonly skips: boolean,
  ) {}

  get badRows(): BadRows {
    return { count: this.#count, examples: [...this.#examples] };
  }

  /** A pass begins: what was counted before does not count any more. */
  begin(): void {
    this.#count = 0;
    this.#examples = [];
  }

  note(message: string): void {
    if (!this.skips) throw badRow(message);
    this.count(1, [message]);
  }

  /** Rows that were left out elsewhere. */
  count(rows: number, examples: readonly string[]): void {
    this.#count += rows;
    this.#examples.push(...examples.slice(0, MOST - this.#examples.length));
  }

  /** A pass has come to its end. */
  end(): void {
    if (this.#count === 0) return;
    const rows = this.#count === 1 ? '1 row was' : `${this.#count} rows were`;
    process.emitWarning(`${this.file}: ${rows} left out, the first: ${this.#examples[0]}`, { code: 'GEMMFIT_BAD_ROWS' });
  }
}

export const badRow = (message: string) => new ValueError(message, 'ERR_BAD_ROW');
