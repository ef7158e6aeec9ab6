import type { SpecValue } from './engine/spec.js';
import { checkNumber, checkOneOf, readOptions } from './options.js';
import { type Config, type Part, partToJSON, Registry } from './registry.js';

/**
 * A penalty on the size of a weight, added to the loss once a batch. It is computed by the engine: a subclass names one of its kinds
 * in `spec()`.
 * @example const isRegularizer = regularizers.l2() instanceof regularizers.Regularizer; // true
 */
export abstract class Regularizer implements Part {
  static readonly className: string = 'Regularizer';
  /** For the compiler alone, which would take a constraint for one. */
  declare protected readonly part: 'regularizer';
  abstract getConfig(): Config;
  /** How the engine is told of it: native/kernels/regularizers.h. */
  abstract spec(): { [key: string]: SpecValue };

  toJSON(): { className: string; config: Config } {
    return partToJSON(this);
  }
}

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
  getConfig(): Config {
    return { l1: this.l1, l2: this.l2 };
  }
  spec() {
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
  getConfig(): Config {
    return { l1: this.l1 };
  }
  spec() {
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
  getConfig(): Config {
    return { l2: this.l2 };
  }
  spec() {
    return { regularizer: 'l1l2', l1: 0, l2: this.l2 };
  }
}

export interface OrthogonalRegularizerOptions {
  /** Factor of the mean absolute cosine between rows (or columns), 0 or above. Default 0.01. */
  factor?: number;
  /** What shall be orthogonal to each other: the weight's rows (default) or its columns. */
  mode?: 'rows' | 'columns';
}

/**
 * Draws the rows or columns of a matrix towards being orthogonal. Only for weights of two axes.
 * @example layers.dense({ units: 8, kernelRegularizer: regularizers.orthogonalRegularizer({ factor: 0.01, mode: 'columns' }) })
 */
export class OrthogonalRegularizer extends Regularizer {
  static override readonly className = 'OrthogonalRegularizer';
  readonly factor: number;
  readonly mode: 'rows' | 'columns';
  constructor(options: OrthogonalRegularizerOptions = {}) {
    super();
    const o = readOptions('OrthogonalRegularizer', options, { factor: 0.01, mode: 'rows' });
    this.factor = checkNumber('OrthogonalRegularizer', 'factor', o.factor, { min: 0 });
    this.mode = checkOneOf('OrthogonalRegularizer', 'mode', o.mode, ['rows', 'columns'] as const);
  }
  getConfig(): Config {
    return { factor: this.factor, mode: this.mode };
  }
  spec() {
    return { regularizer: 'orthogonal', factor: this.factor, mode: this.mode };
  }
}

class RegularizerRegistry extends Registry<Regularizer> {
  override resolve(id: unknown, where = this.kind): Regularizer {
    // As a bare name it would be a regularizer without any effect: Keras 2 took it for a hundredth of each.
    if (typeof id === 'string' && this.find(id) === L1L2) return new L1L2({ l1: 0.01, l2: 0.01 });
    return super.resolve(id, where);
  }
}

/** Every regularizer by its names: 'l1', 'l2', 'l1_l2', 'L2', 'orthogonal_regularizer', ... */
export const regularizerRegistry = new RegularizerRegistry('regularizer', 'keras.regularizers', Regularizer, [
  L1,
  L2,
  L1L2,
  OrthogonalRegularizer,
]);

/**
 * Classes and factories of all regularizers: `regularizers.l2({ l2: 1e-4 })` is `new regularizers.L2({ l2: 1e-4 })`.
 * @example layers.dense({ units: 8, kernelRegularizer: regularizers.l2({ l2: 1e-4 }) })
 */
export const regularizers = {
  Regularizer,
  L1,
  L2,
  L1L2,
  OrthogonalRegularizer,
  l1: (options?: { l1?: number }) => new L1(options),
  l2: (options?: { l2?: number }) => new L2(options),
  l1L2: (options?: L1L2Options) => new L1L2(options),
  l1l2: (options?: L1L2Options) => new L1L2(options),
  orthogonalRegularizer: (options?: OrthogonalRegularizerOptions) => new OrthogonalRegularizer(options),
};
