import { show, typeError, ValueError } from '../errors.js';
import { checkNumber, readOptions } from '../options.js';
import { table } from './table.js';

/** Options of `summary`. */
export interface SummaryOptions {
  /** Characters of a line. Default: 88, or what the terminal has room for. */
  lineLength?: number | null;
  /** Where the three columns end, as shares of the line. Default `[0.45, 0.8, 1]`. */
  positions?: readonly number[] | null;
  /** Takes one line at a time. Default: `console.log`. */
  printFn?: ((line: string) => void) | null;
}

/** What a summary tells of a model. */
export interface ModelDescription {
  name: string;
  layers: readonly {
    name: string;
    className: string;
    /** With the batch dimension; null before the layer is built. */
    outputShape: readonly (number | null)[] | null;
    params: number | null;
  }[];
  trainable: number;
  nonTrainable: number;
  /** Numbers that the optimizer keeps, its step counter and learning rate among them; 0 where it has none yet. */
  optimizerParams: number;
}

const header = ['Layer (type)', 'Output Shape', 'Param #'];

/** Prints the table of layers that Keras 3 prints. */
export function summary(model: ModelDescription, options?: SummaryOptions): void {
  const o = readOptions<Required<SummaryOptions>>('summary', options, { lineLength: null, positions: null, printFn: null });
  if (o.printFn !== null && typeof o.printFn !== 'function')
    throw typeError(`summary: 'printFn' must be a function. Received: ${show(o.printFn)}`);
  const lineLength =
    o.lineLength === null ? defaultLength() : checkNumber('summary', 'lineLength', o.lineLength, { min: 40, integer: true });
  for (const line of formatSummary(model, lineLength, o.positions ?? undefined)) (o.printFn ?? console.log)(line);
}

function defaultLength(): number {
  const columns = Number(process.env.COLUMNS) || process.stdout.columns || 80;
  return Math.max(40, Math.min(88, columns - 4));
}

/** The lines of the summary. */
export function formatSummary(
  model: ModelDescription,
  lineLength: number,
  positions: readonly number[] = [0.45, 0.8, 1],
): string[] {
  const widths = columnWidths(lineLength, positions);
  const rows = model.layers.map((l) => [
    `${l.name} (${l.className})`,
    l.outputShape ? `(${l.outputShape.map((d) => d ?? 'None').join(', ')})` : '?',
    l.params === null ? '0 (unbuilt)' : count(l.params),
  ]);
  const { trainable, nonTrainable, optimizerParams } = model;
  // The optimizer's step counter is an int64.
  const optimizerBytes = optimizerParams > 0 ? optimizerParams * 4 + 4 : 0;
  const total = trainable + nonTrainable + optimizerParams;
  return [
    `Model: "${model.name}"`,
    ...table(header, widths, rows),
    ` Total params: ${count(total)} (${size((trainable + nonTrainable) * 4 + optimizerBytes)})`,
    ` Trainable params: ${count(trainable)} (${size(trainable * 4)})`,
    ` Non-trainable params: ${count(nonTrainable)} (${size(nonTrainable * 4)})`,
    ...(optimizerParams > 0 ? [` Optimizer params: ${count(optimizerParams)} (${size(optimizerBytes)})`] : []),
  ];
}

/** Widths of the columns' text. Borders and padding, ten characters in all, are taken from the three as evenly as Keras's printer takes them. */
function columnWidths(lineLength: number, positions: readonly number[]): number[] {
  if (!Array.isArray(positions) || positions.length !== 3 || positions.some((p) => typeof p !== 'number'))
    throw typeError(`summary: 'positions' must be three numbers, such as [0.45, 0.8, 1]. Received: ${show(positions)}`);
  const ends = positions.map((p) => Math.floor(p * lineLength));
  const widths = ends.map((end, i) => end - (i ? ends[i - 1] : 0) - [3, 4, 3][i]);
  if (widths.some((w) => w < 1))
    throw new ValueError(
      `summary: 'positions' leave no room for a column in ${lineLength} characters. Received: ${show(positions)}`,
      'ERR_OUT_OF_RANGE',
    );
  return widths;
}

const count = (n: number): string => n.toLocaleString('en-US');

function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${value.toFixed(2)} ${units[unit]}`;
}
