import type { Sequential } from '../sequential.js';

/** What machines are told of a model. */
export function modelFacts(model: Sequential): object {
  const sizeOf = (weights: Sequential['weights']) => weights.reduce((n, w) => n + w.shape.reduce((a, b) => a * b, 1), 0);
  return {
    name: model.name,
    inputShape: model.inputShape,
    outputShape: model.outputShape,
    layers: model.layers.map((layer) => ({
      name: layer.name,
      className: layer.className,
      outputShape: layer.builtFor ? [null, ...layer.outputShapeOf(layer.builtFor)] : null,
      parameters: layer.countParams(),
      trainable: layer.trainable,
    })),
    parameters: model.countParams(),
    trainable: sizeOf(model.trainableWeights),
    compiled: model.compiled,
    metrics: model.compiled ? model.metricsNames : null,
  };
}

/** Files that hold weights alone. */
export const isWeightsFile = (path: string): boolean => /\.(weights\.h5|safetensors|npz)$/i.test(path);
