import { show, typeError, ValueError } from '../errors.js';
import type { InitializerIdentifier } from '../identifiers.js';
import { checkBoolean, checkNumber, isPlain } from '../options.js';
import type { Config } from '../registry.js';
import { AffineLayer, type AffineOptions, affineDefaults } from './affine.js';
import { Layer, type Lowering, type Shape } from './layer.js';

/** Options of {@link BatchNormalization}. Initializers, regularizers and constraints: a name, an instance or a config. */
export interface BatchNormalizationOptions extends AffineOptions {
  /**
   * The axis of the channels, counting the batch dimension as 0: 1 after channels-first layers, -1 (the default) for the last one.
   * A list of one axis, as tf.keras writes it, is taken as well: samples of rank 3 and 4 then follow the fused kernel of tf.keras, where
   * the moving variance follows the unbiased variance of the batches.
   */
  axis?: number | readonly number[];
  /** How much of the moving statistics is kept at each step, 0 to 1. Default 0.99. */
  momentum?: number;
  /** Added to the variance, 0 or above. Default 0.001. */
  epsilon?: number;
  /** Default `'zeros'`. */
  movingMeanInitializer?: InitializerIdentifier;
  /** Default `'ones'`. */
  movingVarianceInitializer?: InitializerIdentifier;
  /** Statistics over several devices. There is one device here: both values mean the same. */
  synchronized?: boolean;
  /** Batch renormalization: only false. */
  renorm?: boolean;
  renormClipping?: object | null;
  renormMomentum?: number | null;
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
export class BatchNormalization extends AffineLayer {
  static override readonly className = 'BatchNormalization';
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly #synchronized: boolean;
  readonly #fusedAsTfKeras: boolean;
  readonly #moving: ReturnType<BatchNormalization['readMoving']>;

