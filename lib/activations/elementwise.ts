import { ValueError } from '../errors.js';
import { Activation } from './activation.js';

// Functions of one element, in alphabetical order. x is the element; NaN stays NaN everywhere.

/**
 * `x` above 0, `alpha * (exp(x / alpha) - 1)` below: smooth at 0 for every alpha.
 * @example layers.dense({ units: 8, activation: activations.celu({ alpha: 0.5 }) })
 */
export class Celu extends Activation<{ alpha?: number }> {
  static override readonly className = 'Celu';
  static override readonly defaults = { alpha: 1 };
  constructor(options: { alpha?: number } = {}) {
    super(options);
    if (this.option('alpha') === 0)
      throw new ValueError(
        "activation 'celu': 'alpha' must not be 0: the function divides by it. Received: 0",
        'ERR_OUT_OF_RANGE',
      );
  }
}

/**
 * `x` above 0, `alpha * (exp(x) - 1)` below. https://arxiv.org/abs/1511.07289
 * @example layers.dense({ units: 8, activation: activations.elu({ alpha: 0.5 }) })
 */
export class Elu extends Activation<{ alpha?: number }> {
  static override readonly className = 'Elu';
  static override readonly defaults = { alpha: 1 };
}

/**
 * `exp(x)`
 * @example layers.dense({ units: 8, activation: 'exponential' })
 */
export class Exponential extends Activation {
  static override readonly className = 'Exponential';
}

/**
 * `x * P(X <= x)` for a standard normal X; `approximate` computes it by tanh. https://arxiv.org/abs/1606.08415
 * @example layers.dense({ units: 8, activation: activations.gelu({ approximate: true }) })
 */
export class Gelu extends Activation<{ approximate?: boolean }> {
  static override readonly className = 'Gelu';
  static override readonly defaults = { approximate: false };
}

/**
 * `x` where `|x| > threshold`, else 0.
 * @example layers.dense({ units: 8, activation: activations.hardShrink({ threshold: 0.3 }) })
 */
export class HardShrink extends Activation<{ threshold?: number }> {
  static override readonly className = 'HardShrink';
  static override readonly defaults = { threshold: 0.5 };
}

/**
 * `relu6(x + 3) / 6`: Keras 3's.
 * @example layers.dense({ units: 8, activation: 'hard_sigmoid' })
 */
export class HardSigmoid extends Activation {
  static override readonly className = 'HardSigmoid';
}

/**
 * `0.2 * x + 0.5` between 0 and 1: what Keras 2 called `hard_sigmoid`, for models of that time.
 * @example layers.dense({ units: 8, activation: activations.hardSigmoidKeras2() })
 */
export class HardSigmoidKeras2 extends Activation {
  static override readonly className = 'HardSigmoidKeras2';
}

/**
 * `x * relu6(x + 3) / 6`. https://arxiv.org/abs/1905.02244
 * @example layers.dense({ units: 8, activation: 'hard_silu' })
 */
export class HardSilu extends Activation {
  static override readonly className = 'HardSilu';
  static override readonly aliases = ['hard_swish', 'hardSwish', 'HardSwish'];
}

/**
 * `x` between -1 and 1.
 * @example layers.dense({ units: 8, activation: 'hard_tanh' })
 */
export class HardTanh extends Activation {
  static override readonly className = 'HardTanh';
}

/**
 * `x` above 0, `negativeSlope * x` below.
 * @example layers.dense({ units: 8, activation: activations.leakyRelu({ negativeSlope: 0.1 }) })
 */
export class LeakyRelu extends Activation<{ negativeSlope?: number }> {
  static override readonly className = 'LeakyRelu';
  static override readonly aliases = ['LeakyReLU', 'leaky_re_lu'];
  static override readonly defaults = { negativeSlope: 0.2 };
}

/**
 * `x`
 * @example layers.dense({ units: 8, activation: 'linear' })
 */
export class Linear extends Activation {
  static override readonly className = 'Linear';
}

/**
 * `log(sigmoid(x))`
 * @example layers.dense({ units: 8, activation: 'log_sigmoid' })
 */
export class LogSigmoid extends Activation {
  static override readonly className = 'LogSigmoid';
}

/**
 * `x * tanh(softplus(x))`. https://arxiv.org/abs/1908.08681
 * @example layers.dense({ units: 8, activation: 'mish' })
 */
export class Mish extends Activation {
  static override readonly className = 'Mish';
}

