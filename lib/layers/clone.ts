import type { Config, PartClass } from '../registry.js';
import { Layer } from './layer.js';
import { allowRenumbering, hasAutomaticName } from './names.js';
import { Nested, type Stack } from './nested.js';

/**
 * A layer with the same options and weights of its own. Layers inside are copied too; parts such as initializers, which keep nothing, are shared.
 * @param cloneStack copies a model that is a layer
 */
export function cloneLayer(layer: Layer, cloneStack: (model: Stack) => Stack): Layer {
  const copy = layer instanceof Nested ? new Nested(cloneStack(layer.stack)) : fromConfig(layer, cloneStack);
  copy.name = layer.name;
  if (hasAutomaticName(layer)) allowRenumbering(copy);
  return copy;
}

function fromConfig(layer: Layer, cloneStack: (model: Stack) => Stack): Layer {
  const copyOf = (value: unknown): unknown => {
    if (value instanceof Layer) return cloneLayer(value, cloneStack);
    return Array.isArray(value) ? value.map(copyOf) : value;
  };
  const config: Config = Object.fromEntries(Object.entries(layer.getConfig()).map(([key, value]) => [key, copyOf(value)]));
  const Same = layer.constructor as unknown as PartClass<Layer>;
  return Same.fromConfig ? Same.fromConfig(config) : new Same(config);
}
