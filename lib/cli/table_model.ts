// What train and find-lr have in common: a table becomes batches, and a model for them.
import { statSync } from 'node:fs';
import type { NDArray } from '../data/ndarray.js';
import type { Dataset } from '../datasets/dataset.js';
import { typeError } from '../errors.js';
import { checkOneOf } from '../options.js';
import type { Sequential } from '../sequential.js';
import type { Context, OptionSpec, Package } from './command.js';
import { encoder, readingOf, rowsOf, type ScanOptions, scan, type Table, widthOf } from './table.js';

/** Files up to this size are read once and kept. */
const KEPT_BYTES = 256 * 2 ** 20;
const BUFFER = 10_000;

/** What says how a table is to be learned. */
export const tableOptions: Record<string, OptionSpec> = {
  target: { value: 'column', about: 'the column that the model learns to tell from the others. Must be given' },
  ignore: { value: 'columns', about: 'columns that it may not look at, with commas between them' },
  task: {
    value: 'task',
    default: 'auto',
    about: 'classification, regression, or auto: texts, and whole numbers with up to 20 values, are classes',
  },
  layers: { value: 'units', default: '64,32', about: 'units of the hidden layers; none for a linear model' },
  'batch-size': { value: 'N', default: '32', about: 'rows of a step' },
  missing: { value: 'rule', default: 'error', about: 'rows with a missing number: error, or skip' },
  seed: { value: 'N', default: '1', about: 'of weights, split and orders: the same seed gives the same model' },
};

type Columns = Record<string, NDArray | string[]>;

interface Parts {
  train: Dataset;
  validation: Dataset | null;
}

/** The rows, apart, as batches of inputs and labels. */
function partsOf(context: Context, gemmfit: Package, path: string, table: Table, seed: number): Parts {
  const share = context.text('validation') === undefined ? 0 : context.number('validation', { min: 0, below: 1 });
  const batchSize = context.number('batch-size', { min: 1, integer: true });
  const all = rowsOf(gemmfit, path, readingOf(table, true, missingOf(context))) as Dataset;
  const encode = encoder(gemmfit, table);
  const keeps = statSync(path).size <= KEPT_BYTES;
  const by = table.task === 'classification' ? 'stratified' : 'random';
  const split = share > 0 ? all.split({ validation: share, by, seed }) : { train: all, validation: null };
  const inputs = (batch: unknown) => {
    const [columns, y] = batch as [Columns, NDArray];
    return [encode(columns), y];
  };
  // Kept as inputs: a pass over them parses and encodes nothing.
  const kept = (part: Dataset) => {
    const encoded = part.batch(1024).map(inputs);
    return keeps ? encoded.cache() : encoded;
  };
  const rows = (part: Dataset) => kept(part).unbatch() as Dataset;
  return {
    train: rows(split.train).shuffle(BUFFER, seed).batch(batchSize),
    validation: split.validation && kept(split.validation as Dataset),
  };
}

const missingOf = (context: Context): ScanOptions['missing'] =>
  checkOneOf(context.command.name, '--missing', context.text('missing'), ['error', 'skip']);

/** Mean and deviation of the target: a regression's last layer brings them back. */
async function spreadOf(train: Dataset): Promise<{ mean: number; deviation: number }> {
  let [count, sum, squares] = [0, 0, 0];
  for await (const batch of train) {
    for (const value of (batch as [unknown, NDArray])[1].data) {
      count++;
      sum += value;
      squares += value * value;
    }
  }
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)) || 1 };
}

async function modelFor(context: Context, gemmfit: Package, table: Table, { train }: Parts): Promise<Sequential> {
  const { layers, optimizers, sequential } = gemmfit;
  const units = context.numbers('layers', { min: 1, integer: true });
  const normalization = layers.normalization({ inputShape: [widthOf(table)] });
  await normalization.adapt(train.map((batch) => (batch as unknown[])[0]) as never);
  const hidden = units.map((n) => layers.dense({ units: n, activation: 'relu' }));
  const rate = context.text('learning-rate') === undefined ? undefined : context.number('learning-rate', { above: 0 });
  const optimizer = optimizers.adam({ learningRate: rate });
  const { classes } = table;
  if (table.task === 'regression') {
    const { mean, deviation } = await spreadOf(train);
    const last = [layers.dense({ units: 1 }), layers.rescaling({ scale: deviation, offset: mean })];
    const model = sequential([normalization, ...hidden, ...last]);
    model.compile({ optimizer, loss: 'mse', metrics: ['mae'] });
    return model;
  }
  const isBinary = classes.length === 2;
  const last = isBinary
    ? layers.dense({ units: 1, activation: 'sigmoid' })
    : layers.dense({ units: classes.length, activation: 'softmax' });
  const model = sequential([normalization, ...hidden, last]);
  model.compile({ optimizer, loss: isBinary ? 'binary_crossentropy' : 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  return model;
}

/** What a command line says of a table, read: its columns, its batches, and a model that has seen none of them yet. */
export async function prepared(context: Context, gemmfit: Package) {
  const [path] = context.args;
  const target = context.text('target');
  if (target === undefined) throw typeError('--target <column> is missing: which column is the model to learn?');
  const seed = context.number('seed', { min: 0, integer: true, max: 2 ** 32 - 1 });
  gemmfit.setRandomSeed(seed);
  const ignore = (context.text('ignore') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const task = checkOneOf(context.command.name, '--task', context.text('task'), ['auto', 'classification', 'regression']);
  const { table, rows } = await scan(gemmfit, path, { target, ignore, task, missing: missingOf(context) });
  const parts = partsOf(context, gemmfit, path, table, seed);
  const model = await modelFor(context, gemmfit, table, parts);
  if (!context.flag('quiet')) context.note(describe(path, rows, table, model));
  return { table, rows, parts, model };
}

function describe(path: string, rows: number, table: Table, model: Sequential): string {
  const what = table.task === 'regression' ? 'a regression' : `${table.classes.length} classes`;
  return `${path}: ${rows} rows, ${table.columns.length} columns, ${what} of '${table.target}'; ${model.countParams()} parameters`;
}
