import { single } from '../data/containers.js';
import { type Tensor, toTensor } from '../data/convert.js';
import { checkProbabilities, unreachable } from '../data/label_values.js';
import { checkIds, checkLabels } from '../data/labels.js';
import { show, ValueError } from '../errors.js';
import type { Shape } from '../layers/layer.js';
import { firstLayer } from '../layers/nested.js';
import type { Compilation } from '../model/compilation.js';
import { sampleOfFront, throughFront } from '../model/front_data.js';
import type { Model } from '../model/model.js';

// Arguments as arrays of the model's types and shapes. Nothing here changes the model: `admit.ts` does where it must.

/** x as users give it: an array, or what stands in a container around it. ValueError where there is none. */
export function givenX(model: Model, where: string, given: unknown): unknown {
  const [front] = model.front;
  // A list of one text is data.
  const isData = front?.takesDictionary || (front && Array.isArray(given));
  const value = isData ? given : single(where, given, model.inputNames);
  if (value === null || value === undefined)
    throw new ValueError(
      `${where} is missing: give an array [samples, ...], or a dataset. Received: ${show(value)}`,
      'ERR_MISSING_DATA',
    );
  return value;
}

/** The shape of a sample of x where no model asks for one. A bare typed array or list of numbers is a column. */
export function sampleShapeOf(model: Model, where: string, value: unknown): Shape {
  if (model.front.length) return sampleOfFront(model, where, value);
  const { shape } = toTensor(where, value, {});
  return shape.length > 1 ? shape.slice(1) : [1];
}

/** x as the model takes it, which is built. */
export function readX(model: Model, where: string, value: unknown): Tensor {
  if (model.front.length) return throughFront(model, where, value);
  const { inputShape } = model.shapes();
  const x = toTensor(where, value, {
    sampleShape: inputShape,
    rank: inputShape.length + 1,
    name: `input '${model.inputNames[0]}'`,
  });
  checkIds(where, x, firstLayer(model.layers));
  return x;
}

/** y as the loss takes it, for outputs of this shape. */
export function readY(model: Model, compilation: Compilation, where: string, given: unknown, output: Shape): Tensor {
  const value = single(where, given, model.outputNames);
  if (value === null || value === undefined)
    throw new ValueError(
      `${where} is missing: the loss compares predictions with it. Received: ${show(value)}`,
      'ERR_MISSING_DATA',
    );
  const width = compilation.labelWidth(output);
  const sampleShape = output.length ? [...output.slice(0, -1), width] : [];
  const y = toTensor(where, value, {
    sampleShape,
    rank: sampleShape.length + 1,
    name: `output '${model.outputNames[0]}'`,
    hint: labelHint(compilation, output),
  });
  const there = compilation.ignoresMissing ? presentOf(y) : y;
  if (!there) return y;
  checkLabels(where, there, compilation.loss, output.at(-1) ?? 1);
  if (compilation.loss) {
    checkProbabilities(where, there, compilation.loss);
    const wrong = unreachable(where, there, compilation.loss, () => model.engine().program.final?.activation ?? null);
    if (wrong) compilation.warnOnce('labels', `Model '${model.name}': ${wrong}`);
  }
  return y;
}

/** Labels to be checked, with one that is there in the place of each that is missing; null where all are. */
function presentOf(y: Tensor): Tensor | null {
  if (!(y.data instanceof Float32Array || y.data instanceof Float64Array)) return y;
  const first = y.data.find((v) => !Number.isNaN(v));
  return first === undefined ? null : { ...y, data: y.data.map((v) => (Number.isNaN(v) ? first : v)) };
}

function labelHint(compilation: Compilation, output: Shape): string | undefined {
  if (compilation.loss?.sparse)
    return "This loss takes class numbers, one for each vector of predictions; for one-hot labels use 'categorical_crossentropy'.";
  if (compilation.loss?.logitsFrom === 'softmax' && !compilation.loss.sparse)
    return `This loss takes one-hot labels of width ${output.at(-1)}; for class numbers use 'sparse_categorical_crossentropy'.`;
  return undefined;
}

/** Sample weights: one a sample, or one for each step of the output. */
export function readWeights(
  model: Model,
  compilation: Compilation,
  where: string,
  given: unknown,
  output: Shape,
  count: number,
): Tensor | null {
  const value = single(where, given, model.outputNames);
  if (value === null || value === undefined) return null;
  const items = output.slice(0, -1);
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
      `${where} must be one number a sample, [${count}]${items.length ? `, or one a step, [${count}, ${items[0]}]` : ''}. Received shape [${w.shape}].`,
      'ERR_SHAPE',
    );
  return { data: w.data, shape: perSample ? [shape[0]] : [...shape] };
}
