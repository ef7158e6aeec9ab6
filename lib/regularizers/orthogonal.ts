import { checkNumber, checkOneOf, readOptions } from '../options.js';
import type { Config } from '../registry.js';
import { Regularizer } from './regularizer.js';

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
  override getConfig(): Config {
    return { factor: this.factor, mode: this.mode };
  }
  override spec() {
    return { regularizer: 'orthogonal', factor: this.factor, mode: this.mode };
  }
}

export const orthogonalRegularizers = { OrthogonalRegularizer };
