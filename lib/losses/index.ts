import { tableOf } from '../table.js';
import * as lists from './all.js';
import { Loss } from './loss.js';
import { lossRegistry } from './registry.js';

export { CustomLoss, type CustomLossFunctions, isCustomLoss } from './custom.js';
export { Loss, type LossOptions, type LossSpec, type Reduction } from './loss.js';
export { lossRegistry } from './registry.js';

lossRegistry.fill(lists);

/**
 * The table of losses: `losses.Huber`, `losses.huber({ delta: 2 })`.
 * @example
 * model.compile({ optimizer: 'adam', loss: losses.huber({ delta: 2 }) });
 * model.compile({ optimizer: 'adam', loss: 'huber' }); // with its defaults
 */
export const losses = tableOf(lists, { Loss });
