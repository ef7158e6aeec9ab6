import { resolve } from 'node:path';
import type { Command, Context, Package } from './command.js';
import { tablePath, writeTable } from './table.js';
import { prepared, tableOptions } from './table_model.js';

/** The exit status of a program that Ctrl-C ended. */
const INTERRUPTED = 130;
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
  args: {
    data: 'the table: CSV with the names of its columns in the first line (.csv, .tsv, .gz), lines of JSON (.jsonl) or Parquet (.parquet)',
  },
  options: {
    ...tableOptions,
    epochs: { value: 'N', default: '20', about: 'passes over the table' },
    'learning-rate': { value: 'rate', default: '0.001', about: 'of the optimizer, Adam' },
    validation: {
      value: 'share',
      default: '0.2',
      about: 'share of the rows to validate on: drawn, from each class by itself; 0 for none',
    },
    patience: { value: 'N', about: 'stop where the loss has not improved for so many epochs, and take the best weights' },
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
    const epochs = context.number('epochs', { min: 1, integer: true });
    const out = context.text('out') as string;
    const checkpoint = context.text('checkpoint');
    const gemmfit = await context.gemmfit();
    const { table, rows, parts, model } = await prepared(context, gemmfit);
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
