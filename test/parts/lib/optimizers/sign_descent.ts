import { Optimizer } from '../../../../lib/optimizers/optimizer.js';
import type { OptimizerOptions } from '../../../../lib/optimizers/options.js';
import type { Config } from '../../../../lib/registry.js';

/** Steps of one size for all weights. */
export class SignDescent extends Optimizer {
  static override readonly className = 'SignDescent';
  constructor(options: OptimizerOptions = {}) {
    super(Optimizer.read('SignDescent', options, {}), 0.01);
  }
  override spec() {
    return { optimizer: 'signDescent' };
  }
  override slotNames(): string[] {
    return [];
  }
  protected override config(): Config {
    return {};
  }
}

export const signDescentOptimizers = { SignDescent };
