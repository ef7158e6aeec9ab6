import { factory, tableOf } from '../table.js';
import { AdamW } from './adam.js';
import { RMSprop } from './adaptive.js';
import * as lists from './all.js';
import { Optimizer } from './optimizer.js';
import { optimizerRegistry } from './registry.js';

export { type CommonSpec, Optimizer } from './optimizer.js';
export type { LearningRate, OptimizerOptions } from './options.js';
export { optimizerRegistry } from './registry.js';

optimizerRegistry.fill(lists);

/**
 * Classes and factories of all optimizers: `optimizers.adam({ learningRate: 1e-3 })` is `new optimizers.Adam({ learningRate: 1e-3 })`.
 * @example
 * model.compile({ optimizer: optimizers.adam({ learningRate: 3e-4, clipnorm: 1 }), loss: 'mse' });
 * model.compile({ optimizer: 'adam', loss: 'mse' }); // with its defaults
 */
export const optimizers = tableOf(lists, { Optimizer, adamw: factory(AdamW), rmsProp: factory(RMSprop) });
