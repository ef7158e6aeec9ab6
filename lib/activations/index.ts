import { factory, tableOf } from '../table.js';
import { Activation } from './activation.js';
import * as lists from './all.js';
import { HardSilu, Silu } from './elementwise.js';
import { activationRegistry } from './registry.js';

export { Activation } from './activation.js';
export { activationConfig } from './config.js';
export { activationRegistry } from './registry.js';

activationRegistry.fill(lists);

/**
 * Every activation function, for options named `activation`: `layers.dense({ units: 8, activation: activations.leakyRelu({ negativeSlope: 0.1 }) })`.
 * Those whose options stay at their defaults can as well be given by name: `'relu'`. See https://keras.io/api/layers/activations/
 * @example
 * layers.dense({ units: 8, activation: activations.leakyRelu({ negativeSlope: 0.1 }) });
 * layers.dense({ units: 8, activation: activations.relu }); // the function itself: with its defaults
 */
export const activations = tableOf(lists, { Activation, hardSwish: factory(HardSilu), swish: factory(Silu) });