/**
 * `x` above `threshold`, else `negativeSlope * (x - threshold)`; at most `maxValue`.
 * @example layers.dense({ units: 8, activation: activations.relu({ maxValue: 6 }) })
 */
export class Relu extends Activation<{ negativeSlope?: number; maxValue?: number | null; threshold?: number }> {
  static override readonly className = 'Relu';
  static override readonly aliases = ['ReLU', 're_lu'];
  static override readonly defaults = { negativeSlope: 0, maxValue: null, threshold: 0 };
}

/**
 * `x` between 0 and 6.
 * @example layers.dense({ units: 8, activation: 'relu6' })
 */
export class Relu6 extends Activation {
  static override readonly className = 'Relu6';
}

/**
 * `scale * elu(x, alpha)` with the constants that keep mean 0 and variance 1. https://arxiv.org/abs/1706.02515
 * @example layers.dense({ units: 8, activation: 'selu' })
 */
export class Selu extends Activation {
  static override readonly className = 'Selu';
}

/**
 * `1 / (1 + exp(-x))`
 * @example layers.dense({ units: 8, activation: 'sigmoid' })
 */
export class Sigmoid extends Activation {
  static override readonly className = 'Sigmoid';
}

/**
 * `x * sigmoid(x)`. https://arxiv.org/abs/1710.05941
 * @example layers.dense({ units: 8, activation: 'silu' })
 */
export class Silu extends Activation {
  static override readonly className = 'Silu';
  static override readonly aliases = ['swish', 'Swish'];
}

/**
 * `x` moved towards 0 by `threshold`, and 0 where it is nearer than that.
 * @example layers.dense({ units: 8, activation: activations.softShrink({ threshold: 0.3 }) })
 */
export class SoftShrink extends Activation<{ threshold?: number }> {
  static override readonly className = 'SoftShrink';
  static override readonly defaults = { threshold: 0.5 };
}

/**
 * `log(1 + exp(x))`
 * @example layers.dense({ units: 8, activation: 'softplus' })
 */
export class Softplus extends Activation {
  static override readonly className = 'Softplus';
}

/**
 * `x / (1 + |x|)`
 * @example layers.dense({ units: 8, activation: 'softsign' })
 */
export class Softsign extends Activation {
  static override readonly className = 'Softsign';
}

/**
 * 0 below -1, `x` above 1, `(x + 1)^2 / 4` between.
 * @example layers.dense({ units: 8, activation: 'sparse_plus' })
 */
export class SparsePlus extends Activation {
  static override readonly className = 'SparsePlus';
}

/**
 * 0 below -1, 1 above 1, `(x + 1) / 2` between.
 * @example layers.dense({ units: 8, activation: 'sparse_sigmoid' })
 */
export class SparseSigmoid extends Activation {
  static override readonly className = 'SparseSigmoid';
}

/**
 * `(x + sqrt(x^2 + b)) / 2`
 * @example layers.dense({ units: 8, activation: activations.squareplus({ b: 4 }) })
 */
export class Squareplus extends Activation<{ b?: number }> {
  static override readonly className = 'Squareplus';
  static override readonly defaults = { b: 4 };
}

/**
 * `tanh(x)`
 * @example layers.dense({ units: 8, activation: 'tanh' })
 */
export class Tanh extends Activation {
  static override readonly className = 'Tanh';
}

/**
 * `x - tanh(x)`
 * @example layers.dense({ units: 8, activation: 'tanh_shrink' })
 */
export class TanhShrink extends Activation {
  static override readonly className = 'TanhShrink';
}

/**
 * `x` above `threshold`, else `defaultValue`. Both must be given.
 * @example layers.dense({ units: 8, activation: activations.threshold({ threshold: 0.1, defaultValue: 0 }) })
 */
export class Threshold extends Activation<{ threshold: number; defaultValue: number }> {
  static override readonly className = 'Threshold';
  static override readonly defaults = { threshold: undefined, defaultValue: undefined };
  constructor(options: { threshold: number; defaultValue: number }) {
    super(options);
  }
}

export const elementwiseActivations = {
  Celu,
  Elu,
  Exponential,
  Gelu,
  HardShrink,
  HardSigmoid,
  HardSigmoidKeras2,
  HardSilu,
  HardTanh,
  LeakyRelu,
  Linear,
  LogSigmoid,
  Mish,
  Relu,
  Relu6,
  Selu,
  Sigmoid,
  Silu,
  SoftShrink,
  Softplus,
  Softsign,
  SparsePlus,
  SparseSigmoid,
  Squareplus,
  Tanh,
  TanhShrink,
  Threshold,
};
