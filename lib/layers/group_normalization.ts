import type { OpSpec } from '../engine/spec.js';
import { show, ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { AffineLayer, type AffineOptions, affineDefaults } from './affine.js';
import { Layer, type Lowering, type Shape } from './layer.js';

/** Options of {@link GroupNormalization}. Initializers, regularizers and constraints: a name, an instance or a config. */
export interface GroupNormalizationOptions extends AffineOptions {
  /** Groups of neighbouring channels; they must divide the channels. -1: one group for each channel. Default 32. */
  groups?: number;
  /** The axis of the channels, counting the batch dimension as 0. Default -1, the last one. */
  axis?: number;
  /** Added to the variance, 0 or above. Default 0.001. */
  epsilon?: number;
}

/**
 * Group normalization: `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, each sample by itself, with mean and biased variance of
 * each group of channels over all other axes. The same in training and in use. Input of any rank, output of the same shape.
 *
 * Weights: gamma, beta, each `[channels]`.
 * See Wu and He, https://arxiv.org/abs/1803.08494, and https://keras.io/api/layers/normalization_layers/group_normalization/
 * Throws ValueError (ERR_SHAPE) where the groups do not divide the channels, or the axis is not there or its size not known.
 * @example layers.groupNormalization({ groups: 8 })
 */
export class GroupNormalization extends AffineLayer {
  static override readonly className = 'GroupNormalization';
  readonly groups: number;
  readonly axis: number;
  readonly epsilon: number;

  constructor(options: GroupNormalizationOptions = {}) {
    const o = Layer.read('GroupNormalization', options, { ...affineDefaults, groups: 32, axis: -1, epsilon: 1e-3 });
    super(o);
    this.groups = checkNumber(this.className, 'groups', o.groups, { integer: true, min: -1 });
    if (this.groups === 0)
      throw new ValueError(
        `GroupNormalization: 'groups' must be a whole number above 0, or -1 for one a channel. Received: ${show(o.groups)}`,
        'ERR_OUT_OF_RANGE',
      );
    this.axis = checkNumber(this.className, 'axis', o.axis, { integer: true });
    this.epsilon = checkNumber(this.className, 'epsilon', o.epsilon, { min: 0 });
  }

  #channels(input: Shape): number {
    return input[this.knownAxis(input, this.axis)] as number;
  }

  override outputShapeOf(input: Shape): Shape {
    const channels = this.#channels(input);
    if (this.groups > 0 && channels % this.groups !== 0)
      throw new ValueError(
        `${this.label}: 'groups' must divide its channels. Received: ${this.groups} groups for ${channels} channels; give 'groups' such as 1, or -1 for one a channel.`,
        'ERR_SHAPE',
      );
    return input;
  }

  protected override createWeights(input: Shape): void {
    this.addAffineWeights([this.#channels(input)], this.scale, this.center);
  }

  override lower(input: Shape, lowering: Lowering): OpSpec[] {
    const { epsilon, scale, center } = this;
    const axis = this.knownAxis(input, this.axis) + 1;
    const groups = this.groups > 0 ? this.groups : this.#channels(input);
    return [{ op: 'groupNormalization', groups, axis, epsilon, scale, center, weights: lowering.weights(this) }];
  }

  protected override config(): Config {
    const { groups, axis, epsilon } = this;
    return { groups, axis, epsilon, ...this.affineConfig() };
  }
}

export const groupNormalizationLayers = { GroupNormalization };
