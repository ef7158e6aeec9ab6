import type { Layer, Weight } from './layer.js';
import type { Shape } from './shape.js';

/** Layers with those inside them, at any depth. */
export const withInner = (layers: readonly Layer[]): Layer[] => layers.flatMap((l) => [l, ...withInner(l.sublayers)]);

/** The shape that comes out of layers that take each other's output. */
export const shapeThrough = (layers: readonly Layer[], input: Shape): Shape => layers.reduce((s, l) => l.outputShapeOf(s), input);

/** How to make layers, and those inside them, what they are now. */
export function savePlaces(layers: readonly Layer[]): () => void {
  const undo = withInner(layers).map((l) => l.saveBuild());
  return () => {
    for (const back of undo) back();
  };
}

/** Builds layers that take each other's output, and gives the shape of the last one's. Where one does not fit, all are as they were. */
export function buildStack(layers: readonly Layer[], input: Shape): Shape {
  const undo = savePlaces(layers);
  try {
    let shape = input;
    for (const layer of layers) {
      layer.buildFor(shape);
      shape = layer.outputShapeOf(shape);
    }
    return shape;
  } catch (error) {
    undo();
    throw error;
  }
}

/** The layers whose weights train: neither they are frozen nor what they stand in within this stack. */
export function trainingLayers(layers: readonly Layer[], trainable: boolean): Set<Layer> {
  if (!trainable) return new Set();
  return new Set(layers.flatMap((l) => (l.trainable ? [l, ...trainingLayers(l.sublayers, true)] : [])));
}

export const trainingWeights = (weights: readonly Weight[], training: ReadonlySet<Layer>): Weight[] =>
  weights.filter((w) => w.learned && training.has(w.layer) && training.has(w.within));
