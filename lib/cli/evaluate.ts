import type { NDArray } from '../data/ndarray.js';
import { checkOneOf } from '../options.js';
import type { Command, Context, Package } from './command.js';
import { encoder, readingOf, readTable, rowsOf, type Table } from './table.js';

/** What the model says of all rows, and what they are. */
async function answers(gemmfit: Package, context: Context, table: Table) {
  const [file, path] = context.args;
  const missing = checkOneOf('evaluate', '--missing', context.text('missing'), ['error', 'skip']);
  const encode = encoder(gemmfit, table);
  const model = await gemmfit.loadModel(file);
  const batches = rowsOf(gemmfit, path, readingOf(table, true, missing))
    .batch(1024)
    .map((batch) => {
      const [columns, y] = batch as unknown as [Record<string, NDArray | string[]>, NDArray];
      return [encode(columns), y] as const;
    });
  const truth: number[] = [];
  const seen = batches.map(([x, y]) => {
    for (const value of y.data) truth.push(value);
    return [x, y] as const;
  });
  const results = (await model.evaluate(seen as never, null, { returnDict: true, verbose: 0 })) as Record<string, number>;
  const predictions = await model.predict(batches.map(([x]) => x) as never, { verbose: 0 });
  return { results, truth, predictions };
}

export const evaluate: Command = {
  name: 'evaluate',
  about: 'tells how good a trained model is on a table',
  args: {
    model: 'file of a model that gemmfit train made',
    data: 'the table, with the column that is to be told',
  },
  options: {
    missing: { value: 'rule', default: 'error', about: 'rows with a missing number: error, or skip' },
    plot: { value: 'file', about: 'a picture (.svg): the confusion matrix, or the residuals of a regression' },
  },
  description: ['Prints the loss and the metrics of the model; for classes also which were taken for which.'],
  examples: [
    ['gemmfit evaluate model.keras test.csv', 'loss and metrics'],
    ['gemmfit evaluate model.keras test.csv --plot confusion.svg', 'with a picture'],
  ],
  async run(context) {
    const gemmfit = await context.gemmfit();
    const table = await readTable(context.args[0]);
    const { results, truth, predictions } = await answers(gemmfit, context, table);
    const { evaluation } = gemmfit;
    const labels = table.classes.map((_, i) => i);
    const looked =
      table.task === 'regression'
        ? evaluation.residuals(truth, predictions)
        : evaluation.confusionMatrix(truth, predictions, { labels, names: table.classes });
    const picture = context.text('plot');
    if (picture !== undefined) looked.plot(picture);
    const more = 'matrix' in looked ? { classes: table.classes, confusion: looked.matrix } : { rmse: looked.rmse, r2: looked.r2 };
    const numbers = { ...results, ...('r2' in more ? { rmse: more.rmse, r2: more.r2 } : {}) };
    const lines = Object.entries(numbers).map(([name, value]) => `${name.padEnd(10)} ${Number(value.toPrecision(6))}`);
    const confusion = 'matrix' in looked ? ['', ...confusionLines(looked.matrix, table.classes)] : [];
    return context.result(
      { rows: truth.length, ...results, ...more },
      [`${'rows'.padEnd(10)} ${truth.length}`, ...lines, ...confusion].join('\n'),
    );
  },
};

/** Rows: what it is; columns: what it was taken for. */
function confusionLines(matrix: readonly (readonly number[])[], classes: readonly string[]): string[] {
  const wide = Math.max(...classes.map((name) => name.length), ...matrix.flat().map((n) => String(n).length), 2);
  const row = (cells: readonly (string | number)[]) => cells.map((cell) => String(cell).padStart(wide)).join('  ');
  return [row(['is', ...classes]), ...matrix.map((counts, i) => row([classes[i], ...counts]))];
}
