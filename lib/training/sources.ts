import { single } from '../data/containers.js';
import { type Tensor, toTensor } from '../data/convert.js';
import { isDataset } from '../data/dataset.js';
import type { Named } from '../data/finite.js';
import { checkProbabilities, unreachable } from '../data/label_values.js';
import { checkIds, checkLabels } from '../data/labels.js';
import { show, typeError, ValueError } from '../errors.js';
import { isStateful, type Shape } from '../layers/layer.js';
import { firstLayer } from '../layers/nested.js';
import type { Compilation } from '../model/compilation.js';
import type { Model } from '../model/model.js';
import { isPlain } from '../options.js';
import { sizeOf } from '../shapes.js';

/** Arrays of one data set, checked against the model: what a feed reads in place. */
export interface Samples {
  x: Tensor;
  y: Tensor | null;
  weights: Tensor | null;
  /** Number of samples. */
  count: number;
}

/** Their arrays under the names of the arguments. */
export function named(where: string, { x, y, weights }: Samples): Named[] {
  const of = (name: string, tensor: Tensor | null) => (tensor ? [{ where: where ? `${where}: ${name}` : name, tensor }] : []);
  return [...of('x', x), ...of('y', y), ...of('sampleWeight', weights)];
}

export const rowSize = (t: Tensor) => sizeOf(t.shape.slice(1));

/** x as the model takes it; a model that is not built yet is built for it, where it fits. */
export function readX(model: Model, where: string, given: unknown): Tensor {
  return model.tentatively(() => xFor(model, where, given));
}

function xFor(model: Model, where: string, given: unknown): Tensor {
  const value = single(where, given, model.inputNames);
  if (value === null || value === undefined)
    throw new ValueError(
      `${where} is missing: give an array [samples, ...], or a dataset. Received: ${show(value)}`,
      'ERR_MISSING_DATA',
    );
  if (!model.built) {
    const first = toTensor(where, value, {});
    // A bare typed array or list of numbers without a known shape is a column.
    model.buildFor(first.shape.length > 1 ? first.shape.slice(1) : [1]);
  }
  const { inputShape } = model.shapes();
  const x = toTensor(where, value, {
    sampleShape: inputShape,
    rank: inputShape.length + 1,
    name: `input '${model.inputNames[0]}'`,
  });
  checkIds(where, x, firstLayer(model.layers));
  return x;
}

/** y as the loss takes it, for inputs of this shape. */
export function readY(model: Model, compilation: Compilation, where: string, given: unknown, x: Tensor): Tensor {
  const value = single(where, given, model.outputNames);
  if (value === null || value === undefined)
    throw new ValueError(
      `${where} is missing: the loss compares predictions with it. Received: ${show(value)}`,
      'ERR_MISSING_DATA',
    );
  const output = outputFor(model, x);
  const width = compilation.labelWidth(output);
  const sampleShape = output.length ? [...output.slice(0, -1), width] : [];
  const y = toTensor(where, value, {
    sampleShape,
    rank: sampleShape.length + 1,
    name: `output '${model.outputNames[0]}'`,
    hint: labelHint(compilation, output),
  });
  checkLabels(where, y, compilation.loss, output.at(-1) ?? 1);
  if (compilation.loss) {
    checkProbabilities(where, y, compilation.loss);
    const wrong = unreachable(where, y, compilation.loss, () => model.engine().program.final?.activation ?? null);
    if (wrong) compilation.warnOnce('labels', `Model '${model.name}': ${wrong}`);
  }
  return y;
}

function labelHint(compilation: Compilation, output: Shape): string | undefined {
  if (compilation.loss?.sparse)
    return "This loss takes class numbers, one for each vector of predictions; for one-hot labels use 'categorical_crossentropy'.";
  if (compilation.loss?.logitsFrom === 'softmax' && !compilation.loss.sparse)
    return `This loss takes one-hot labels of width ${output.at(-1)}; for class numbers use 'sparse_categorical_crossentropy'.`;
  return undefined;
}

/** The shape of an output sample for these inputs. */
function outputFor(model: Model, x: Tensor): Shape {
  const { outputShape } = model.shapes();
  return outputShape.includes(null) ? model.engine().outputShape(x.shape.slice(1)) : outputShape;
}

/** Sample weights: one a sample, or one for each step of the output. */
export function readWeights(model: Model, compilation: Compilation, where: string, given: unknown, x: Tensor): Tensor | null {
  const value = single(where, given, model.outputNames);
  if (value === null || value === undefined) return null;
  const items = outputFor(model, x).slice(0, -1);
  const w = toTensor(where, value, { sampleShape: undefined });
  const temporal = compilation.sampleWeightMode === 'temporal';
  if (temporal && items.length < 1)
    throw new ValueError(`${where}: sampleWeightMode 'temporal' needs an output with steps, [samples, steps, ...].`, 'ERR_SHAPE');
  if (temporal && w.shape.length !== 2)
    throw new ValueError(
      `${where}: with sampleWeightMode 'temporal' weights are [samples, steps]. Received shape [${w.shape}].`,
      'ERR_SHAPE',
    );
  const shape = w.shape.length > 1 && w.shape.at(-1) === 1 && w.shape.length > items.length + 1 ? w.shape.slice(0, -1) : w.shape;
  const perSample = shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  const steps = shape.slice(1);
  const perStep = steps.length <= items.length && steps.length > 0 && steps.every((d, i) => d === items[i]);
  if (!perSample && !perStep)
    throw new ValueError(
      `${where} must be one number a sample, [${x.shape[0]}]${items.length ? `, or one a step, [${x.shape[0]}, ${items[0]}]` : ''}. Received shape [${w.shape}].`,
      'ERR_SHAPE',
    );
  return { data: w.data, shape: perSample ? [shape[0]] : [...shape] };
}

