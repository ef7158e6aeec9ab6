import { factory, tableOf } from '../table.js';
import * as lists from './all.js';
import { L1L2 } from './l1l2.js';
import { regularizerRegistry } from './registry.js';
import { Regularizer } from './regularizer.js';

export { regularizerRegistry } from './registry.js';
export { Regularizer } from './regularizer.js';

regularizerRegistry.fill(lists);

/**
 * Classes and factories of all regularizers: `regularizers.l2({ l2: 1e-4 })` is `new regularizers.L2({ l2: 1e-4 })`.
 * @example layers.dense({ units: 8, kernelRegularizer: regularizers.l2({ l2: 1e-4 }) })
 */
export const regularizers = tableOf(lists, { Regularizer, l1l2: factory(L1L2) });
