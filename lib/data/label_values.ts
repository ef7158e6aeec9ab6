import { addon } from '../engine/addon.js';
import { ValueError } from '../errors.js';
import type { Tensor } from './nested.js';

/** What is looked at of a large array, in a few milliseconds: labels that are meant otherwise show it early. */
const MOST = 2 ** 22;

/** What the checks need of a loss. */
export interface LossOfLabels {
  readonly className: string;
  /** Labels are probabilities: 0 and 1, or what lies between. */
  readonly takesProbabilities: boolean;
}

/** First element outside [low, high]; undefined where all are inside. One that is not finite is told of by another check. */
function outside({ data }: Tensor, low: number, high: number): { index: number; value: number } | undefined {
  const index = addon.firstOutside(data.length > MOST ? data.subarray(0, MOST) : data, low, high, false, null);
  if (index < 0 || !Number.isFinite(Number(data[index]))) return undefined;
  return { index, value: Number(data[index]) };
}

/** Labels of a cross-entropy are from 0 to 1: beyond, the loss has no least value. Throws a ValueError (ERR_LABEL) with the first other one. */
export function checkProbabilities(where: string, y: Tensor, loss: LossOfLabels): void {
  if (!loss.takesProbabilities) return;
  const found = outside(y, 0, 1);
  if (!found) return;
  const sample = Math.floor((found.index / y.data.length) * y.shape[0]);
  throw new ValueError(
    `${where}: the label of sample ${sample} is ${found.value}, and labels of ${loss.className} are from 0 to 1. ${howToMend(y, found.value)}`,
    'ERR_LABEL',
  );
}

function howToMend(y: Tensor, value: number): string {
  if (value === -1) return "For labels -1 and 1 use the loss 'hinge', or make them 0 and 1: (label + 1) / 2.";
  if (!Number.isInteger(value) || value < 0) return 'For other numbers use a regression loss.';
  if (value > 2 && value <= 255 && y.shape.at(-1) !== 1) return 'Divide pixels by 255.';
  const shift = value === 2 && !outside(y, 1, 2) ? 'Number two classes 0 and 1. ' : '';
  return `${shift}For more classes use softmax with a unit for each, and 'sparse_categorical_crossentropy' where labels are class numbers.`;
}

const RANGES: Record<string, readonly [number, number] | undefined> = { sigmoid: [0, 1], softmax: [0, 1], tanh: [-1, 1] };
const REGRESSION = /^(Mean(Squared|Absolute)Error|Huber|LogCosh)$/;

/** What to warn of where a regression is to learn numbers that its last activation cannot give. */
export function unreachable(where: string, y: Tensor, loss: LossOfLabels, activation: () => string | null): string | undefined {
  if (!REGRESSION.test(loss.className)) return undefined;
  const name = activation();
  const range = name === null ? undefined : RANGES[name];
  const found = range && outside(y, range[0], range[1]);
  if (!range || !found) return undefined;
  return `${where} holds ${found.value}, and the last layer gives numbers from ${range[0]} to ${range[1]} only (activation '${name}'). Scale the labels, or do without the activation.`;
}
