import { ValueError } from '../errors.js';
import { CustomLoss, type Loss, lossRegistry } from '../losses/index.js';
import type { LogitsFrom } from '../losses/loss.js';
import type { Config } from '../registry.js';
import { checkLastAxis, type Direction, Metric, type MetricOptions, type MetricSpec } from './metric.js';

/**
 * The mean of a loss over samples (and steps), whatever the loss's own reduction: sum(w · l) / sum(w).
 * @example const isMeanOfALoss = metrics.meanSquaredError() instanceof metrics.LossMean; // true
 */
export abstract class LossMean extends Metric {
  override readonly direction: Direction = 'down';
  protected readonly loss: Loss;

  constructor(options: MetricOptions, defaultName: string, loss: Loss) {
    super(options, defaultName);
    if (loss.wholeBatch || loss instanceof CustomLoss)
      throw new ValueError(
        `metric '${this.name}': the loss ${loss.className} ${loss.wholeBatch ? 'is computed over a whole batch at once' : 'runs in JavaScript'} and cannot be a metric. ` +
          'Metrics are means over samples that the native engine keeps.',
        'ERR_UNSUPPORTED',
      );
    this.loss = loss;
  }

  override get sparse(): boolean {
    return this.loss.sparse;
  }
  override get elementwise(): boolean {
    return this.loss.elementwise;
  }
  override get logitsFrom(): LogitsFrom {
    return this.loss.logitsFrom;
  }
  protected override checkWidths(width: number, labelWidth: number): void {
    super.checkWidths(width, labelWidth);
    if (((this.loss as { axis?: number }).axis ?? -1) === -1) this.loss.checkOutput([width]);
  }
  protected override describe(): MetricSpec {
    return { ...this.loss.spec(), metric: 'mean' };
  }
  protected override config(): Config {
    return {};
  }
}

/** A loss of the library by its class name. */
const loss = (className: string, config: Config = {}): Loss => lossRegistry.resolve({ className, config });

/**
 * Mean of (output − label)².
 * @example model.compile({ loss: 'mae', metrics: ['mse'] })
 */
export class MeanSquaredError extends LossMean {
  static override readonly className = 'MeanSquaredError';
  static readonly aliases = ['mse', 'MSE'];
  constructor(options: MetricOptions = {}) {
    super(Metric.read('MeanSquaredError', options, {}), 'mean_squared_error', loss('MeanSquaredError'));
  }
}

/**
 * Square root of the mean of (output − label)².
 * @example model.compile({ loss: 'mse', metrics: [metrics.rootMeanSquaredError({ name: 'rmse' })] })
 */
export class RootMeanSquaredError extends LossMean {
  static override readonly className = 'RootMeanSquaredError';
  static readonly aliases = ['rmse', 'RMSE'];
  constructor(options: MetricOptions = {}) {
    super(Metric.read('RootMeanSquaredError', options, {}), 'root_mean_squared_error', loss('MeanSquaredError'));
  }
  protected override describe(): MetricSpec {
    return { ...super.describe(), root: true };
  }
}

/**
 * Mean of |output − label|.
 * @example model.compile({ loss: 'mse', metrics: ['mae'] })
 */
export class MeanAbsoluteError extends LossMean {
  static override readonly className = 'MeanAbsoluteError';
  static readonly aliases = ['mae', 'MAE'];
  constructor(options: MetricOptions = {}) {
    super(Metric.read('MeanAbsoluteError', options, {}), 'mean_absolute_error', loss('MeanAbsoluteError'));
  }
}

/**
 * Mean of 100 · |label − output| / |label|.
 * @example model.compile({ loss: 'mse', metrics: ['mape'] })
 */
export class MeanAbsolutePercentageError extends LossMean {
  static override readonly className = 'MeanAbsolutePercentageError';
  static readonly aliases = ['mape', 'MAPE'];
  constructor(options: MetricOptions = {}) {
    const where = 'MeanAbsolutePercentageError';
    super(Metric.read(where, options, {}), 'mean_absolute_percentage_error', loss(where));
  }
}

/**
 * Mean of (ln(label + 1) − ln(output + 1))².
 * @example model.compile({ loss: 'mse', metrics: ['msle'] })
 */
