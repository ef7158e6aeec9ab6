import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { NDArray } from '../data/ndarray.js';
import type { Dataset } from '../datasets/dataset.js';
import { typeError } from '../errors.js';
import { checkOneOf } from '../options.js';
import type { Sequential } from '../sequential.js';
import type { Command, Context, Package } from './command.js';
import { encoder, readingOf, type ScanOptions, scan, type Table, tablePath, widthOf, writeTable } from './table.js';

/** The exit status of a program that Ctrl-C ended. */
const INTERRUPTED = 130;
/** Files up to this size are read once and kept. */
const KEPT_BYTES = 256 * 2 ** 20;
const BUFFER = 10_000;

type Columns = Record<string, NDArray | string[]>;

interface Parts {
  train: Dataset;
  validation: Dataset | null;
}

/** The rows, apart, as batches of inputs and labels. */
function partsOf(context: Context, gemmfit: Package, path: string, table: Table, seed: number): Parts {
  const share = context.number('validation', { min: 0, below: 1 });
  const batchSize = context.number('batch-size', { min: 1, integer: true });
  const all = gemmfit.data.csv(path, readingOf(table, true, missingOf(context))) as Dataset;
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
  checkOneOf('train', '--missing', context.text('missing'), ['error', 'skip']);

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
  const optimizer = optimizers.adam({ learningRate: context.number('learning-rate', { above: 0 }) });
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

function callbacksFor(context: Context, { callbacks }: Package, validates: boolean) {
  const patience = context.text('patience');
  const log = context.text('log');
  const restoring = { monitor: validates ? 'val_loss' : 'loss', restoreBestWeights: true };
  return [
    ...(context.flag('quiet') ? [] : [new callbacks.ProgbarLogger({ stream: context.stderr })]),
    ...(patience === undefined
      ? []
      : [callbacks.earlyStopping({ patience: context.number('patience', { min: 0, integer: true }), ...restoring })]),
    ...(log === undefined ? [] : [callbacks.jsonLogger({ filename: log, append: context.text('checkpoint') !== undefined })]),
  ];
}

export const train: Command = {
  name: 'train',
  about: 'trains a model on a table',
  args: { data: 'the table: a file of CSV (.csv, .tsv, .csv.gz) with the names of its columns in the first line' },
  options: {
    target: { value: 'column', about: 'the column that the model learns to tell from the others. Must be given' },
    ignore: { value: 'columns', about: 'columns that it may not look at, with commas between them' },
    task: {
      value: 'task',
      default: 'auto',
      about: 'classification, regression, or auto: texts, and whole numbers with up to 20 values, are classes',
    },
    layers: { value: 'units', default: '64,32', about: 'units of the hidden layers; none for a linear model' },
    epochs: { value: 'N', default: '20', about: 'passes over the table' },
    'batch-size': { value: 'N', default: '32', about: 'rows of a step' },
    'learning-rate': { value: 'rate', default: '0.001', about: 'of the optimizer, Adam' },
    validation: {
      value: 'share',
      default: '0.2',
      about: 'share of the rows to validate on: drawn, from each class by itself; 0 for none',
    },
    patience: { value: 'N', about: 'stop where the loss has not improved for so many epochs, and take the best weights' },
    missing: { value: 'rule', default: 'error', about: 'rows with a missing number: error, or skip' },
    seed: { value: 'N', default: '1', about: 'of weights, split and orders: the same seed gives the same model' },
    out: { value: 'file', default: 'model.keras', about: 'file of the model: .keras, .h5, or a folder/ of TensorFlow.js' },
    checkpoint: { value: 'folder', about: 'where the state of the training is kept; the same command goes on from there' },
    log: { value: 'file', about: 'a line of JSON an epoch (.jsonl), which gemmfit plot draws' },
    plot: { value: 'file', about: 'the curves of the training (.svg)' },
    quiet: { about: 'no progress' },
  },
  description: [
    'Numbers become inputs of mean 0 and deviation 1, by a layer of the model; texts become an input for each of their values. Behind them stand dense layers. Beside the model a file <out>.table.json notes the columns and classes: evaluate and predict read it.',
    'Ctrl-C ends the training after its batch and saves what there is (exit status 130); a second one ends it at once. With --checkpoint the same command goes on, to the same weights as if it had not been stopped.',
  ],
  examples: [
    ['gemmfit train iris.csv --target species', 'a model in model.keras'],
    [
      'gemmfit train houses.csv --target price --ignore id --layers 128,64 --epochs 100 --patience 5 --out houses.keras',
      'a regression that stops by itself',
    ],
    ['gemmfit train big.csv --target label --checkpoint points --log log.jsonl', 'one that can be killed and goes on'],
  ],
  statuses: { 130: 'Ctrl-C ended it, and what there is has been saved' },
  async run(context) {
    const [path] = context.args;
    const target = context.text('target');
    if (target === undefined) throw typeError('--target <column> is missing: which column is the model to learn?');
    const seed = context.number('seed', { min: 0, integer: true, max: 2 ** 32 - 1 });
    const epochs = context.number('epochs', { min: 1, integer: true });
    const out = context.text('out') as string;
    const checkpoint = context.text('checkpoint');
    const gemmfit = await context.gemmfit();
    gemmfit.setRandomSeed(seed);
    const ignore = (context.text('ignore') ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean);
    const task = checkOneOf('train', '--task', context.text('task'), ['auto', 'classification', 'regression']);
    const { table, rows } = await scan(gemmfit, path, { target, ignore, task, missing: missingOf(context) });
    const parts = partsOf(context, gemmfit, path, table, seed);
    const model = await modelFor(context, gemmfit, table, parts);
    if (!context.flag('quiet')) context.note(describe(path, rows, table, model));
    const history = await model.fit(parts.train as never, null, {
      epochs,
      ...(parts.validation ? { validationData: parts.validation as never } : {}),
      ...(checkpoint === undefined ? {} : { checkpoint: resolve(checkpoint) }),
      handleSignals: ['SIGINT', 'SIGTERM'],
      verbose: context.flag('quiet') ? 0 : 1,
      callbacks: callbacksFor(context, gemmfit, parts.validation !== null),
    });
    await model.save(out);
    await writeTable(out, table);
    const picture = context.text('plot');
    if (picture !== undefined && history.epoch.length > 0) history.plot(picture);
    const facts = { model: out, table: tablePath(out), task: table.task, classes: table.classes, rows, ...lastOf(history) };
    const last = Object.entries(facts.results).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
    context.result(facts, `${out}: ${facts.epochs} epochs${last.length ? `, ${last.join(', ')}` : ''}`);
    return history.stopReason === 'signal' ? INTERRUPTED : 0;
  },
};

function lastOf(history: { epoch: number[]; history: Record<string, number[]>; stopReason: string | null }) {
  const results = Object.fromEntries(Object.entries(history.history).map(([name, values]) => [name, values.at(-1) as number]));
  return { epochs: history.epoch.length, stopReason: history.stopReason, results };
}

function describe(path: string, rows: number, table: Table, model: Sequential): string {
  const what = table.task === 'regression' ? 'a regression' : `${table.classes.length} classes`;
  return `${path}: ${rows} rows, ${table.columns.length} columns, ${what} of '${table.target}'; ${model.countParams()} parameters`;
}
