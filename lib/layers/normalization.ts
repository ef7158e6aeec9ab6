import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { Layer, type LayerOptions, type Lowering, type Shape } from './layer.js';

/** Options of {@link BatchNormalization}. Initializers, regularizers and constraints: a name, an instance or a config. */
export interface BatchNormalizationOptions extends LayerOptions {
  /**
   * The axis of the channels, counting the batch dimension as 0: 1 after channels-first layers, -1 (the default) for the last one.
   * A list of one axis, as tf.keras writes it, is taken as well: samples of rank 3 and 4 then follow tf.keras's fused kernel, which
   * updates the moving variance with the unbiased variance of the batch.
   */
  axis?: number | readonly number[];
  /** How much of the moving statistics is kept at each step, 0 to 1. Default 0.99. */
  momentum?: number;
  /** Added to the variance, 0 or above. Default 0.001. */
  epsilon?: number;
  /** Whether to learn an offset, beta. Default true. */
  center?: boolean;
  /** Whether to learn a factor, gamma. Default true. */
  scale?: boolean;
  /** Default `'zeros'`. */
  betaInitializer?: unknown;
  /** Default `'ones'`. */
  gammaInitializer?: unknown;
  /** Default `'zeros'`. */
  movingMeanInitializer?: unknown;
  /** Default `'ones'`. */
  movingVarianceInitializer?: unknown;
  betaRegularizer?: unknown;
  gammaRegularizer?: unknown;
  betaConstraint?: unknown;
  gammaConstraint?: unknown;
  /** Statistics over several devices. There is one device here: both values mean the same. */
  synchronized?: boolean;
  /** Batch renormalization: only false. */
  renorm?: boolean;
  renormClipping?: unknown;
  renormMomentum?: unknown;
}

/**
 * Batch normalization: `(x - mean) / sqrt(variance + epsilon) * gamma + beta` for each channel. Input of any rank, output of the same shape.
 *
 * Training takes mean and (biased) variance from the batch, over all axes but that of the channels, and moves
 * `moving = moving * momentum + batch * (1 - momentum)`; evaluation and prediction use the moving ones. With `trainable: false` training
 * uses them too and changes nothing. Where time steps are masked and samples are `[steps, features]`, only the steps kept count.
 *
 * Weights: gamma, beta, moving_mean, moving_variance, each `[channels]`; the last two are not trainable.
 * See Ioffe and Szegedy, https://arxiv.org/abs/1502.03167, and https://keras.io/api/layers/normalization_layers/batch_normalization/
 * Throws ValueError (ERR_SHAPE) where the input has no such axis or its size is not known.
 * @example layers.batchNormalization({ momentum: 0.9 })
 */
export class BatchNormalization extends Layer {
  static override readonly className = 'BatchNormalization';
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly #synchronized: boolean;
  readonly #fusedAsTfKeras: boolean;
  readonly #parts: ReturnType<BatchNormalization['readParts']>;

  constructor(options: BatchNormalizationOptions = {}) {
    const o = Layer.read('BatchNormalization', options, {
      axis: -1 as unknown,
      momentum: 0.99,
      epsilon: 1e-3,
      center: true,
      scale: true,
      betaInitializer: 'zeros' as unknown,
      gammaInitializer: 'ones' as unknown,
      movingMeanInitializer: 'zeros' as unknown,
      movingVarianceInitializer: 'ones' as unknown,
      betaRegularizer: null as unknown,
      gammaRegularizer: null as unknown,
      betaConstraint: null as unknown,
      gammaConstraint: null as unknown,
      synchronized: false,
      renorm: false,
      renormClipping: null as unknown,
      renormMomentum: 0.99 as unknown,
    });
    super(o);
    this.axis = this.readAxis(o.axis);
    this.#fusedAsTfKeras = Array.isArray(o.axis);
    this.momentum = checkNumber(this.className, 'momentum', o.momentum, { min: 0, max: 1 });
    this.epsilon = checkNumber(this.className, 'epsilon', o.epsilon, { min: 0 });
    this.center = checkBoolean(this.className, 'center', o.center);
    this.scale = checkBoolean(this.className, 'scale', o.scale);
    this.#synchronized = checkBoolean(this.className, 'synchronized', o.synchronized);
    if (checkBoolean(this.className, 'renorm', o.renorm))
      throw new ValueError(`BatchNormalization: batch renormalization is not available. Leave out 'renorm'.`, 'ERR_UNSUPPORTED');
    this.#parts = this.readParts(o);
  }

