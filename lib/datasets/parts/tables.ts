import { Table } from '../block.js';
import { badRow, type Faults } from '../table/faults.js';
import type { Schema } from '../table/schema.js';
import type { Parsed } from './part.js';

/** Rows of a table that go on together, so that little waits for much. */
const MOST_ROWS = 8192;

/**
 * What was read of the parts of a file as tables, and its faults told with their places.
 * @param first number of the first line
 */
export async function* tablesOf(
  schema: Schema,
  parts: AsyncIterable<Parsed>,
  faults: Faults,
  first: number,
  place: (line: number) => string,
): AsyncGenerator<Table, void, undefined> {
  let line = first;
  for await (const { columns, rows, lines, skipped, examples, fault } of parts) {
    const told = (at: number, message: string) => `${place(line + at)}: ${message}.`;
    if (!fault)
      faults.count(
        skipped,
        examples.map((example) => told(example.line, example.message)),
      );
    const all = new Table(schema.structure, columns, rows);
    for (let from = 0; from < rows; from += MOST_ROWS) yield all.slice(from, Math.min(rows, from + MOST_ROWS));
    if (fault) throw badRow(told(fault.line, fault.message));
    line += lines;
  }
}
