import { readOptions } from '../options.js';
import type { Config, NoOptions } from '../registry.js';
import { Constraint } from './constraint.js';

/**
 * Sets negative weights to 0.
 * @example layers.dense({ units: 8, kernelConstraint: 'non_neg' })
 */
export class NonNeg extends Constraint {
  static override readonly className = 'NonNeg';
  static readonly aliases = ['nonneg'];
  constructor(options: NoOptions = {}) {
    super();
    readOptions('NonNeg', options, {});
  }
  override getConfig(): Config {
    return {};
  }
  override spec() {
    return { constraint: 'nonNeg' };
  }
}

export const nonNegConstraints = { NonNeg };
