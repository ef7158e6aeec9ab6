import { Activation } from '../activations/index.js';
import type { Layer } from '../layers/layer.js';
import { Nested } from '../layers/nested.js';
import type { LayerPicture, ModelPicture } from '../plots/model_plot.js';
import type { ModelDescription } from '../terminal/summary.js';
import type { Model } from './model.js';
import { countSlots } from './optimizer_state.js';

const sizeOf = (weights: Model['weights']): number => weights.reduce((n, w) => n + w.variable.size, 0);
const outputOf = (l: Layer): readonly (number | null)[] | null => (l.builtFor ? l.outputShapeOf(l.builtFor) : null);
const paramsOf = (l: Layer): number | null => (l.builtFor ? l.countParams() : null);

function countsOf(model: Model): Pick<ModelDescription, 'trainable' | 'nonTrainable' | 'optimizerParams'> {
  const compilation = model.compilationOrNull;
  return {
    trainable: sizeOf(model.trainableWeights),
    nonTrainable: sizeOf(model.nonTrainableWeights),
    optimizerParams: compilation ? countSlots(compilation.optimizer) : 0,
  };
}

/** What `summary` tells of a model. */
export function describe(model: Model): ModelDescription {
  return {
    name: model.name,
    layers: model.layers.map((l) => {
      const shape = outputOf(l);
      return { name: l.name as string, className: l.className, outputShape: shape && [null, ...shape], params: paramsOf(l) };
    }),
    ...countsOf(model),
  };
}

/** A layer, and behind a model that is a layer those of that model. */
function pictured(layer: Layer, depth: number): LayerPicture[] {
  const { activation } = layer.getConfig();
  const own: LayerPicture = {
    ...{ name: layer.name as string, className: layer.className, depth, trainable: layer.trainable },
    outputShape: outputOf(layer),
    parameters: paramsOf(layer),
    detail: activation instanceof Activation && activation.name !== 'linear' ? activation.name : '',
  };
  return layer instanceof Nested ? [own, ...layer.layers.flatMap((inner) => pictured(inner, depth + 1))] : [own];
}

/** What a picture tells of a model. */
export function describePicture(model: Model): ModelPicture {
  const { inputShape, name } = model;
  return {
    name,
    inputShape: inputShape?.slice(1) ?? null,
    layers: model.layers.flatMap((l) => pictured(l, 0)),
    ...countsOf(model),
  };
}
