import type { OpSpec } from '../engine/spec.js';
import { show, ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { Layer, type LayerOptions, type Lowering, type Shape } from './layer.js';

/** A layer that scales vectors, each by itself: they lie along some axes of its input. */
abstract class VectorNormalization extends Layer {
  readonly axis: number | readonly number[];

  protected constructor(options: LayerOptions, axis: unknown) {
    super(options);
    this.axis = this.readAxes(axis);
  }

  private readAxes(axis: unknown): number | readonly number[] {
    if (!Array.isArray(axis)) return checkNumber(this.className, 'axis', axis, { integer: true });
    if (axis.length === 0)
      throw new ValueError(
        `${this.className}: 'axis' must be an axis or a list of axes, such as -1. Received: ${show(axis)}`,
        'ERR_OUT_OF_RANGE',
      );
    return axis.map((a) => checkNumber(this.className, 'axis', a, { integer: true }));
  }

  /** Its axes, counting the batch dimension as 0, in ascending order. */
  protected axes(input: Shape): number[] {
    const axes = typeof this.axis === 'number' ? [this.axis] : this.axis;
    const found = axes.map((a) => (a < 0 ? a + input.length + 1 : a));
    const bad = found.some((a) => a < 1 || a > input.length) || new Set(found).size < found.length;
    if (bad)
      throw new ValueError(
        `${this.label}: 'axis' must name different axes from 1 to ${input.length} (0 is the batch), or -1 for the last. Received: [${axes.join(', ')}] for samples of shape [${input.map(String).join(', ')}].`,
        'ERR_SHAPE',
      );
    return found.sort((a, b) => a - b);
  }

  override outputShapeOf(input: Shape): Shape {
    this.axes(input);
    return input;
  }

  protected override config(): Config {
    return { axis: typeof this.axis === 'number' ? this.axis : [...this.axis] };
  }
}

/** Options of {@link UnitNormalization}. */
export interface UnitNormalizationOptions extends LayerOptions {
  /** The axis or axes along which vectors lie, counting the batch dimension as 0. Default -1, the last one. */
  axis?: number | readonly number[];
}

/**
 * Makes vectors of length 1: `x / sqrt(max(sum(x ** 2), 1e-12))` along `axis`. Input of any rank, output of the same shape. No weights.
 * See https://keras.io/api/layers/normalization_layers/unit_normalization/
 * @example layers.unitNormalization({ axis: -1 })
 */
export class UnitNormalization extends VectorNormalization {
  static override readonly className = 'UnitNormalization';

  constructor(options?: UnitNormalizationOptions) {
    const o = Layer.read('UnitNormalization', options, { axis: -1 as unknown });
    super(o, o.axis);
  }

  override lower(input: Shape): OpSpec[] {
    return [{ op: 'unitNormalization', axis: this.axes(input) }];
  }
}

/** Options of {@link RMSNormalization}. */
export interface RMSNormalizationOptions extends LayerOptions {
  /** The axis or axes to normalize over, counting the batch dimension as 0. Default -1, the last one. */
  axis?: number | readonly number[];
  /** Added to the mean of the squares, 0 or above. Default 1e-6. */
  epsilon?: number;
}

/**
 * Root mean square normalization: `x / sqrt(mean(x ** 2) + epsilon) * scale` along `axis`. Input of any rank, output of the same shape.
 * Weight: scale, of the sizes of the axes, from ones.
 * See Zhang and Sennrich, https://arxiv.org/abs/1910.07467, and https://keras.io/api/layers/normalization_layers/rms_normalization/
 * Throws ValueError (ERR_SHAPE) where the input has no such axis or its size is not known.
 * @example layers.rmsNormalization()
 */
export class RMSNormalization extends VectorNormalization {
  static override readonly className = 'RMSNormalization';
  readonly epsilon: number;

  constructor(options?: RMSNormalizationOptions) {
    const o = Layer.read('RMSNormalization', options, { axis: -1 as unknown, epsilon: 1e-6 });
    super(o, o.axis);
    this.epsilon = checkNumber('RMSNormalization', 'epsilon', o.epsilon, { min: 0 });
  }

  override outputShapeOf(input: Shape): Shape {
    if (this.axes(input).some((a) => input[a - 1] === null))
      throw new ValueError(
        `${this.label}: the sizes of the axes to normalize must be known. Received samples of shape [${input.map(String).join(', ')}].`,
        'ERR_SHAPE',
      );
    return input;
  }

  protected override createWeights(input: Shape): void {
    const shape = this.axes(input).map((a) => input[a - 1] as number);
    this.addWeight('scale', shape, { initializer: this.initializer('scale', 'ones') });
  }

  override lower(input: Shape, lowering: Lowering): OpSpec[] {
    return [{ op: 'rmsNormalization', axis: this.axes(input), epsilon: this.epsilon, weights: lowering.weights(this) }];
  }

  protected override config(): Config {
    return { ...super.config(), epsilon: this.epsilon };
  }
}

export const vectorNormalizationLayers = { UnitNormalization, RMSNormalization };
