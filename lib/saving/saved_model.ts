import { sizeOf } from '../shapes.js';
import type { Tensor } from './tensor.js';

/** Weights of a group as Keras 3 lays them out: by position, groups by the names of attributes. */
export interface SavedGroup {
  /** The layer's name, where the file has it. */
  name: string | null;
  weights: readonly Tensor[];
  group(path: string): SavedGroup | undefined;
  /** Paths of all groups that hold weights, for messages and `byName`. */
  readonly paths: readonly string[];
}

/** The weights of a file, in whichever way it tells them apart. */
export type SavedWeights =
  | { by: 'structure'; root: SavedGroup }
  /** Layer by layer, in the model's order: names of layers and weights. */
  | { by: 'layer'; layers: readonly { name: string; weights: readonly { name: string; tensor: Tensor }[] }[] }
  /** By paths such as `lstm/cell/kernel`. */
  | { by: 'path'; tensors: ReadonlyMap<string, Tensor> }
  /** In TensorFlow.js's order and by its names: of the innermost model's layer, then the weight's own. */
  | { by: 'prefix'; tensors: readonly (readonly [name: string, tensor: Tensor])[] }
  /** In the order of `getWeights`. */
  | { by: 'order'; tensors: readonly Tensor[] };

/** What an optimizer kept: all of it, in the order in which that Keras lists it. */
export interface SavedOptimizer {
  tensors: readonly Tensor[];
  /** Keras 3 has the learning rate behind the counter. */
  hasRate: boolean;
  /** Slot by slot instead of weight by weight: Keras before 2.11. */
  bySlot: boolean;
}

/** A file's contents before a model is made of them. */
export interface SavedModel {
  /** JSON of the architecture, as `modelFromJSON` takes it; null in files of weights. */
  config: object | null;
  /** How it was compiled, where that is not in `config`. */
  compileConfig: Record<string, unknown> | null;
  weights: SavedWeights | null;
  optimizer: SavedOptimizer | null;
  /** Members of an archive, by name: those of vocabularies are among them. */
  vocabularies?: ReadonlyMap<string, Uint8Array>;
}

/** Bytes of the weights of a file as a model holds them, in float32. */
export function bytesOf(weights: SavedWeights): number {
  const bytes = (tensors: Iterable<Tensor>): number => {
    let sum = 0;
    for (const { shape } of tensors) sum += 4 * sizeOf(shape);
    return sum;
  };
  switch (weights.by) {
    case 'structure':
      return weights.root.paths.reduce((sum, path) => sum + bytes(weights.root.group(path)?.weights ?? []), 0);
    case 'layer':
      return weights.layers.reduce((sum, layer) => sum + bytes(layer.weights.map((w) => w.tensor)), 0);
    case 'path':
      return bytes(weights.tensors.values());
    case 'prefix':
      return bytes(weights.tensors.map(([, tensor]) => tensor));
    case 'order':
      return bytes(weights.tensors);
  }
}
