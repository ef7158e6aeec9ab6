import type { Layer } from '../layers/layer.js';
import { trainingWeights, withInner } from '../layers/stack.js';
import type { LayerStack } from './layer_stack.js';

/** Where a training will not do what one may think. @param noted the layers that trained at `compile`, where they were noted */
export function trainingWarnings(model: LayerStack, noted: ReadonlySet<Layer> | null): { code: string; message: string }[] {
  const out: { code: string; message: string }[] = [];
  const now = model.trainingLayers();
  const training = noted ?? now;
  const { weights } = model;
  const holders = new Set(weights.flatMap((w) => [w.layer, w.within]));
  const holds = (l: Layer) => l.weights.length > 0 || holders.has(l);
  const changed = withInner(model.layers).find((l) => holds(l) && training.has(l) !== now.has(l));
  if (changed)
    out.push({
      code: 'GEMMFIT_TRAINABLE_CHANGED',
      message: `Model '${model.name}': 'trainable' was changed after compile, which reads it: ${changed.label} ${training.has(changed) ? 'still trains' : 'is still frozen'}. Compile again where that is not what you mean.`,
    });
  if (trainingWeights(weights, training).length === 0)
    out.push({
      code: 'GEMMFIT_NOTHING_TO_TRAIN',
      message: `Model '${model.name}' has no weights to train: ${weights.length ? "set 'trainable' to true and compile again" : 'none of its layers has any'}. Training only computes the results.`,
    });
  return out;
}
