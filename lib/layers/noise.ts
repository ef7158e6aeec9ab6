import type { OpSpec } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { checkDataFormat, type DataFormat, joinAxes, splitAxes } from './axes.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/** Options of layers that make noise while a model trains; `evaluate` and `predict` go through them unchanged. */
export interface NoiseOptions extends LayerOptions {
  /** Makes the layer's noise follow from this whole number, not from that of `setRandomSeed`. Default null. */
  seed?: number | null;
}

export interface DropoutOptions extends NoiseOptions {
  /** The part of the inputs that is dropped, from 0 to 1. */
  rate: number;
  /**
   * The shape of the draw, the batch's axis first: 1 where all along an axis are dropped or kept together, null or the axis's size elsewhere.
   * `[null, 1, null]` drops whole features of `[timesteps, features]`. Default null: every input by itself.
   */
  noiseShape?: readonly (number | null)[] | null;
}

const defaults = { rate: undefined as number | undefined, seed: null as number | null };

abstract class Noise extends Layer {
  readonly seed: number | null;

  constructor(options: NoiseOptions) {
    super(options);
    const seed = options.seed ?? null;
    this.seed = seed === null ? null : checkNumber(this.className, 'seed', seed, { integer: true });
  }

  override outputShapeOf(input: Shape): Shape {
    return input;
  }

  /** An op with the seed, where one was given. */
  protected noise(op: OpSpec): OpSpec[] {
    return [this.seed === null ? op : { ...op, seed: this.seed }];
  }
}

/** What Dropout and AlphaDropout share. */
abstract class Drop extends Noise {
  readonly rate: number;
  readonly noiseShape: readonly (number | null)[] | null;
  protected abstract readonly op: string;

  protected constructor(options: Partial<DropoutOptions>, range: { max: number } | { below: number }) {
    super(options);
    this.rate = checkNumber(this.className, 'rate', options.rate, { min: 0, ...range });
    const shape = options.noiseShape ?? null;
    if (shape !== null && !Array.isArray(shape))
      throw typeError(`${this.className}: 'noiseShape' must be an array of whole numbers or null. Received: ${show(shape)}`);
    if (shape && !shape.every((d) => d === null || (Number.isInteger(d) && d > 0)))
      throw new ValueError(
        `${this.className}: 'noiseShape' must hold whole numbers above 0, or null. Received: ${show(shape)}`,
        'ERR_SHAPE',
      );
    this.noiseShape = shape && [...shape];
  }

  override outputShapeOf(input: Shape): Shape {
    const shape = this.noiseShape;
    if (!shape) return input;
    const fits =
      shape.length === input.length + 1 &&
      input.every((d, i) => shape[i + 1] === null || shape[i + 1] === 1 || d === null || shape[i + 1] === d);
    if (!fits)
      throw new ValueError(
        `${this.label}: 'noiseShape' must be [batch, ${input.map(String).join(', ')}], where axes may be null, or 1 to share a draw. Received: ${show(shape)}`,
        'ERR_SHAPE',
      );
    return input;
  }

  override lower(): OpSpec[] {
    const shape = this.noiseShape?.map((d, i) => (d === null || (i === 0 && d !== 1) ? 0 : d));
    return this.noise({ op: this.op, rate: this.rate, ...(shape ? { noiseShape: shape } : {}) });
  }

  protected override config(): Config {
    return { rate: this.rate, seed: this.seed, noiseShape: this.noiseShape && [...this.noiseShape] };
  }
}

/**
 * Sets inputs to 0 with probability `rate` while training, and multiplies the others by `1 / (1 - rate)`, so that their sum stays.
 * See https://keras.io/api/layers/regularization_layers/dropout/
 * @example layers.dropout({ rate: 0.5 })
 */
export class Dropout extends Drop {
  static override readonly className = 'Dropout';
  protected readonly op = 'dropout';
  constructor(options: DropoutOptions) {
    super(Layer.read('Dropout', options, { ...defaults, noiseShape: null as DropoutOptions['noiseShape'] }), { max: 1 });
  }
}

/**
 * Dropout that keeps mean and variance of what went through SELU: dropped inputs take the value at which it saturates.
 * See https://keras.io/api/layers/regularization_layers/alpha_dropout/
 * @example layers.alphaDropout({ rate: 0.1 })
 */
export class AlphaDropout extends Drop {
  static override readonly className = 'AlphaDropout';
  protected readonly op = 'alphaDropout';
  /** `rate`: from 0 to less than 1. */
  constructor(options: DropoutOptions) {
    super(Layer.read('AlphaDropout', options, { ...defaults, noiseShape: null as DropoutOptions['noiseShape'] }), { below: 1 });
  }
}

/** Dropout of whole channels. */
abstract class SpatialDropout extends Noise {
  static override readonly noActivityRegularizer: string | undefined =
    "Keras's has no such option; put layers.activityRegularization after it";
  readonly rate: number;
  protected abstract readonly rank: number;

