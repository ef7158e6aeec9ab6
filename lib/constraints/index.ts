import { tableOf } from '../table.js';
import * as lists from './all.js';
import { Constraint } from './constraint.js';
import { constraintRegistry } from './registry.js';

export { Constraint } from './constraint.js';
export { constraintRegistry } from './registry.js';

constraintRegistry.fill(lists);

/**
 * Classes and factories of all constraints: `constraints.maxNorm({ maxValue: 3 })` is `new constraints.MaxNorm({ maxValue: 3 })`.
 * @example layers.dense({ units: 8, kernelConstraint: constraints.maxNorm({ maxValue: 3 }) })
 */
export const constraints = tableOf(lists, { Constraint });
