import { checkNumber, checkOneOf } from '../options.js';
import type { Config } from '../registry.js';
import { checkLastAxis, Metric, type MetricOptions, type MetricSpec } from './metric.js';

type Aggregation = 'uniform_average' | 'variance_weighted_average' | null;

export interface R2ScoreOptions extends MetricOptions {
  /** The columns' scores: their mean (default), their mean weighted by the labels' variance, or null: each. */
  classAggregation?: Aggregation;
  /** Number of regressors of the adjusted score; 0 (default) for the plain one. */
  numRegressors?: number;
}

/**
 * Coefficient of determination of each column of the last axis: 1 − squared errors / squared deviations from the labels' mean.
 * @example model.compile({ loss: 'mse', metrics: [metrics.r2Score({ classAggregation: 'uniform_average' })] })
 */
export class R2Score extends Metric {
  static override readonly className = 'R2Score';
  override readonly direction = 'up';
  readonly classAggregation: Aggregation;
  readonly numRegressors: number;

  constructor(options: R2ScoreOptions = {}) {
    const o = Metric.read('R2Score', options, { classAggregation: 'uniform_average', numRegressors: 0 });
    super(o, 'r2_score');
    this.classAggregation =
      o.classAggregation === null
        ? null
        : checkOneOf('R2Score', 'classAggregation', o.classAggregation, [
            'uniform_average',
            'variance_weighted_average',
          ] as const);
    this.numRegressors = checkNumber('R2Score', 'numRegressors', o.numRegressors, { min: 0, integer: true });
  }

  override resultSize(width: number): number {
    return this.classAggregation === null ? width : 1;
  }
  protected override describe(): MetricSpec {
    return { metric: 'r2Score', classAggregation: this.classAggregation ?? 'none', numRegressors: this.numRegressors };
  }
  protected override config(): Config {
    return { classAggregation: this.classAggregation, numRegressors: this.numRegressors };
  }
}

export interface CorrelationOptions extends MetricOptions {
  /** Only -1: the correlation is taken along the last axis, then averaged over samples. */
  axis?: number;
}

/**
 * Pearson's correlation of label and output along the last axis, averaged over samples.
 * @example model.compile({ loss: 'mse', metrics: [metrics.pearsonCorrelation()] })
 */
export class PearsonCorrelation extends Metric {
  static override readonly className = 'PearsonCorrelation';
  override readonly direction = 'up';
  constructor(options: CorrelationOptions = {}) {
    const o = Metric.read('PearsonCorrelation', options, { axis: -1 });
    super(o, 'pearson_correlation');
    checkLastAxis('PearsonCorrelation', o.axis);
  }
  protected override describe(): MetricSpec {
    return { metric: 'pearsonCorrelation' };
  }
  protected override config(): Config {
    return { axis: -1 };
  }
}

/**
 * The concordance correlation of label and output along the last axis, averaged over samples.
 * @example model.compile({ loss: 'mse', metrics: [metrics.concordanceCorrelation()] })
 */
export class ConcordanceCorrelation extends Metric {
  static override readonly className = 'ConcordanceCorrelation';
  override readonly direction = 'up';
  constructor(options: CorrelationOptions = {}) {
    const o = Metric.read('ConcordanceCorrelation', options, { axis: -1 });
    super(o, 'concordance_correlation');
    checkLastAxis('ConcordanceCorrelation', o.axis);
  }
  protected override describe(): MetricSpec {
    return { metric: 'concordanceCorrelation' };
  }
  protected override config(): Config {
    return { axis: -1 };
  }
}

export const regressionMetrics = { R2Score, PearsonCorrelation, ConcordanceCorrelation };
