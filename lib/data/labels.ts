import { addon } from '../engine/addon.js';
import { ValueError } from '../errors.js';
import { shapeText } from '../shapes.js';
import type { Tensor } from './nested.js';

/** What the checks need of a loss. */
export interface LabelRules {
  /** Labels are class numbers. */
  readonly sparse: boolean;
  /** A label that is left out. */
  readonly ignoreClass?: number | null;
  /** First and end of the class numbers a label may be; null where any label will do. Default: 0 to the number of classes. */
  labelRange?(classes: number): readonly [number, number] | null;
}

/** What the checks need of a layer. */
export interface FirstLayer {
  readonly className: string;
  readonly inputDim?: unknown;
  getConfig(): Record<string, unknown>;
}

/**
 * Class numbers must be whole numbers from 0 to `classes - 1`, or the loss's `ignoreClass`. Throws a ValueError (ERR_LABEL) with the first
 * sample that has another. Labels of other losses may be anything.
 */
export function checkLabels(where: string, y: Tensor, loss: LabelRules | null, classes: number): void {
  if (!loss?.sparse) return;
  const range = loss.labelRange ? loss.labelRange(classes) : ([0, classes] as const);
  if (!range) return;
  const [first, end] = range;
  const except = loss.ignoreClass ?? null;
  const index = addon.firstOutside(y.data, first, end - 1, true, except);
  if (index < 0) return;
  const value = Number(y.data[index]);
  const allowed = `Labels are whole numbers from ${first} to ${end - 1}${except === null ? '' : ` (or ${except}, which is ignored)`}, one for each of the ${classes} outputs of the last layer.`;
  throw new ValueError(
    `${where}: the label ${place(y, index)} is ${value}. ${allowed} ${labelHint(value, classes)}`,
    'ERR_LABEL',
  );
}

function labelHint(value: number, classes: number): string {
  if (Number.isNaN(value)) return 'Leave out the samples without a label, or give them a class of their own.';
  if (!Number.isInteger(value)) return 'For one-hot or soft labels use a categorical loss; for other numbers a regression loss.';
  if (value < 0) return "To leave out some labels, give the loss that number as 'ignoreClass'.";
  if (value === classes) return `Use units: ${value + 1} in the last layer, or number the labels from 0.`;
  return `Use units: ${value + 1} or more in the last layer, or number the labels from 0.`;
}

/** Ids for an embedding, where that is the first layer: whole numbers from 0 to `inputDim - 1`. Throws a ValueError (ERR_INDEX) with the first other one. */
export function checkIds(where: string, x: Tensor, layer: FirstLayer | undefined): void {
  if (layer?.className !== 'Embedding') return;
  const rows = Number(layer.inputDim ?? layer.getConfig().inputDim);
  const index = addon.firstOutside(x.data, 0, rows - 1, true, null);
  if (index < 0) return;
  const value = Number(x.data[index]);
  const hint =
    Number.isInteger(value) && value >= rows
      ? `Use inputDim: ${value + 1} or more, or map rare ids to one of their own.`
      : 'Map what has no id to one of its own, such as 0.';
  throw new ValueError(
    `${where}: the id ${place(x, index)} is ${value}. Ids are whole numbers from 0 to ${rows - 1}, as the embedding has inputDim: ${rows}. ${hint}`,
    'ERR_INDEX',
  );
}

/** "of sample 17", with its position where samples have more than one element. */
function place({ shape }: Tensor, index: number): string {
  const position: number[] = [];
  let rest = index;
  for (let k = shape.length - 1; k >= 0; k--) {
    position.unshift(rest % shape[k]);
    rest = Math.floor(rest / shape[k]);
  }
  const several = shape.slice(1).some((d) => d > 1);
  return `of sample ${position[0]}${several ? ` at ${shapeText(position)}` : ''}`;
}
