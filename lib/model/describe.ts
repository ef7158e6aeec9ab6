import type { ModelDescription } from '../terminal/summary.js';
import type { Model } from './model.js';
import { countSlots } from './optimizer_state.js';

/** What `summary` tells of a model. */
export function describe(model: Model): ModelDescription {
  const sizeOf = (weights: Model['weights']) => weights.reduce((n, w) => n + w.variable.size, 0);
  const compilation = model.compilationOrNull;
  return {
    name: model.name,
    layers: model.layers.map((l) => ({
      name: l.name as string,
      className: l.className,
      outputShape: l.builtFor ? [null, ...l.outputShapeOf(l.builtFor)] : null,
      params: l.builtFor ? l.countParams() : null,
    })),
    trainable: sizeOf(model.trainableWeights),
    nonTrainable: sizeOf(model.nonTrainableWeights),
    optimizerParams: compilation ? countSlots(compilation.optimizer) : 0,
  };
}
