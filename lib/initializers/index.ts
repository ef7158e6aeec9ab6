import { factory, tableOf } from '../table.js';
import * as lists from './all.js';
import { Initializer } from './initializer.js';
import { initializerRegistry } from './registry.js';
import { LecunNormal, LecunUniform } from './variance_scaling.js';

export { Initializer, type SeedOptions } from './initializer.js';
export { type InitializerFunction, type InitializerLike, initializerRegistry } from './registry.js';
export { computeFans, type FanOptions, type VarianceScalingOptions } from './variance_scaling.js';

initializerRegistry.fill(lists);

/**
 * Classes and factories of all initializers: `initializers.heNormal({ seed: 1 })` is `new initializers.HeNormal({ seed: 1 })`.
 * @example
 * layers.dense({ units: 8, kernelInitializer: initializers.heNormal({ seed: 1 }), biasInitializer: 'ones' });
 * layers.dense({ units: 8, kernelInitializer: ([rows = 1, columns = 1]: readonly number[]) => new Float32Array(rows * columns).fill(0.1) });
 */
export const initializers = tableOf(lists, {
  Initializer,
  leCunNormal: factory(LecunNormal),
  leCunUniform: factory(LecunUniform),
});
