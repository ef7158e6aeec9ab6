import { checkNumber, readOptions } from '../options.js';
import type { Config } from '../registry.js';
import { Regularizer } from './regularizer.js';

export interface L1L2Options {
  /** Factor of the sum of absolute values, 0 or above. */
  l1?: number | null;
  /** Factor of the sum of squares (without a half), 0 or above. */
  l2?: number | null;
}

/**
 * `l1 * sum(|w|) + l2 * sum(w^2)`. Both factors are 0 unless given; the name 'l1_l2' stands for 0.01 each.
 * @example layers.dense({ units: 8, kernelRegularizer: regularizers.l1L2({ l1: 1e-5, l2: 1e-4 }) })
 */
export class L1L2 extends Regularizer {
  static override readonly className: string = 'L1L2';
  static readonly aliases: readonly string[] = ['l1_l2'];
  readonly l1: number;
  readonly l2: number;
  constructor(options: L1L2Options = {}) {
    super();
    const o = readOptions('L1L2', options, { l1: 0 as unknown, l2: 0 as unknown });
    this.l1 = checkNumber('L1L2', 'l1', o.l1 ?? 0, { min: 0 });
    this.l2 = checkNumber('L1L2', 'l2', o.l2 ?? 0, { min: 0 });
  }
  override getConfig(): Config {
    return { l1: this.l1, l2: this.l2 };
  }
  override spec() {
    return { regularizer: 'l1l2', l1: this.l1, l2: this.l2 };
  }
}

/**
 * `l1 * sum(|w|)`; `l1` is 0.01 unless given.
 * @example layers.dense({ units: 8, kernelRegularizer: regularizers.l1({ l1: 1e-4 }) })
 */
export class L1 extends Regularizer {
  static override readonly className = 'L1';
  readonly l1: number;
  constructor(options: { l1?: number | null } = {}) {
    super();
    this.l1 = checkNumber('L1', 'l1', readOptions('L1', options, { l1: 0.01 as unknown }).l1 ?? 0.01, { min: 0 });
  }
  override getConfig(): Config {
    return { l1: this.l1 };
  }
  override spec() {
    return { regularizer: 'l1l2', l1: this.l1, l2: 0 };
  }
}

/**
 * `l2 * sum(w^2)`, without a half; `l2` is 0.01 unless given.
 * @example layers.dense({ units: 8, kernelRegularizer: regularizers.l2({ l2: 1e-4 }) })
 */
export class L2 extends Regularizer {
  static override readonly className = 'L2';
  readonly l2: number;
  constructor(options: { l2?: number | null } = {}) {
    super();
    this.l2 = checkNumber('L2', 'l2', readOptions('L2', options, { l2: 0.01 as unknown }).l2 ?? 0.01, { min: 0 });
  }
  override getConfig(): Config {
    return { l2: this.l2 };
  }
  override spec() {
    return { regularizer: 'l1l2', l1: 0, l2: this.l2 };
  }
}

export const l1l2Regularizers = { L1, L2, L1L2 };
