import { checkNumber, readOptions } from '../../../../lib/options.js';
import type { Config } from '../../../../lib/registry.js';
import { Regularizer } from '../../../../lib/regularizers/regularizer.js';

/** `factor * sum(w^4)` */
export class L4 extends Regularizer {
  static override readonly className = 'L4';
  readonly factor: number;
  constructor(options: { factor?: number } = {}) {
    super();
    this.factor = checkNumber('L4', 'factor', readOptions('L4', options, { factor: 0.01 }).factor, { min: 0 });
  }
  override getConfig(): Config {
    return { factor: this.factor };
  }
  override spec() {
    return { regularizer: 'l4', factor: this.factor };
  }
}

export const l4Regularizers = { L4 };