  constructor(options: BatchNormalizationOptions = {}) {
    const o = Layer.read('BatchNormalization', options, {
      ...affineDefaults,
      axis: -1 as unknown,
      momentum: 0.99,
      epsilon: 1e-3,
      movingMeanInitializer: 'zeros' as InitializerIdentifier,
      movingVarianceInitializer: 'ones' as InitializerIdentifier,
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
    this.#synchronized = checkBoolean(this.className, 'synchronized', o.synchronized);
    if (checkBoolean(this.className, 'renorm', o.renorm))
      throw new ValueError(
        "BatchNormalization: batch renormalization is not available; leave out 'renorm'. Received: true",
        'ERR_UNSUPPORTED',
      );
    // tf.keras writes them beside renorm: false, where they say nothing.
    if (o.renormClipping !== null && !isPlain(o.renormClipping))
      throw typeError(`BatchNormalization: 'renormClipping' must be null or an object. Received: ${show(o.renormClipping)}`);
    if (o.renormMomentum !== null) checkNumber(this.className, 'renormMomentum', o.renormMomentum);
    this.#moving = this.readMoving(o.movingMeanInitializer, o.movingVarianceInitializer);
  }

  private readAxis(axis: unknown): number {
    if (!Array.isArray(axis)) return checkNumber(this.className, 'axis', axis, { integer: true });
    if (axis.length === 1) return checkNumber(this.className, 'axis', axis[0], { integer: true });
    throw new ValueError(`BatchNormalization: 'axis' must be one axis, such as -1. Received: ${show(axis)}`, 'ERR_OUT_OF_RANGE');
  }

  private readMoving(mean: unknown, variance: unknown) {
    return {
      movingMeanInitializer: this.initializer('movingMeanInitializer', mean),
      movingVarianceInitializer: this.initializer('movingVarianceInitializer', variance),
    };
  }

  override outputShapeOf(input: Shape): Shape {
    this.knownAxis(input, this.axis);
    return input;
  }

  protected override createWeights(input: Shape): void {
    const shape = [input[this.knownAxis(input, this.axis)] as number];
    this.addAffineWeights(shape, this.scale, this.center);
    this.addWeight('moving_mean', shape, { initializer: this.#moving.movingMeanInitializer, trainable: false });
    this.addWeight('moving_variance', shape, { initializer: this.#moving.movingVarianceInitializer, trainable: false });
  }

  override lower(input: Shape, lowering: Lowering) {
    const { axis, momentum, epsilon, center, scale } = this;
    const at = this.knownAxis(input, axis);
    const fused = this.#fusedAsTfKeras && (input.length === 3 || input.length === 4) && (at === 0 || at === input.length - 1);
    const mode = { frozen: !lowering.trains(this), unbiasedMovingVariance: fused };
    return [{ op: 'batchNormalization', axis, momentum, epsilon, center, scale, ...mode, weights: lowering.weights(this) }];
  }

  protected override config(): Config {
    const { axis, momentum, epsilon } = this;
    return { axis, momentum, epsilon, ...this.affineConfig(), ...this.#moving, synchronized: this.#synchronized };
  }
}

/** Options of {@link LayerNormalization}. Initializers, regularizers and constraints: a name, an instance or a config. */
export interface LayerNormalizationOptions extends AffineOptions {
  /** The axis or axes to normalize over, counting the batch dimension as 0. Default -1, the last one. */
  axis?: number | readonly number[];
  /** Added to the variance, 0 or above. Default 0.001. */
  epsilon?: number;
  /** Only scale, by the standard deviation, without subtracting the mean; gamma is then always learned and beta never. Default false. */
  rmsScaling?: boolean;
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
export class LayerNormalization extends AffineLayer {
  static override readonly className = 'LayerNormalization';
  readonly axis: number | readonly number[];
  readonly epsilon: number;
  readonly rmsScaling: boolean;

  constructor(options: LayerNormalizationOptions = {}) {
    const o = Layer.read('LayerNormalization', options, {
      ...affineDefaults,
      axis: -1 as unknown,
      epsilon: 1e-3,
      rmsScaling: false,
    });
    super(o);
    this.axis = this.readAxes(o.axis);
    this.epsilon = checkNumber(this.className, 'epsilon', o.epsilon, { min: 0 });
    this.rmsScaling = checkBoolean(this.className, 'rmsScaling', o.rmsScaling);
  }

  private readAxes(axis: unknown): number | readonly number[] {
    if (!Array.isArray(axis)) return checkNumber(this.className, 'axis', axis, { integer: true });
    if (axis.length === 0)
      throw new ValueError(
        "LayerNormalization: 'axis' must be an axis or a list of axes, such as -1. Received: []",
        'ERR_OUT_OF_RANGE',
      );
    return axis.map((a) => checkNumber(this.className, 'axis', a, { integer: true }));
  }

  /** Positions of the axes in the shape of a sample. */
  private positions(input: Shape): number[] {
    const axes = typeof this.axis === 'number' ? [this.axis] : this.axis;
    const positions = axes.map((a) => this.knownAxis(input, a));
    if (new Set(positions).size < positions.length)
      throw new ValueError(
        `${this.label}: 'axis' names an axis twice. Received: [${axes.join(', ')}] for samples of shape [${input.map(String).join(', ')}].`,
        'ERR_SHAPE',
      );
    return positions;
  }

  /** Whether gamma and beta are there. */
  private get learned(): { scale: boolean; center: boolean } {
    return { scale: this.scale || this.rmsScaling, center: this.center && !this.rmsScaling };
  }

  override outputShapeOf(input: Shape): Shape {
    this.positions(input);
    return input;
  }

  protected override createWeights(input: Shape): void {
    const { scale, center } = this.learned;
    this.addAffineWeights(
      this.positions(input).map((i) => input[i] as number),
      scale,
      center,
    );
  }

  override lower(input: Shape, lowering: Lowering) {
    const { epsilon, rmsScaling } = this;
    const axis = this.positions(input).map((i) => i + 1);
    return [{ op: 'layerNormalization', axis, epsilon, rmsScaling, ...this.learned, weights: lowering.weights(this) }];
  }

  protected override config(): Config {
    const { axis, epsilon, rmsScaling } = this;
    return { axis: typeof axis === 'number' ? axis : [...axis], epsilon, rmsScaling, ...this.affineConfig() };
  }
}

export const normalizationLayers = { BatchNormalization, LayerNormalization };
