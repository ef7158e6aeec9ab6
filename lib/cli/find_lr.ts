import type { Command } from './command.js';
import { prepared, tableOptions } from './table_model.js';

export const findLr: Command = {
  name: 'find-lr',
  about: 'looks for a learning rate to train a table with',
  args: { data: 'the table, as train takes it' },
  options: {
    ...tableOptions,
    min: { value: 'rate', default: '1e-6', about: 'the rate of the first batch' },
    max: { value: 'rate', default: '1', about: 'the rate of the last batch' },
    steps: { value: 'N', default: '100', about: 'batches' },
    plot: { value: 'file', about: 'the loss over the rates (.svg)' },
    quiet: { about: 'no progress' },
  },
  description: [
    'Trains the model that train would make for some batches, with a rate that grows from batch to batch. Where the loss falls fastest is a rate to begin with. Nothing is saved.',
  ],
  examples: [
    ['gemmfit find-lr train.csv --target label --plot rates.svg', 'the rate, and a picture of the losses'],
    [
      'gemmfit train train.csv --target label --learning-rate $(gemmfit find-lr train.csv --target label --quiet)',
      'trains with it',
    ],
  ],
  async run(context) {
    const min = context.number('min', { above: 0 });
    const max = context.number('max', { above: min });
    const steps = context.number('steps', { min: 20, integer: true });
    const gemmfit = await context.gemmfit();
    const { parts, model } = await prepared(context, gemmfit);
    // A table may have fewer batches than are wanted.
    const found = await gemmfit.findLearningRate(model, parts.train.repeat() as never, undefined, { min, max, steps });
    const picture = context.text('plot');
    if (picture !== undefined) found.plot(picture);
    const { suggestion, learningRates, losses } = found;
    const text = suggestion === null ? 'none: the losses say nothing' : String(Number(suggestion.toPrecision(3)));
    return context.result({ suggestion, learningRates, losses }, text);
  },
};
