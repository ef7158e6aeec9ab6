import { factory, tableOf } from '../table.js';
import { LeakyReLU, ReLU } from './activation.js';
import * as lists from './all.js';
import { callByItself } from './by_itself.js';
import { InputLayer } from './core.js';
import { computing, Layer } from './layer.js';
import { PReLU } from './prelu.js';
import { layerRegistry } from './registry.js';

export { Layer } from './layer.js';
export { layerRegistry } from './registry.js';

layerRegistry.fill(lists);
computing.now = callByItself;

/**
 * Layers: classes under Keras's names, and a factory of each in camelCase.
 * @example
 * const factory = layers.conv2D({ filters: 8, kernelSize: 3 }); // or conv2d
 * const instance = new layers.Conv2D({ filters: 8, kernelSize: 3 });
 */
export const layers = tableOf(lists, { Layer, relu: factory(ReLU), prelu: factory(PReLU), leakyrelu: factory(LeakyReLU) });

/**
 * What a model takes: the shape of one sample, a name, and optionally the data set that `fit` reads when x and y are null.
 * @example const model = sequential([input({ shape: [28, 28, 1], name: 'image' }), layers.flatten(), layers.dense({ units: 10 })]);
 */
export const input = (options: ConstructorParameters<typeof InputLayer>[0]): InputLayer => new InputLayer(options);