export class MeanSquaredLogarithmicError extends LossMean {
  static override readonly className = 'MeanSquaredLogarithmicError';
  static readonly aliases = ['msle', 'MSLE'];
  constructor(options: MetricOptions = {}) {
    const where = 'MeanSquaredLogarithmicError';
    super(Metric.read(where, options, {}), 'mean_squared_logarithmic_error', loss(where));
  }
}

/**
 * Mean of ln(cosh(output − label)).
 * @example model.compile({ loss: 'mse', metrics: [metrics.logCoshError()] })
 */
export class LogCoshError extends LossMean {
  static override readonly className = 'LogCoshError';
  static readonly aliases = ['logcosh', 'log_cosh', 'LogCosh'];
  constructor(options: MetricOptions = {}) {
    super(Metric.read('LogCoshError', options, {}), 'logcosh', loss('LogCosh'));
  }
}

export interface CosineSimilarityOptions extends MetricOptions {
  /** Only -1. */
  axis?: number;
}

/**
 * Mean cosine between label and output vectors: 1 for the same direction. The loss of this name is its negative.
 * @example model.compile({ loss: 'mse', metrics: [metrics.cosineSimilarity()] })
 */
export class CosineSimilarity extends LossMean {
  static override readonly className = 'CosineSimilarity';
  static readonly aliases = ['cosine', 'cosine_proximity'];
  override readonly direction: Direction = 'up';
  constructor(options: CosineSimilarityOptions = {}) {
    const o = Metric.read('CosineSimilarity', options, { axis: -1 });
    super(o, 'cosine_similarity', loss('CosineSimilarity'));
    checkLastAxis('CosineSimilarity', o.axis);
  }
  protected override describe(): MetricSpec {
    return { ...super.describe(), negate: true };
  }
  protected override config(): Config {
    return { axis: -1 };
  }
}

/**
 * Mean Kullback-Leibler divergence: sum of label · ln(label / output).
 * @example model.compile({ loss: 'categorical_crossentropy', metrics: [metrics.klDivergence()] })
 */
export class KLDivergence extends LossMean {
  static override readonly className = 'KLDivergence';
  static readonly aliases = ['kld', 'KLD', 'kullback_leibler_divergence'];
  constructor(options: MetricOptions = {}) {
    super(Metric.read('KLDivergence', options, {}), 'kl_divergence', loss('KLDivergence'));
  }
}

/**
 * Mean of output − label · ln(output).
 * @example model.compile({ loss: 'mse', metrics: ['poisson'] })
 */
export class Poisson extends LossMean {
  static override readonly className = 'Poisson';
  constructor(options: MetricOptions = {}) {
    super(Metric.read('Poisson', options, {}), 'poisson', loss('Poisson'));
  }
}

/**
 * Mean of max(1 − label · output, 0) for labels −1 and 1; labels 0 and 1 are mapped to them.
 * @example model.compile({ loss: 'mse', metrics: ['hinge'] })
 */
export class Hinge extends LossMean {
  static override readonly className = 'Hinge';
  constructor(options: MetricOptions = {}) {
    super(Metric.read('Hinge', options, {}), 'hinge', loss('Hinge'));
  }
}

/**
 * Mean of max(1 − label · output, 0)² for labels −1 and 1; labels 0 and 1 are mapped to them.
 * @example model.compile({ loss: 'hinge', metrics: ['squared_hinge'] })
 */
export class SquaredHinge extends LossMean {
  static override readonly className = 'SquaredHinge';
  constructor(options: MetricOptions = {}) {
    super(Metric.read('SquaredHinge', options, {}), 'squared_hinge', loss('SquaredHinge'));
  }
}

/**
 * Mean of max(0, the best wrong output − the right one + 1) for one-hot labels.
 * @example model.compile({ loss: 'categorical_crossentropy', metrics: ['categorical_hinge'] })
 */
export class CategoricalHinge extends LossMean {
  static override readonly className = 'CategoricalHinge';
  constructor(options: MetricOptions = {}) {
    super(Metric.read('CategoricalHinge', options, {}), 'categorical_hinge', loss('CategoricalHinge'));
  }
}

export const lossMeanMetrics = {
  MeanSquaredError,
  RootMeanSquaredError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError,
  LogCoshError,
  CosineSimilarity,
  KLDivergence,
  Poisson,
  Hinge,
  SquaredHinge,
  CategoricalHinge,
};