  constructor(
    options: Partial<DropoutOptions>,
    readonly dataFormat: DataFormat,
  ) {
    super(options);
    this.rate = checkNumber(this.className, 'rate', options.rate, { min: 0, max: 1 });
  }

  override outputShapeOf(input: Shape): Shape {
    splitAxes(this.label, input, this.rank, this.dataFormat);
    return input;
  }

  override lower(): OpSpec[] {
    const shape = joinAxes(new Array<number>(this.rank).fill(1), 0, this.dataFormat);
    return this.noise({ op: 'dropout', rate: this.rate, noiseShape: [0, ...shape] });
  }

  protected override config(): Config {
    return { rate: this.rate, seed: this.seed, ...(this.rank > 1 ? { dataFormat: this.dataFormat } : {}) };
  }
}

/** Options of {@link SpatialDropout2D} and {@link SpatialDropout3D}. */
export interface SpatialDropoutOptions extends NoiseOptions {
  /** The part of the channels that is dropped, from 0 to 1. */
  rate: number;
  /** `'channels_last'` (default) or `'channels_first'`. */
  dataFormat?: string | null;
}

/**
 * Dropout of whole features: each is dropped or kept at all steps. Input `[timesteps, features]`.
 * See https://keras.io/api/layers/regularization_layers/spatial_dropout1d/
 * @example layers.spatialDropout1D({ rate: 0.2 })
 */
export class SpatialDropout1D extends SpatialDropout {
  static override readonly className = 'SpatialDropout1D';
  protected readonly rank = 1;
  constructor(options: Omit<DropoutOptions, 'noiseShape'>) {
    super(Layer.read('SpatialDropout1D', options, defaults), 'channels_last');
  }
}

/**
 * Dropout of whole feature maps. Input `[height, width, channels]`.
 * See https://keras.io/api/layers/regularization_layers/spatial_dropout2d/
 * @example layers.spatialDropout2D({ rate: 0.2 })
 */
export class SpatialDropout2D extends SpatialDropout {
  static override readonly className = 'SpatialDropout2D';
  protected readonly rank = 2;
  constructor(options: SpatialDropoutOptions) {
    const o = Layer.read('SpatialDropout2D', options, { ...defaults, dataFormat: null as string | null });
    super(o, checkDataFormat('SpatialDropout2D', o.dataFormat));
  }
}

/**
 * Dropout of whole feature maps. Input `[depth, height, width, channels]`.
 * See https://keras.io/api/layers/regularization_layers/spatial_dropout3d/
 * @example layers.spatialDropout3D({ rate: 0.2 })
 */
export class SpatialDropout3D extends SpatialDropout {
  static override readonly className = 'SpatialDropout3D';
  protected readonly rank = 3;
  constructor(options: SpatialDropoutOptions) {
    const o = Layer.read('SpatialDropout3D', options, { ...defaults, dataFormat: null as string | null });
    super(o, checkDataFormat('SpatialDropout3D', o.dataFormat));
  }
}

/**
 * Adds normally distributed noise of mean 0 while training. See https://keras.io/api/layers/regularization_layers/gaussian_noise/
 * @example layers.gaussianNoise({ stddev: 0.1 })
 */
export class GaussianNoise extends Noise {
  static override readonly className = 'GaussianNoise';
  readonly stddev: number;

  constructor(
    options: NoiseOptions & {
      /** The noise's standard deviation, 0 or above. */
      stddev: number;
    },
  ) {
    const o = Layer.read('GaussianNoise', options, { stddev: undefined as number | undefined, seed: null as number | null });
    super(o);
    this.stddev = checkNumber('GaussianNoise', 'stddev', o.stddev, { min: 0 });
  }

  override lower(): OpSpec[] {
    return this.noise({ op: 'gaussianNoise', stddev: this.stddev });
  }

  protected override config(): Config {
    return { stddev: this.stddev, seed: this.seed };
  }
}

/**
 * Multiplies by normally distributed noise of mean 1 and variance `rate / (1 - rate)` while training.
 * See https://keras.io/api/layers/regularization_layers/gaussian_dropout/
 * @example layers.gaussianDropout({ rate: 0.2 })
 */
export class GaussianDropout extends Noise {
  static override readonly className = 'GaussianDropout';
  readonly rate: number;

  constructor(
    options: NoiseOptions & {
      /** From 0 to less than 1. */
      rate: number;
    },
  ) {
    const o = Layer.read('GaussianDropout', options, defaults);
    super(o);
    this.rate = checkNumber('GaussianDropout', 'rate', o.rate, { min: 0, below: 1 });
  }

  override lower(): OpSpec[] {
    return this.noise({ op: 'gaussianDropout', rate: this.rate });
  }

  protected override config(): Config {
    return { rate: this.rate, seed: this.seed };
  }
}

export const noiseLayers = {
  Dropout,
  SpatialDropout1D,
  SpatialDropout2D,
  SpatialDropout3D,
  AlphaDropout,
  GaussianNoise,
  GaussianDropout,
};
