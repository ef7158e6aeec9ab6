import { toTensor } from '../data/convert.js';
import type { ArrayInput } from '../data/inputs.js';
import { ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import { shapeText, sizeOf } from '../shapes.js';

/** Rows of numbers in double precision. */
export interface Table {
  rows: number;
  columns: number;
  data: Float64Array;
}

/** `[samples]`, `[samples, 1]` or `[samples, classes]`. */
export function readTable(where: string, name: string, value: ArrayInput): Table {
  // A list of numbers stays in double precision; data for a model would become float32.
  const isList = Array.isArray(value) && value.length > 0 && value.every((v) => typeof v === 'number');
  const { data, shape } = toTensor(`${where}: '${name}'`, isList ? Float64Array.from(value as number[]) : value);
  if (shape.length !== 1 && shape.length !== 2)
    throw new ValueError(
      `${where}: '${name}' must have the shape [samples] or [samples, classes]. Received: ${shapeText(shape)}. Flatten other axes into samples first.`,
      'ERR_SHAPE',
    );
  const numbers = Float64Array.from(data as Float32Array, Number);
  const bad = numbers.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    throw new ValueError(`${where}: '${name}' must be finite. Received: ${numbers[bad]} at index ${bad}.`, 'ERR_NOT_FINITE');
  return { rows: shape[0], columns: sizeOf(shape.slice(1)), data: numbers };
}

/** One number a sample. */
export function readColumn(where: string, name: string, value: ArrayInput): Float64Array {
  const { data, columns } = readTable(where, name, value);
  if (columns !== 1)
    throw new ValueError(`${where}: '${name}' must have one number a sample. Received: ${columns} a sample.`, 'ERR_SHAPE');
  return data;
}

export function argmax({ data, columns }: Table, row: number): number {
  let best = row * columns;
  for (let i = best + 1; i < (row + 1) * columns; i++) if (data[i] > data[best]) best = i;
  return best - row * columns;
}

/** A class a sample: class numbers as they are, of rows the place of the largest, of probabilities of one class whether they reach the threshold. */
export function readClasses(where: string, name: string, value: ArrayInput, threshold: number): Float64Array {
  const table = readTable(where, name, value);
  if (table.columns > 1) return Float64Array.from({ length: table.rows }, (_, row) => argmax(table, row));
  if (table.data.every(Number.isInteger)) return table.data;
  const outside = table.data.findIndex((v) => v < 0 || v > 1);
  if (outside >= 0)
    throw new ValueError(
      `${where}: '${name}' must be class numbers or probabilities. Received: ${table.data[outside]} at index ${outside}.`,
      'ERR_LABELS',
    );
  return table.data.map((v) => (v >= threshold ? 1 : 0));
}

export function sameLength(where: string, yTrue: ArrayLike<number>, other: ArrayLike<number>, name: string): void {
  if (yTrue.length !== other.length)
    throw new ValueError(`${where}: yTrue has ${yTrue.length} samples, ${name} has ${other.length}.`, 'ERR_SHAPE');
}

/** Weights of the samples, 1 where none are given. */
export function readWeights(where: string, value: ArrayInput | null, samples: number): Float64Array {
  if (value === null) return new Float64Array(samples).fill(1);
  const weights = readColumn(where, 'sampleWeight', value);
  if (weights.length !== samples)
    throw new ValueError(`${where}: 'sampleWeight' must have ${samples} numbers. Received: ${weights.length}`, 'ERR_SHAPE');
  weights.forEach((w) => {
    checkNumber(where, 'sampleWeight', w, { min: 0 });
  });
  return weights;
}

/** Whether each sample is of one class, and how sure the model was that it is. */
export interface Scored {
  positive: Uint8Array;
  score: Float64Array;
  weight: Float64Array;
}

export interface ScoreOptions {
  positive: number | null;
  sampleWeight: ArrayInput | null;
}

/** Truth and scores of one class against the others. */
export function readScores(where: string, yTrue: ArrayInput, yScore: ArrayInput, options: ScoreOptions): Scored {
  const truth = readTable(where, 'yTrue', yTrue);
  const scores = readTable(where, 'yScore', yScore);
  const { rows, columns } = scores;
  if (truth.rows !== rows) throw new ValueError(`${where}: yTrue has ${truth.rows} samples, yScore has ${rows}.`, 'ERR_SHAPE');
  if (columns > 2 && options.positive === null)
    throw new ValueError(
      `${where}: yScore has ${columns} classes. Say which of them is meant: { positive: 0 } draws it against the others.`,
      'ERR_OPTIONS',
    );
  const positive = options.positive === null ? 1 : checkNumber(where, 'positive', options.positive, { integer: true });
  if (columns > 1) checkNumber(where, 'positive', positive, { min: 0, max: columns - 1 });
  const isPositive = (row: number) => (truth.columns > 1 ? argmax(truth, row) : truth.data[row]) === positive;
  const scored = {
    positive: Uint8Array.from({ length: rows }, (_, row) => (isPositive(row) ? 1 : 0)),
    score: columns > 1 ? Float64Array.from({ length: rows }, (_, row) => scores.data[row * columns + positive]) : scores.data,
    weight: readWeights(where, options.sampleWeight, rows),
  };
  if (scored.positive.every((p) => p === scored.positive[0]))
    throw new ValueError(
      `${where}: yTrue must have samples of class ${positive} and others. Received: ${scored.positive[0] ? 'only' : 'none'} of it in ${rows}.`,
      'ERR_LABELS',
    );
  return scored;
}
