import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { NDArray } from '../data/ndarray.js';
import { ValueError } from '../errors.js';
import { checkOneOf } from '../options.js';
import type { OutputStream } from '../terminal/output.js';
import type { Command, Context, Package } from './command.js';
import { encoder, readingOf, readTable, rowsOf, type Table } from './table.js';

type Form = 'csv' | 'json';

/** Rows from stdin: objects, a line of JSON each. */
async function* stdinRows(): AsyncGenerator<object> {
  let number = 0;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (line.trim() === '') continue;
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      throw new ValueError(`stdin: line ${number} is no JSON.`, 'ERR_FILE');
    }
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      throw new ValueError(`stdin: line ${number} must be an object with the columns of the table.`, 'ERR_FILE');
    yield row;
  }
}

const formOf = (context: Context, path: string): Form => {
  const format = checkOneOf('predict', '--format', context.text('format'), ['auto', 'csv', 'json']);
  if (format !== 'auto') return format;
  return path === '-' || /\.(jsonl|ndjson)(\.gz)?$/i.test(path) ? 'json' : 'csv';
};

/** What is told of a row: the class or number, and how probable each class is. */
type Answer = { prediction: string | number; probabilities?: Record<string, number> };

/** As many digits as a float32 has. */
const short = (value: number): number => Number(value.toPrecision(7));

function answersOf(table: Table, { data, shape }: NDArray): Answer[] {
  const rows = shape[0];
  if (table.task === 'regression') return Array.from(data, (value) => ({ prediction: short(value) }));
  const { classes } = table;
  return Array.from({ length: rows }, (_, row) => {
    const given =
      classes.length === 2
        ? [1 - data[row], data[row]]
        : Array.from(data.subarray(row * classes.length, (row + 1) * classes.length));
    const best = given.indexOf(Math.max(...given));
    return { prediction: classes[best], probabilities: Object.fromEntries(classes.map((name, i) => [name, short(given[i])])) };
  });
}

const quoted = (cell: string | number): string =>
  typeof cell === 'string' && /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : String(cell);

function header(table: Table): string {
  return ['prediction', ...table.classes.map((name) => `p_${name}`)].map(quoted).join(',');
}

function line(form: Form, answer: Answer): string {
  if (form === 'json') return JSON.stringify(answer);
  return [answer.prediction, ...Object.values(answer.probabilities ?? {})].map(quoted).join(',');
}

/** Writes, and waits where the reader is slower. */
async function write(stream: OutputStream, text: string): Promise<void> {
  await new Promise<void>((done, failed) => {
    stream.write(text, (error) => (error ? failed(error) : done()));
    if (!('writableLength' in stream)) done();
  });
}

async function run(context: Context, gemmfit: Package, out: OutputStream): Promise<number> {
  const [file, path] = context.args;
  const table = await readTable(file);
  const model = await gemmfit.loadModel(file);
  const form = formOf(context, path);
  const options = readingOf(table, false, checkOneOf('predict', '--missing', context.text('missing'), ['error', 'skip']));
  const rows = path === '-' ? gemmfit.data.fromRows(() => stdinRows(), options) : rowsOf(gemmfit, path, options);
  const encode = encoder(gemmfit, table);
  let count = 0;
  if (form === 'csv') await write(out, `${header(table)}\n`);
  for await (const batch of rows.batch(1024)) {
    const predictions = await model.predict(encode(batch as never), { verbose: 0 });
    const answers = answersOf(table, predictions);
    count += answers.length;
    await write(out, `${answers.map((answer) => line(form, answer)).join('\n')}\n`);
  }
  return count;
}

export const predict: Command = {
  name: 'predict',
  about: 'predicts a line for each row of a table, or of lines of JSON',
  args: {
    model: 'file of a model that gemmfit train made',
    data: 'the table: CSV, lines of JSON (.jsonl), Parquet (.parquet), or - for lines of JSON from stdin',
  },
  options: {
    format: { value: 'format', default: 'auto', about: 'of predictions: csv, json, or auto: that of data' },
    missing: { value: 'rule', default: 'error', about: 'rows with a missing number: error, or skip' },
    out: { value: 'file', about: 'where predictions go. Default: stdout' },
  },
  description: [
    'Writes CSV for tables and lines of JSON for such lines. CSV has a column prediction, and for classes their probabilities; lines of JSON have {"prediction": ..., "probabilities": {...}}. Rows are read, predicted and written a thousand at a time. Columns that the model does not know are passed over.',
  ],
  examples: [
    ['gemmfit predict model.keras new.csv > predictions.csv', 'a table'],
    ['echo \'{"age": 31, "city": "Rome"}\' | gemmfit predict model.keras -', 'one row'],
  ],
  async run(context) {
    const gemmfit = await context.gemmfit();
    const out = context.text('out');
    if (out === undefined) {
      await run(context, gemmfit, context.stdout);
      return 0;
    }
    const stream = createWriteStream(out);
    await once(stream, 'open');
    const rows = await run(context, gemmfit, stream);
    await new Promise((closed) => stream.end(closed));
    return context.result({ rows, out }, `${out}: ${rows} predictions`);
  },
};
