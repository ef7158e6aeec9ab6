import type { Tensor } from '../data/convert.js';
import { ValueError } from '../errors.js';
import type { Shape } from '../layers/layer.js';
import type { Compilation } from '../model/compilation.js';
import type { Model } from '../model/model.js';
import { givenX, readWeights, readX, readY, sampleShapeOf } from './read_arrays.js';
import type { Samples } from './samples.js';

/** Data as users give them: arrays, or x is a dataset. */
export interface Data {
  x: unknown;
  y?: unknown;
  weights?: unknown;
}

/** What the data are for. */
export interface Admission {
  /** How the model is compiled; null where x alone counts: to predict. */
  compilation: Compilation | null;
  /** Whether there must be labels. */
  needsY: boolean;
  /** Whether nothing has been summed up yet, so that loss and metrics may be chosen for the width that these data bring. Default true. */
  first?: boolean;
}

/** The shape of an output sample for these inputs. */
export function outputFor(model: Model, x: Tensor): Shape {
  const { outputShape } = model.shapes();
  return outputShape.includes(null) ? model.engine().outputShape(x.shape.slice(1)) : outputShape;
}

/**
 * Data come to the model: the one place where they change it. One that is not built is built for them; where only data tell the output's width,
 * loss and metrics are chosen for it. Where something does not fit, the model is as it was.
 * @param where what stands before the names of the arguments in messages; '' where they are the call's own
 */
export function admit(model: Model, where: string, data: Data, { compilation, needsY, first = true }: Admission): Samples {
  const name = (argument: string) => (where ? `${where}: ${argument}` : argument);
  return model.tentatively(() => {
    // A batch without labels is x: its number says where it is.
    const nameOfX = compilation || !where ? name('x') : where;
    const given = givenX(model, nameOfX, data.x);
    if (!model.built) model.buildFor(sampleShapeOf(model, nameOfX, given));
    const x = readX(model, nameOfX, given);
    const count = x.shape[0];
    if (!compilation) return { x, y: null, weights: null, count };
    const output = outputFor(model, x);
    model.chooseWidth(output.at(-1) ?? 1, first);
    const has = data.y !== null && data.y !== undefined;
    const y = needsY || has ? readY(model, compilation, name('y'), data.y, output) : null;
    const weights = readWeights(model, compilation, name('sampleWeight'), data.weights, output, count);
    const samples = { x, y, weights, count, ...(compilation.ignoresMissing && { missing: true }) };
    checkCounts(where, samples, compilation, output.at(-1) ?? 1);
    return samples;
  });
}

function checkCounts(where: string, { y, weights, count }: Samples, compilation: Compilation, classes: number): void {
  const before = where ? `${where}: ` : '';
  if (y && compilation.loss?.sparse && classes > 1 && y.shape[0] === count * classes)
    throw new ValueError(
      `${before}y has ${classes} numbers for each of the ${count} samples, as one-hot labels have. This loss takes class numbers; for one-hot labels use 'categorical_crossentropy'.`,
      'ERR_LENGTHS',
    );
  if ((y && y.shape[0] !== count) || (weights && weights.shape[0] !== count))
    throw new ValueError(
      `${before}x, y and sampleWeight must have the same number of samples. Received: x ${count}${y ? `, y ${y.shape[0]}` : ''}${weights ? `, sampleWeight ${weights.shape[0]}` : ''}.`,
      'ERR_LENGTHS',
    );
}
