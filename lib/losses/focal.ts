import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { checkLastAxis, Loss, type LossSpec } from './loss.js';
import { type CrossentropyOptions, crossentropyDefaults, readCrossentropy } from './probabilistic.js';

export interface BinaryFocalCrossentropyOptions extends CrossentropyOptions {
  /** Whether `alpha` weighs the two classes. Default false. */
  applyClassBalancing?: boolean;
  /** Weight of class 1; class 0 has `1 - alpha`. From 0 to 1, default 0.25. */
  alpha?: number;
  /** How much easy examples lose: the exponent of `1 - p_t`, at least 0. Default 2. */
  gamma?: number;
}

/**
 * Binary cross-entropy times `(1 - p_t)^gamma`, where p_t is the probability given to the true class: easy examples count less.
 * Where the predictions come straight from a sigmoid, the cross-entropy is that of its input and never clips.
 * (Lin et al., 2018: https://arxiv.org/abs/1708.02002)
 * Keras: https://keras.io/api/losses/probabilistic_losses/#binaryfocalcrossentropy-class
 * @example model.compile({ optimizer: 'adam', loss: losses.binaryFocalCrossentropy({ gamma: 2, applyClassBalancing: true }) })
 */
export class BinaryFocalCrossentropy extends Loss {
  static override readonly className = 'BinaryFocalCrossentropy';
  /** Its cross-entropy takes the logits as others do; 1 - p_t is the sigmoid's, so softmax's would not do. */
  override readonly logitsFrom = 'onlySigmoid';
  override readonly takesProbabilities = true;
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  readonly axis: number;
  readonly applyClassBalancing: boolean;
  readonly alpha: number;
  readonly gamma: number;
  constructor(options: BinaryFocalCrossentropyOptions = {}) {
    const where = 'BinaryFocalCrossentropy';
    const o = Loss.read(where, options, { ...crossentropyDefaults, applyClassBalancing: false, alpha: 0.25, gamma: 2 });
    super(o);
    ({ fromLogits: this.fromLogits, labelSmoothing: this.labelSmoothing, axis: this.axis } = readCrossentropy(where, o));
    this.applyClassBalancing = checkBoolean(where, 'applyClassBalancing', o.applyClassBalancing);
    this.alpha = checkNumber(where, 'alpha', o.alpha, { min: 0, max: 1 });
    this.gamma = checkNumber(where, 'gamma', o.gamma, { min: 0 });
  }
  override spec(): LossSpec {
    const { fromLogits, labelSmoothing, applyClassBalancing, alpha, gamma } = this;
    return { loss: 'binaryFocalCrossentropy', fromLogits, labelSmoothing, applyClassBalancing, alpha, gamma };
  }
  override checkOutput(shape: readonly number[]): void {
    checkLastAxis('BinaryFocalCrossentropy', this.axis, shape);
  }
  protected override config(): Config {
    const { fromLogits, labelSmoothing, axis, applyClassBalancing, alpha, gamma } = this;
    return { fromLogits, labelSmoothing, axis, applyClassBalancing, alpha, gamma };
  }
}

export interface CategoricalFocalCrossentropyOptions extends CrossentropyOptions {
  /** Weight of all classes, or one for each class. Default 0.25. */
  alpha?: number | readonly number[];
  /** How much easy examples lose: the exponent of `1 - p`, at least 0. Default 2. */
  gamma?: number;
}

/**
 * `-sum(alpha y (1 - p)^gamma ln p)` over the classes, for one-hot labels; p is divided by its sum and clipped to [1e-7, 1 - 1e-7].
 * Keras: https://keras.io/api/losses/probabilistic_losses/#categoricalfocalcrossentropy-class
 * @example model.compile({ optimizer: 'adam', loss: losses.categoricalFocalCrossentropy({ alpha: 0.5 }) })
 */
export class CategoricalFocalCrossentropy extends Loss {
  static override readonly className = 'CategoricalFocalCrossentropy';
  override readonly takesProbabilities = true;
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  readonly axis: number;
  readonly alpha: number | readonly number[];
  readonly gamma: number;
  constructor(options: CategoricalFocalCrossentropyOptions = {}) {
    const where = 'CategoricalFocalCrossentropy';
    const o = Loss.read(where, options, { ...crossentropyDefaults, alpha: 0.25 as number | readonly number[], gamma: 2 });
    super(o);
    ({ fromLogits: this.fromLogits, labelSmoothing: this.labelSmoothing, axis: this.axis } = readCrossentropy(where, o));
    this.alpha = readAlpha(where, o.alpha);
    this.gamma = checkNumber(where, 'gamma', o.gamma, { min: 0 });
  }
  override spec(): LossSpec {
    const { fromLogits, labelSmoothing, gamma, alpha } = this;
    return {
      loss: 'categoricalFocalCrossentropy',
      fromLogits,
      labelSmoothing,
      gamma,
      alpha: typeof alpha === 'number' ? alpha : [...alpha],
    };
  }
  override checkOutput(shape: readonly number[]): void {
    checkLastAxis('CategoricalFocalCrossentropy', this.axis, shape);
    const width = shape.at(-1) ?? 1;
    if (typeof this.alpha !== 'number' && this.alpha.length !== 1 && this.alpha.length !== width)
      throw new ValueError(
        `CategoricalFocalCrossentropy: 'alpha' must be one number, or one for each of the ${width} classes. Received: ${this.alpha.length} numbers.`,
        'ERR_SHAPE',
      );
  }
  protected override config(): Config {
    const { fromLogits, labelSmoothing, axis, alpha, gamma } = this;
    return { fromLogits, labelSmoothing, axis, alpha, gamma };
  }
}

function readAlpha(where: string, alpha: unknown): number | readonly number[] {
  if (!Array.isArray(alpha)) {
    if (typeof alpha !== 'number')
      throw typeError(`${where}: 'alpha' must be a number or a list with one for each class. Received: ${show(alpha)}`);
    return checkNumber(where, 'alpha', alpha);
  }
  if (alpha.length === 0)
    throw new ValueError(`${where}: 'alpha' must have one number for each class. Received: []`, 'ERR_OUT_OF_RANGE');
  return alpha.map((a, i) => checkNumber(where, `alpha[${i}]`, a));
}

export const focalLosses = { BinaryFocalCrossentropy, CategoricalFocalCrossentropy };
