import { Constraint } from '../../../../lib/constraints/constraint.js';
import { checkNumber, readOptions } from '../../../../lib/options.js';
import type { Config } from '../../../../lib/registry.js';

/** Sets weights above `limit` to it. */
export class Below extends Constraint {
  static override readonly className = 'Below';
  readonly limit: number;
  constructor(options: { limit?: number } = {}) {
    super();
    this.limit = checkNumber('Below', 'limit', readOptions('Below', options, { limit: 1 }).limit);
  }
  override getConfig(): Config {
    return { limit: this.limit };
  }
  override spec() {
    return { constraint: 'below', limit: this.limit };
  }
}

export const belowConstraints = { Below };
