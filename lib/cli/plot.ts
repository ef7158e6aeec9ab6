import { readFile, writeFile } from 'node:fs/promises';
import { ValueError } from '../errors.js';
import type { Plot } from '../plots/plot.js';
import { writeText } from '../terminal/output.js';
import type { Command, Context, Package } from './command.js';

/** Rows of a log: one an epoch, as the JSON lines of `train --log` and of `callbacks.jsonLogger` are. */
export function readLog(file: string, text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .map((line, i) => ({ line: line.trim(), number: i + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => {
      try {
        return JSON.parse(line);
      } catch {
        throw new ValueError(`plot: ${file}: line ${number} is no JSON.`, 'ERR_FILE');
      }
    });
}

/** The lists of a history, from rows of a log. Lines of batches and texts are left out. */
function historyOf(gemmfit: Package, rows: readonly Record<string, unknown>[]): InstanceType<Package['callbacks']['History']> {
  const record = new gemmfit.callbacks.History();
  for (const row of rows.filter(({ epoch, batch }) => typeof epoch === 'number' && batch === undefined)) {
    record.epoch.push(row.epoch as number);
    for (const [name, value] of Object.entries(row))
      if (name !== 'epoch' && (typeof value === 'number' || value === null)) {
        record.history[name] ??= [];
        record.history[name].push(value ?? Number.NaN);
      }
  }
  return record;
}

async function picture(context: Context, source: string): Promise<Plot> {
  const gemmfit = await context.gemmfit();
  const theme = context.text('theme') as 'auto';
  const options = { theme, width: context.number('width', {}), title: context.text('title') ?? null };
  if (!/\.(jsonl|ndjson)$/i.test(source)) return (await gemmfit.loadModel(source)).plot(null, options);
  const rows = readLog(source, await readFile(source, 'utf8'));
  return historyOf(gemmfit, rows).plot(null, { ...options, monitor: context.text('monitor') });
}

export const plot: Command = {
  name: 'plot',
  about: 'draws the curves of a training, or the stack of a model',
  args: {
    source: 'log of a training (.jsonl, as train --log writes it), or a model (.keras, .h5, a folder)',
    'picture?': 'file to write: .svg, or .json for Vega-Lite. Without it the SVG goes to stdout',
  },
  options: {
    theme: { value: 'theme', default: 'auto', about: 'light, dark, or auto: as the reader has set it' },
    width: { value: 'pixels', default: '480', about: 'width of the picture' },
    title: { value: 'text', about: 'above the picture' },
    monitor: { value: 'name', about: 'whose best epoch is marked (default val_loss where there is one, else loss)' },
  },
  description: ['Curves show loss and metrics by epoch, of training and validation, and the learning rate where the log has it.'],
  examples: [
    ['gemmfit plot log.jsonl curves.svg', 'curves of a training'],
    ['gemmfit plot model.keras model.svg --theme light', 'the layers of a model'],
  ],
  async run(context) {
    const [source, file] = context.args;
    const made = await picture(context, source);
    if (file === undefined) {
      writeText(context.stdout, context.json ? `${JSON.stringify(made.toVegaLite())}\n` : made.svg);
      return 0;
    }
    if (/\.json$/i.test(file)) await writeFile(file, JSON.stringify(made.toVegaLite()));
    else made.save(file);
    return context.result({ picture: file }, file);
  },
};