  private readAxis(axis: unknown): number {
    if (!Array.isArray(axis)) return checkNumber(this.className, 'axis', axis, { integer: true });
    if (axis.length === 1) return checkNumber(this.className, 'axis', axis[0], { integer: true });
    throw new ValueError(`BatchNormalization: 'axis' must be one axis, such as -1. Received: ${show(axis)}`, 'ERR_OUT_OF_RANGE');
  }

  private readParts(o: BatchNormalizationOptions) {
    return {
      betaInitializer: this.initializer('betaInitializer', o.betaInitializer),
      gammaInitializer: this.initializer('gammaInitializer', o.gammaInitializer),
      movingMeanInitializer: this.initializer('movingMeanInitializer', o.movingMeanInitializer),
      movingVarianceInitializer: this.initializer('movingVarianceInitializer', o.movingVarianceInitializer),
      betaRegularizer: this.regularizer('betaRegularizer', o.betaRegularizer),
      gammaRegularizer: this.regularizer('gammaRegularizer', o.gammaRegularizer),
      betaConstraint: this.constraint('betaConstraint', o.betaConstraint),
      gammaConstraint: this.constraint('gammaConstraint', o.gammaConstraint),
    };
  }

  computeOutputShape(input: Shape): Shape {
    knownAxis(this, input, this.axis);
    return input;
  }

  protected override createWeights(input: Shape): void {
    const p = this.#parts;
    const shape = [input[knownAxis(this, input, this.axis)] as number];
    if (this.scale)
      this.addWeight('gamma', shape, {
        initializer: p.gammaInitializer,
        regularizer: p.gammaRegularizer,
        constraint: p.gammaConstraint,
      });
    if (this.center)
      this.addWeight('beta', shape, {
        initializer: p.betaInitializer,
        regularizer: p.betaRegularizer,
        constraint: p.betaConstraint,
      });
    this.addWeight('moving_mean', shape, { initializer: p.movingMeanInitializer, trainable: false });
    this.addWeight('moving_variance', shape, { initializer: p.movingVarianceInitializer, trainable: false });
  }

  lower(input: Shape, lowering: Lowering) {
    const { axis, momentum, epsilon, center, scale } = this;
    const at = knownAxis(this, input, axis);
    const fused = this.#fusedAsTfKeras && (input.length === 3 || input.length === 4) && (at === 0 || at === input.length - 1);
    return [
      {
        op: 'batchNormalization',
        axis,
        momentum,
        epsilon,
        center,
        scale,
        frozen: !this.trainable,
        unbiasedMovingVariance: fused,
        weights: lowering.weights(this),
      },
    ];
  }

  protected config(): Config {
    const { axis, momentum, epsilon, center, scale } = this;
    return { axis, momentum, epsilon, center, scale, ...this.#parts, synchronized: this.#synchronized };
  }
}

/** Options of {@link LayerNormalization}. Initializers, regularizers and constraints: a name, an instance or a config. */
export interface LayerNormalizationOptions extends LayerOptions {
  /** The axis or axes to normalize over, counting the batch dimension as 0. Default -1, the last one. */
  axis?: number | readonly number[];
  /** Added to the variance, 0 or above. Default 0.001. */
  epsilon?: number;
  /** Whether to learn an offset, beta. Default true. */
  center?: boolean;
  /** Whether to learn a factor, gamma. Default true. */
  scale?: boolean;
  /** Only scale, by the standard deviation, without subtracting the mean; gamma is then always learned and beta never. Default false. */
  rmsScaling?: boolean;
  /** Default `'zeros'`. */
  betaInitializer?: unknown;
  /** Default `'ones'`. */
  gammaInitializer?: unknown;
  betaRegularizer?: unknown;
  gammaRegularizer?: unknown;
  betaConstraint?: unknown;
  gammaConstraint?: unknown;
}

/**
 * Layer normalization: `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, each sample by itself, with mean and biased variance over
 * `axis`. The same in training and in use. Input of any rank, output of the same shape.
 *
 * Weights: gamma, beta, of the sizes of the axes in the order given.
 * See Ba et al., https://arxiv.org/abs/1607.06450, and https://keras.io/api/layers/normalization_layers/layer_normalization/
 * Throws ValueError (ERR_SHAPE) where the input has no such axis or its size is not known.
 * @example layers.layerNormalization({ axis: [1, 2], epsilon: 1e-6 })
 */
export class LayerNormalization extends Layer {
  static override readonly className = 'LayerNormalization';
  readonly axis: number | readonly number[];
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly rmsScaling: boolean;
  readonly #parts: ReturnType<LayerNormalization['readParts']>;

