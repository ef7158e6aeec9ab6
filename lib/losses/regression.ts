import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { checkLastAxis, Loss, type LossOptions, type LossSpec, readAxis } from './loss.js';

/**
 * Mean of `(yTrue - yPred)^2` over the last axis.
 * Keras: https://keras.io/api/losses/regression_losses/#meansquarederror-class
 * @example model.compile({ optimizer: 'adam', loss: 'mse' })
 */
export class MeanSquaredError extends Loss {
  static override readonly className = 'MeanSquaredError';
  static readonly aliases = ['mse', 'MSE'];
  constructor(options: LossOptions = {}) {
    super(Loss.read('MeanSquaredError', options, {}));
  }
  override spec(): LossSpec {
    return { loss: 'meanSquaredError' };
  }
}

/**
 * Mean of `|yTrue - yPred|` over the last axis. Its gradient is 0 where both are equal.
 * @example model.compile({ optimizer: 'adam', loss: 'mae' })
 */
export class MeanAbsoluteError extends Loss {
  static override readonly className = 'MeanAbsoluteError';
  static readonly aliases = ['mae', 'MAE'];
  constructor(options: LossOptions = {}) {
    super(Loss.read('MeanAbsoluteError', options, {}));
  }
  override spec(): LossSpec {
    return { loss: 'meanAbsoluteError' };
  }
}

/**
 * Mean of `100 * |yTrue - yPred| / max(|yTrue|, 1e-7)` over the last axis: a label of 0 makes it huge.
 * @example model.compile({ optimizer: 'adam', loss: 'mape' })
 */
export class MeanAbsolutePercentageError extends Loss {
  static override readonly className = 'MeanAbsolutePercentageError';
  static readonly aliases = ['mape', 'MAPE'];
  constructor(options: LossOptions = {}) {
    super(Loss.read('MeanAbsolutePercentageError', options, {}));
  }
  override spec(): LossSpec {
    return { loss: 'meanAbsolutePercentageError' };
  }
}

/**
 * Mean of `(ln(max(yTrue, 1e-7) + 1) - ln(max(yPred, 1e-7) + 1))^2` over the last axis. Predictions below 1e-7 get no gradient.
 * @example model.compile({ optimizer: 'adam', loss: 'msle' })
 */
export class MeanSquaredLogarithmicError extends Loss {
  static override readonly className = 'MeanSquaredLogarithmicError';
  static readonly aliases = ['msle', 'MSLE'];
  constructor(options: LossOptions = {}) {
    super(Loss.read('MeanSquaredLogarithmicError', options, {}));
  }
  override spec(): LossSpec {
    return { loss: 'meanSquaredLogarithmicError' };
  }
}

/**
 * Mean of `ln(cosh(yPred - yTrue))` over the last axis: quadratic near 0, linear far away.
 * @example model.compile({ optimizer: 'adam', loss: 'log_cosh' })
 */
export class LogCosh extends Loss {
  static override readonly className = 'LogCosh';
  static readonly aliases = ['logcosh'];
  constructor(options: LossOptions = {}) {
    super(Loss.read('LogCosh', options, {}));
  }
  override spec(): LossSpec {
    return { loss: 'logCosh' };
  }
}

export interface HuberOptions extends LossOptions {
  /** Where the loss turns from quadratic to linear; above 0. Default 1. */
  delta?: number;
}

/**
 * Mean over the last axis of `0.5 * e^2` where `|e| <= delta`, else `delta * |e| - 0.5 * delta^2`, with `e = yPred - yTrue`.
 * Keras: https://keras.io/api/losses/regression_losses/#huber-class
 * @example model.compile({ optimizer: 'adam', loss: losses.huber({ delta: 2 }) })
 */
export class Huber extends Loss {
  static override readonly className = 'Huber';
  static readonly aliases = ['huber_loss'];
  readonly delta: number;
  constructor(options: HuberOptions = {}) {
    const o = Loss.read('Huber', options, { delta: 1 });
    super({ ...o, name: o.name ?? 'huber_loss' });
    this.delta = checkNumber('Huber', 'delta', o.delta, { above: 0 });
  }
  override spec(): LossSpec {
    return { loss: 'huber', delta: this.delta };
  }
  protected override config(): Config {
    return { delta: this.delta };
  }
}

export interface CosineSimilarityOptions extends LossOptions {
  /** The axis of the vectors that are compared. Only the last: -1, the default. */
  axis?: number;
}

/**
 * `-sum(yTrue / |yTrue| * yPred / |yPred|)` over the last axis: -1 where both point the same way, 1 where they are opposite, 0 where
 * one of them is 0. (The metric of this name has the other sign.)
 * @example model.compile({ optimizer: 'adam', loss: 'cosine_similarity' })
 */
export class CosineSimilarity extends Loss {
  static override readonly className = 'CosineSimilarity';
  static readonly aliases = ['cosine_proximity', 'cosine'];
  readonly axis: number;
  constructor(options: CosineSimilarityOptions = {}) {
    const o = Loss.read('CosineSimilarity', options, { axis: -1 });
    super(o);
    this.axis = readAxis('CosineSimilarity', o.axis);
  }
  override spec(): LossSpec {
    return { loss: 'cosineSimilarity' };
  }
  override checkOutput(shape: readonly number[]): void {
    checkLastAxis('CosineSimilarity', this.axis, shape);
  }
  protected override config(): Config {
    return { axis: this.axis };
  }
}

export const regressionLosses = {
  MeanSquaredError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError,
  LogCosh,
  Huber,
  CosineSimilarity,
};