/** Everything together: sizes must agree. Where something does not fit, the model is as it was. */
export function readSamples(
  model: Model,
  compilation: Compilation,
  where: string,
  x: unknown,
  y: unknown,
  weights: unknown,
  needsY = true,
  first = true,
): Samples {
  return model.tentatively(() => {
    const [nx, ny, nw] = where ? [`${where}: x`, `${where}: y`, `${where}: sampleWeight`] : ['x', 'y', 'sampleWeight'];
    const tx = xFor(model, nx, x);
    model.settleWidth(outputFor(model, tx).at(-1) ?? 1, first);
    const ty = needsY || (y !== null && y !== undefined) ? readY(model, compilation, ny, y, tx) : null;
    const tw = readWeights(model, compilation, nw, weights, tx);
    const count = tx.shape[0];
    const classes = outputFor(model, tx).at(-1) ?? 1;
    if (ty && compilation.loss?.sparse && classes > 1 && ty.shape[0] === count * classes)
      throw new ValueError(
        `${ny} has ${classes} numbers for each of the ${count} samples, as one-hot labels have. This loss takes class numbers; for one-hot labels use 'categorical_crossentropy'.`,
        'ERR_LENGTHS',
      );
    if ((ty && ty.shape[0] !== count) || (tw && tw.shape[0] !== count))
      throw new ValueError(
        `${where ? `${where}: ` : ''}x, y and sampleWeight must have the same number of samples. Received: x ${count}${ty ? `, y ${ty.shape[0]}` : ''}${tw ? `, sampleWeight ${tw.shape[0]}` : ''}.`,
        'ERR_LENGTHS',
      );
    return { x: tx, y: ty, weights: tw, count };
  });
}

export interface ClassWeights {
  classes: number[];
  weights: number[];
}

/** `{ 0: 1, 1: 5 }`: keys are classes, values finite numbers of at least 0. */
export function readClassWeight(given: unknown): ClassWeights | null {
  if (given === null || given === undefined) return null;
  if (given === 'balanced')
    throw new ValueError(
      "classWeight: 'balanced' counts all labels of a training, so that it goes with the arrays of fit only. Give an object such as { 0: 1, 1: 5 }.",
      'ERR_CLASS_WEIGHT',
    );
  const entries = given instanceof Map ? [...given] : isPlain(given) ? Object.entries(given) : null;
  if (!entries) throw typeError(`classWeight must be an object such as { 0: 1, 1: 5 }, or 'balanced'. Received: ${show(given)}`);
  const out: ClassWeights = { classes: [], weights: [] };
  for (const [key, weight] of entries) {
    const c = Number(key);
    if (!Number.isInteger(c) || (typeof key === 'string' && key.trim() === ''))
      throw new ValueError(`classWeight: the keys are classes, whole numbers. Received key: ${show(key)}`, 'ERR_CLASS_WEIGHT');
    if (typeof weight !== 'number')
      throw typeError(`classWeight: the weight of class ${key} must be a number. Received: ${show(weight)}`);
    if (!Number.isFinite(weight) || weight < 0)
      throw new ValueError(
        `classWeight: the weight of class ${key} must be finite and at least 0. Received: ${weight}`,
        'ERR_CLASS_WEIGHT',
      );
    out.classes.push(c);
    out.weights.push(weight);
  }
  return out;
}

/** Stateful layers carry the state of each row of a batch to the same row of the next, so all batches must have the same rows. */
export function checkStateful(model: Model, count: number, batch: number): void {
  if (count % batch === 0 || !model.layers.some(isStateful)) return;
  throw new ValueError(
    `Model '${model.name}' has a stateful layer, so that batches must all have the same number of samples. Received: ${count} samples in batches of ${batch}. Choose a batchSize that divides them.`,
    'ERR_STATEFUL',
  );
}

/** Validation goes on from the states of training, and training from those of validation. */
export function checkValidates(model: Model, batch: number, validation: number): void {
  if (batch === validation || !model.layers.some(isStateful)) return;
  throw new ValueError(
    `fit: model '${model.name}' has a stateful layer, so that it must validate in batches as it trains in. Received: batches of ${validation} to validate on, of ${batch} to train on. Choose a batchSize that divides both.`,
    'ERR_STATEFUL',
  );
}

export { isDataset, outputFor };