  constructor(options: LayerNormalizationOptions = {}) {
    const o = Layer.read('LayerNormalization', options, {
      axis: -1 as unknown,
      epsilon: 1e-3,
      center: true,
      scale: true,
      rmsScaling: false,
      betaInitializer: 'zeros' as unknown,
      gammaInitializer: 'ones' as unknown,
      betaRegularizer: null as unknown,
      gammaRegularizer: null as unknown,
      betaConstraint: null as unknown,
      gammaConstraint: null as unknown,
    });
    super(o);
    this.axis = this.readAxes(o.axis);
    this.epsilon = checkNumber(this.className, 'epsilon', o.epsilon, { min: 0 });
    this.center = checkBoolean(this.className, 'center', o.center);
    this.scale = checkBoolean(this.className, 'scale', o.scale);
    this.rmsScaling = checkBoolean(this.className, 'rmsScaling', o.rmsScaling);
    this.#parts = this.readParts(o);
  }

  private readAxes(axis: unknown): number | readonly number[] {
    if (!Array.isArray(axis)) return checkNumber(this.className, 'axis', axis, { integer: true });
    if (axis.length === 0)
      throw typeError(`LayerNormalization: 'axis' must be an axis or a list of axes, such as -1. Received: []`);
    return axis.map((a) => checkNumber(this.className, 'axis', a, { integer: true }));
  }

  private readParts(o: LayerNormalizationOptions) {
    return {
      betaInitializer: this.initializer('betaInitializer', o.betaInitializer),
      gammaInitializer: this.initializer('gammaInitializer', o.gammaInitializer),
      betaRegularizer: this.regularizer('betaRegularizer', o.betaRegularizer),
      gammaRegularizer: this.regularizer('gammaRegularizer', o.gammaRegularizer),
      betaConstraint: this.constraint('betaConstraint', o.betaConstraint),
      gammaConstraint: this.constraint('gammaConstraint', o.gammaConstraint),
    };
  }

  /** Positions of the axes in the shape of a sample. */
  private positions(input: Shape): number[] {
    const axes = typeof this.axis === 'number' ? [this.axis] : this.axis;
    const positions = axes.map((a) => knownAxis(this, input, a));
    if (new Set(positions).size < positions.length)
      throw new ValueError(
        `${this.label}: 'axis' names an axis twice. Received: [${axes}] for samples of shape [${input}].`,
        'ERR_SHAPE',
      );
    return positions;
  }

  private get learnsGamma(): boolean {
    return this.scale || this.rmsScaling;
  }
  private get learnsBeta(): boolean {
    return this.center && !this.rmsScaling;
  }

  computeOutputShape(input: Shape): Shape {
    this.positions(input);
    return input;
  }

  protected override createWeights(input: Shape): void {
    const p = this.#parts;
    const shape = this.positions(input).map((i) => input[i] as number);
    if (this.learnsGamma)
      this.addWeight('gamma', shape, {
        initializer: p.gammaInitializer,
        regularizer: p.gammaRegularizer,
        constraint: p.gammaConstraint,
      });
    if (this.learnsBeta)
      this.addWeight('beta', shape, {
        initializer: p.betaInitializer,
        regularizer: p.betaRegularizer,
        constraint: p.betaConstraint,
      });
  }

  lower(input: Shape, lowering: Lowering) {
    const { epsilon, rmsScaling } = this;
    return [
      {
        op: 'layerNormalization',
        axis: this.positions(input).map((i) => i + 1),
        epsilon,
        center: this.learnsBeta,
        scale: this.learnsGamma,
        rmsScaling,
        weights: lowering.weights(this),
      },
    ];
  }

  protected config(): Config {
    const { axis, epsilon, center, scale, rmsScaling } = this;
    return { axis: typeof axis === 'number' ? axis : [...axis], epsilon, center, scale, rmsScaling, ...this.#parts };
  }
}

/** Where an axis that counts the batch dimension lies in the shape of a sample: an axis of known size. */
function knownAxis(layer: Layer, input: Shape, axis: number): number {
  const at = axis < 0 ? axis + input.length : axis - 1;
  const shape = `samples of shape [${input.map(String)}]`;
  if (at < 0 || at >= input.length)
    throw new ValueError(
      `${layer.label}: axis ${axis} is none of its input's. Received ${shape}; axes count the batch dimension as 0, so they are 1 to ${input.length}, or -1 for the last.`,
      'ERR_SHAPE',
    );
  if (input[at] === null)
    throw new ValueError(`${layer.label}: the size of axis ${axis} of its input must be known. Received ${shape}.`, 'ERR_SHAPE');
  return at;
}

export const normalizationLayers = [BatchNormalization, LayerNormalization] as const;
