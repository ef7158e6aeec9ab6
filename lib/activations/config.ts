import { type Config, classNameOf } from '../registry.js';
import type { Activation } from './activation.js';
import { Softmax } from './along_axis.js';
import { Elu, LeakyRelu, Relu } from './elementwise.js';

/** Functions that Keras has as layers too: such a layer in an activation's place is how it writes options of their own. */
const layerForms: readonly (readonly [unknown, string])[] = [
  [LeakyRelu, 'LeakyReLU'],
  [Relu, 'ReLU'],
  [Elu, 'ELU'],
  [Softmax, 'Softmax'],
];

/**
 * How a config names an activation: by its name where its options are at their defaults, else as the layer that Keras has for it. Where it has none,
 * as `{ module, class_name, config }` of the function, which only this package reads.
 */
export function activationConfig(part: Activation): string | { module: string; class_name: string; config: Config } {
  const own = part.getConfig();
  if (Object.keys(own).length === 0) return part.name;
  const layer = layerForms.find(([c]) => c === part.constructor)?.[1];
  const { options } = part;
  // Keras's layers refuse numbers below 0, which its functions take.
  const refused = layer?.endsWith('ReLU') && Object.values(options).some((v) => (v as number) < 0);
  if (layer && !refused) return { module: 'keras.layers', class_name: layer, config: options };
  return { module: 'keras.activations', class_name: classNameOf(part), config: own };
}
