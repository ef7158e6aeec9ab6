import { ValueError } from '../errors.js';
import { Activation } from './activation.js';

// Functions of one element, in alphabetical order. x is the element; NaN stays NaN everywhere.

/** `x` above 0, `alpha * (exp(x / alpha) - 1)` below: smooth at 0 for every alpha. */
export class Celu extends Activation {
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

/** `x` above 0, `alpha * (exp(x) - 1)` below. https://arxiv.org/abs/1511.07289 */
export class Elu extends Activation {
  static override readonly className = 'Elu';
  static override readonly defaults = { alpha: 1 };
}

/** `exp(x)` */
export class Exponential extends Activation {
  static override readonly className = 'Exponential';
}

/** `x * P(X <= x)` for a standard normal X; `approximate` computes it by tanh. https://arxiv.org/abs/1606.08415 */
export class Gelu extends Activation {
  static override readonly className = 'Gelu';
  static override readonly defaults = { approximate: false };
}

/** `x` where `|x| > threshold`, else 0. */
export class HardShrink extends Activation {
  static override readonly className = 'HardShrink';
  static override readonly defaults = { threshold: 0.5 };
}

/** `relu6(x + 3) / 6`: Keras 3's. */
export class HardSigmoid extends Activation {
  static override readonly className = 'HardSigmoid';
}

/** `0.2 * x + 0.5` between 0 and 1: what Keras 2 called `hard_sigmoid`, for models of that time. */
export class HardSigmoidKeras2 extends Activation {
  static override readonly className = 'HardSigmoidKeras2';
}

/** `x * relu6(x + 3) / 6`. https://arxiv.org/abs/1905.02244 */
export class HardSilu extends Activation {
  static override readonly className = 'HardSilu';
  static override readonly aliases = ['hard_swish', 'hardSwish', 'HardSwish'];
}

/** `x` between -1 and 1. */
export class HardTanh extends Activation {
  static override readonly className = 'HardTanh';
}

/** `x` above 0, `negativeSlope * x` below. */
export class LeakyRelu extends Activation {
  static override readonly className = 'LeakyRelu';
  static override readonly aliases = ['LeakyReLU', 'leaky_re_lu'];
  static override readonly defaults = { negativeSlope: 0.2 };
}

/** `x` */
export class Linear extends Activation {
  static override readonly className = 'Linear';
}

/** `log(sigmoid(x))` */
export class LogSigmoid extends Activation {
  static override readonly className = 'LogSigmoid';
}

/** `x * tanh(softplus(x))`. https://arxiv.org/abs/1908.08681 */
export class Mish extends Activation {
  static override readonly className = 'Mish';
}

/** `x` above `threshold`, else `negativeSlope * (x - threshold)`; at most `maxValue`. */
export class Relu extends Activation {
  static override readonly className = 'Relu';
  static override readonly aliases = ['ReLU', 're_lu'];
  static override readonly defaults = { negativeSlope: 0, maxValue: null, threshold: 0 };
}

/** `x` between 0 and 6. */
export class Relu6 extends Activation {
  static override readonly className = 'Relu6';
}

/** `scale * elu(x, alpha)` with the constants that keep mean 0 and variance 1. https://arxiv.org/abs/1706.02515 */
export class Selu extends Activation {
  static override readonly className = 'Selu';
}

/** `1 / (1 + exp(-x))` */
export class Sigmoid extends Activation {
  static override readonly className = 'Sigmoid';
}

/** `x * sigmoid(x)`. https://arxiv.org/abs/1710.05941 */
export class Silu extends Activation {
  static override readonly className = 'Silu';
  static override readonly aliases = ['swish', 'Swish'];
}

/** `x` moved towards 0 by `threshold`, and 0 where it is nearer than that. */
export class SoftShrink extends Activation {
  static override readonly className = 'SoftShrink';
  static override readonly defaults = { threshold: 0.5 };
}

/** `log(1 + exp(x))` */
export class Softplus extends Activation {
  static override readonly className = 'Softplus';
}

/** `x / (1 + |x|)` */
export class Softsign extends Activation {
  static override readonly className = 'Softsign';
}

/** 0 below -1, `x` above 1, `(x + 1)^2 / 4` between. */
export class SparsePlus extends Activation {
  static override readonly className = 'SparsePlus';
}

/** 0 below -1, 1 above 1, `(x + 1) / 2` between. */
export class SparseSigmoid extends Activation {
  static override readonly className = 'SparseSigmoid';
}

/** `(x + sqrt(x^2 + b)) / 2` */
export class Squareplus extends Activation {
  static override readonly className = 'Squareplus';
  static override readonly defaults = { b: 4 };
}

/** `tanh(x)` */
export class Tanh extends Activation {
  static override readonly className = 'Tanh';
}

/** `x - tanh(x)` */
export class TanhShrink extends Activation {
  static override readonly className = 'TanhShrink';
}

/** `x` above `threshold`, else `defaultValue`. Both must be given. */
export class Threshold extends Activation {
  static override readonly className = 'Threshold';
  static override readonly defaults = { threshold: undefined, defaultValue: undefined };
}
