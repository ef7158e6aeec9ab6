import { show, ValueError } from '../errors.js';
import { checkBoolean, checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { checkLastAxis, Loss, type LossOptions, type LossSpec, readAxis } from './loss.js';

/** Options of the cross-entropies. */
export interface CrossentropyOptions extends LossOptions {
  /** Whether predictions are logits, any real numbers, rather than probabilities. Default false. */
  fromLogits?: boolean;
  /** From 0 to 1: how far labels are drawn towards the uniform distribution. Default 0. */
  labelSmoothing?: number;
  /** The axis of the classes. Only the last: -1, the default. */
  axis?: number;
}

/** Defaults and reading of what all cross-entropies take. */
export const crossentropyDefaults = { fromLogits: false, labelSmoothing: 0, axis: -1 };
export function readCrossentropy(
  className: string,
  o: { fromLogits: unknown; labelSmoothing: unknown; axis: unknown },
): Required<Omit<CrossentropyOptions, keyof LossOptions>> {
  return {
    fromLogits: checkBoolean(className, 'fromLogits', o.fromLogits),
    labelSmoothing: checkNumber(className, 'labelSmoothing', o.labelSmoothing, { min: 0, max: 1 }),
    axis: readAxis(className, o.axis),
  };
}

/**
 * Mean over the last axis of `-(y ln p + (1 - y) ln(1 - p))`, with p clipped to [1e-7, 1 - 1e-7]; a clipped prediction gets no gradient.
 * Labels are 0 or 1, or any number between. Where the predictions come straight from a sigmoid, the loss is computed from its input
 * instead and never clips. Smoothing s makes a label `y (1 - s) + s / 2`.
 * Keras: https://keras.io/api/losses/probabilistic_losses/#binarycrossentropy-class
 * @example model.compile({ optimizer: 'adam', loss: losses.binaryCrossentropy({ labelSmoothing: 0.1 }) })
 */
export class BinaryCrossentropy extends Loss {
  static override readonly className = 'BinaryCrossentropy';
  static readonly aliases = ['bce', 'BCE'];
  override readonly logitsFrom = 'sigmoid';
  override readonly takesProbabilities = true;
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  readonly axis: number;
  constructor(options: CrossentropyOptions = {}) {
    const o = Loss.read('BinaryCrossentropy', options, crossentropyDefaults);
    super(o);
    ({
      fromLogits: this.fromLogits,
      labelSmoothing: this.labelSmoothing,
      axis: this.axis,
    } = readCrossentropy('BinaryCrossentropy', o));
  }
  override spec(): LossSpec {
    return { loss: 'binaryCrossentropy', fromLogits: this.fromLogits, labelSmoothing: this.labelSmoothing };
  }
  override checkOutput(shape: readonly number[]): void {
    checkLastAxis('BinaryCrossentropy', this.axis, shape);
  }
  protected override config(): Config {
    return { fromLogits: this.fromLogits, labelSmoothing: this.labelSmoothing, axis: this.axis };
  }
}

/**
 * `-sum(y ln p)` over the classes, for one-hot labels (or any distribution). Probabilities are divided by their sum and clipped to
 * [1e-7, 1 - 1e-7]; where they come straight from a softmax, the loss is computed from its input instead and never clips.
 * Smoothing s makes a label `y (1 - s) + s / classes`. For class numbers as labels use {@link SparseCategoricalCrossentropy}.
 * Keras: https://keras.io/api/losses/probabilistic_losses/#categoricalcrossentropy-class
 * @example model.compile({ optimizer: 'adam', loss: losses.categoricalCrossentropy({ fromLogits: true }) })
 */
export class CategoricalCrossentropy extends Loss {
  static override readonly className = 'CategoricalCrossentropy';
  static readonly aliases = ['cce', 'CCE'];
  override readonly logitsFrom = 'softmax';
  override readonly takesProbabilities = true;
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  readonly axis: number;
  constructor(options: CrossentropyOptions = {}) {
    const o = Loss.read('CategoricalCrossentropy', options, crossentropyDefaults);
    super(o);
    ({
      fromLogits: this.fromLogits,
      labelSmoothing: this.labelSmoothing,
      axis: this.axis,
    } = readCrossentropy('CategoricalCrossentropy', o));
  }
  override spec(): LossSpec {
    return { loss: 'categoricalCrossentropy', fromLogits: this.fromLogits, labelSmoothing: this.labelSmoothing };
  }
  override checkOutput(shape: readonly number[]): void {
    checkLastAxis('CategoricalCrossentropy', this.axis, shape);
    if ((shape.at(-1) ?? 1) === 1)
      throw new ValueError(
        'CategoricalCrossentropy compares distributions over two or more classes, but the predictions have one element each, of which it ' +
          "is always 0. For a yes or no use 'binary_crossentropy' with a sigmoid; for classes give the last layer one unit for each class, " +
          "with one-hot labels, or with class numbers and 'sparse_categorical_crossentropy'.",
        'ERR_SHAPE',
      );
  }
  protected override config(): Config {
    return { fromLogits: this.fromLogits, labelSmoothing: this.labelSmoothing, axis: this.axis };
  }
}

export interface SparseCategoricalCrossentropyOptions extends LossOptions {
  /** Whether predictions are logits, any real numbers, rather than probabilities. Default false. */
  fromLogits?: boolean;
  /** A label whose items do not count, such as -1 or 255 for "unknown". Default null. */
  ignoreClass?: number | null;
  /** The axis of the classes. Only the last: -1, the default. */
  axis?: number;
}

/**
 * `-ln p` of the labelled class. Labels are class numbers `[batch, ...]` or `[batch, ..., 1]`, from 0 to the number of classes - 1.
 * Probabilities are clipped to [1e-7, 1 - 1e-7] and divided by their sum; where they come straight from a softmax, the loss is computed
 * from its input instead and never clips.
 * Keras: https://keras.io/api/losses/probabilistic_losses/#sparsecategoricalcrossentropy-class
 * @example model.compile({ optimizer: 'adam', loss: losses.sparseCategoricalCrossentropy({ ignoreClass: 255 }) })
 */
export class SparseCategoricalCrossentropy extends Loss {
  static override readonly className = 'SparseCategoricalCrossentropy';
  static readonly aliases = ['scce', 'SCCE'];
  override readonly logitsFrom = 'softmax';
  override readonly sparse = true;
  override readonly ignoreClass: number | null;
  readonly fromLogits: boolean;
  readonly axis: number;
  constructor(options: SparseCategoricalCrossentropyOptions = {}) {
    const where = 'SparseCategoricalCrossentropy';
    const o = Loss.read(where, options, { fromLogits: false, ignoreClass: null as number | null, axis: -1 });
    super(o);
    this.fromLogits = checkBoolean(where, 'fromLogits', o.fromLogits);
    this.ignoreClass =
      o.ignoreClass === null
        ? null
        : checkNumber(where, 'ignoreClass', o.ignoreClass, { min: -(2 ** 24), max: 2 ** 24, integer: true });
    this.axis = readAxis(where, o.axis);
  }
  override spec(): LossSpec {
    return { loss: 'sparseCategoricalCrossentropy', fromLogits: this.fromLogits, ignoreClass: this.ignoreClass };
  }
  override checkOutput(shape: readonly number[]): void {
    checkLastAxis('SparseCategoricalCrossentropy', this.axis, shape);
  }
  protected override config(): Config {
    return { fromLogits: this.fromLogits, ignoreClass: this.ignoreClass };
  }
}

/**
 * `sum(y ln(y / p))` over the last axis, both clipped to [1e-7, 1]: Kullback-Leibler divergence of distributions.
 * @example model.compile({ optimizer: 'adam', loss: 'kl_divergence' })
 */
export class KLDivergence extends Loss {
  static override readonly className = 'KLDivergence';
  static readonly aliases = ['kld', 'KLD', 'kullback_leibler_divergence'];
  constructor(options: LossOptions = {}) {
    super(Loss.read('KLDivergence', options, {}));
  }
  override spec(): LossSpec {
    return { loss: 'klDivergence' };
  }
}

/**
 * Mean of `p - y ln(p + 1e-7)` over the last axis: for counts. Predictions must be positive, as from `exponential` or `softplus`.
 * @example model.compile({ optimizer: 'adam', loss: 'poisson' })
 */
export class Poisson extends Loss {
  static override readonly className = 'Poisson';
  constructor(options: LossOptions = {}) {
    super(Loss.read('Poisson', options, {}));
  }
  override spec(): LossSpec {
    return { loss: 'poisson' };
  }
}

export interface CategoricalGeneralizedCrossEntropyOptions extends LossOptions {
  /** Between 0 and 1: near 0 it is like cross-entropy, near 1 like the mean absolute error. Default 0.5. */
  q?: number;
}

/**
 * `(1 - p^q) / q` of the labelled class's probability: cross-entropy that wrong labels disturb less. Labels are class numbers.
 * A probability of exactly 0 has an infinite slope. (Zhang and Sabuncu, 2018: https://arxiv.org/abs/1805.07836)
 * @example model.compile({ optimizer: 'adam', loss: losses.categoricalGeneralizedCrossEntropy({ q: 0.7 }) })
 */
export class CategoricalGeneralizedCrossEntropy extends Loss {
  static override readonly className = 'CategoricalGeneralizedCrossEntropy';
  override readonly sparse = true;
  readonly q: number;
  constructor(options: CategoricalGeneralizedCrossEntropyOptions = {}) {
    const o = Loss.read('CategoricalGeneralizedCrossEntropy', options, { q: 0.5 });
    super(o);
    this.q = checkNumber('CategoricalGeneralizedCrossEntropy', 'q', o.q, { above: 0, below: 1 });
  }
  override spec(): LossSpec {
    return { loss: 'categoricalGeneralizedCrossEntropy', q: this.q };
  }
  protected override config(): Config {
    return { q: this.q };
  }
}

/**
 * In Keras a loss of speech and handwriting recognition; here it is known and refused.
 * @example
 * try {
 *   losses.ctc();
 * } catch (error) {
 *   console.log((error as Error).message); // what to do instead
 * }
 */
export class CTC extends Loss {
  static override readonly className = 'CTC';
  constructor(options: LossOptions = {}) {
    super(Loss.read('CTC', options, {}));
    throw new ValueError(
      `CTC is not available: it aligns label sequences of one length with predictions of another, and gemmfit's losses compare labels with ` +
        `predictions item by item. Received: ${show(options)}. For labels that are aligned already use 'sparse_categorical_crossentropy'.`,
      'ERR_UNSUPPORTED',
    );
  }
  override spec(): LossSpec {
    return { loss: 'ctc' };
  }
}

export const probabilisticLosses = {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  KLDivergence,
  Poisson,
  CategoricalGeneralizedCrossEntropy,
  CTC,
};
