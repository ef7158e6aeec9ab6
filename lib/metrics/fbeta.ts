import { checkNumber, checkOneOf } from '../options.js';
import type { Config } from '../registry.js';
import { Metric, type MetricOptions, type MetricSpec, optionalNumber } from './metric.js';

type Average = 'micro' | 'macro' | 'weighted' | null;

export interface F1ScoreOptions extends MetricOptions {
  /**
   * null (default): a score for each element of the last axis. 'micro': one from the counts of all. 'macro': the mean of the
   * scores. 'weighted': their mean weighted by how often each class is true.
   */
  average?: Average;
  /** Outputs strictly above it are positive, above 0 and at most 1; null (default): a sample's largest output is. */
  threshold?: number | null;
}
export interface FBetaScoreOptions extends F1ScoreOptions {
  /** How many times more recall counts than precision; above 0, default 1. */
  beta?: number;
}

abstract class FScore extends Metric {
  override readonly direction = 'up';
  readonly average: Average;
  readonly beta: number;
  readonly threshold: number | null;

  constructor(options: FBetaScoreOptions, where: string, defaultName: string) {
    super(options, defaultName);
    const { average, beta, threshold } = options;
    this.average =
      average === null || average === undefined
        ? null
        : checkOneOf(where, 'average', average, ['micro', 'macro', 'weighted'] as const);
    this.beta = checkNumber(where, 'beta', beta ?? 1, { above: 0 });
    this.threshold = optionalNumber(where, 'threshold', threshold, { above: 0, max: 1 });
  }

  override resultSize(width: number): number {
    return this.average === null ? width : 1;
  }
  protected override describe(): MetricSpec {
    return { metric: 'fBetaScore', average: this.average, beta: this.beta, threshold: this.threshold };
  }
}

/**
 * (1 + beta²) · precision · recall / (beta² · precision + recall) of classes or labels along the last axis.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: [metrics.fBetaScore({ beta: 2, average: 'macro', threshold: 0.5 })] })
 */
export class FBetaScore extends FScore {
  static override readonly className = 'FBetaScore';
  static readonly aliases = ['fbeta_score'];
  constructor(options: FBetaScoreOptions = {}) {
    super(Metric.read('FBetaScore', options, { average: null, beta: 1, threshold: null }), 'FBetaScore', 'fbeta_score');
  }
  protected override config(): Config {
    return { average: this.average, beta: this.beta, threshold: this.threshold };
  }
}

/**
 * The harmonic mean of precision and recall: FBetaScore with beta 1.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: [metrics.f1Score({ average: 'micro', threshold: 0.5 })] })
 */
export class F1Score extends FScore {
  static override readonly className = 'F1Score';
  constructor(options: F1ScoreOptions = {}) {
    super(Metric.read('F1Score', options, { average: null, threshold: null }), 'F1Score', 'f1_score');
  }
  protected override config(): Config {
    return { average: this.average, threshold: this.threshold };
  }
}

export const fbetaMetrics = { FBetaScore, F1Score };
