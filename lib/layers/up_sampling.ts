import type { OpSpec } from '../engine/spec.js';
import { checkOneOf } from '../options.js';
import type { Config } from '../registry.js';
import { checkDataFormat, checkSizes, type DataFormat, joinAxes, type Sizes, splitAxes } from './axes.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/** How cells between cells come about. 'area' by a whole factor is 'nearest'. */
const interpolations = ['nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5', 'gaussian', 'mitchellcubic', 'area'] as const;
export type Interpolation = (typeof interpolations)[number];

/** Options of {@link UpSampling1D}. */
export interface UpSampling1DOptions extends LayerOptions {
  /** How often each step is repeated: a whole number from 1 on. Default 2. */
  size?: number;
}

/** Options of {@link UpSampling3D}. */
export interface UpSampling3DOptions extends LayerOptions {
  /** Factor of all axes, or one for each: whole numbers from 1 on. Default 2. */
  size?: Sizes;
  /** `'channels_last'` (`[..., channels]`, the default) or `'channels_first'` (`[channels, ...]`). */
  dataFormat?: DataFormat | null;
}

/** Options of {@link UpSampling2D}. */
export interface UpSampling2DOptions extends UpSampling3DOptions {
  /**
   * `'nearest'` repeats cells (default). The others weigh neighbours by their distance, cells lying at their centres:
   * `'bilinear'`, `'bicubic'` (Keys, a = -0.5), `'lanczos3'`, `'lanczos5'`; Keras 2 also had `'gaussian'`, `'mitchellcubic'` and `'area'`.
   */
  interpolation?: Interpolation;
}

abstract class UpSampling extends Layer {
  readonly size: readonly number[];
  readonly dataFormat: DataFormat;
  readonly interpolation: Interpolation;

  protected constructor(options: LayerOptions, rank: number, size: unknown, dataFormat: unknown, interpolation: unknown) {
    super(options);
    const where = this.className;
    this.size = checkSizes(where, 'size', size, rank);
    this.dataFormat = checkDataFormat(where, dataFormat);
    this.interpolation = checkOneOf(
      where,
      'interpolation',
      typeof interpolation === 'string' ? interpolation.toLowerCase() : interpolation,
      interpolations,
    );
  }

  override outputShapeOf(input: Shape): Shape {
    const { spatial, channels } = splitAxes(this.label, input, this.size.length, this.dataFormat);
    return joinAxes(
      spatial.map((n, i) => (n === null ? null : n * this.size[i])),
      channels,
      this.dataFormat,
    );
  }

  override lower(): OpSpec[] {
    const { size, dataFormat, interpolation } = this;
    return [
      {
        op: 'upSampling',
        rank: size.length,
        size: [...size],
        channelsFirst: dataFormat === 'channels_first',
        interpolation: interpolation === 'area' ? 'nearest' : interpolation,
      },
    ];
  }

  protected override config(): Config {
    return { size: [...this.size], dataFormat: this.dataFormat };
  }
}

/**
 * Repeats each step of a sequence. Input `[steps, channels]`, output `[steps * size, channels]`.
 * See https://keras.io/api/layers/reshaping_layers/up_sampling1d/
 * @example layers.upSampling1D({ size: 2 })
 */
export class UpSampling1D extends UpSampling {
  static override readonly className = 'UpSampling1D';
  constructor(options?: UpSampling1DOptions) {
    const o = Layer.read('UpSampling1D', options, { size: 2 as unknown });
    super(o, 1, o.size, null, 'nearest');
  }
  protected override config(): Config {
    return { size: this.size[0] };
  }
}

/**
 * Enlarges images by whole factors. Input `[height, width, channels]`, output `[height * size[0], width * size[1], channels]`.
 * Interpolation follows the formulas in full; TensorFlow's bicubic rounds its weights to a table, so that it differs by up to 1e-3 where
 * the factor is no power of 2. See https://keras.io/api/layers/reshaping_layers/up_sampling2d/
 * @example layers.upSampling2D({ size: 2, interpolation: 'bilinear' })
 */
export class UpSampling2D extends UpSampling {
  static override readonly className = 'UpSampling2D';
  constructor(options?: UpSampling2DOptions) {
    const o = Layer.read('UpSampling2D', options, {
      size: 2 as unknown,
      dataFormat: null as unknown,
      interpolation: 'nearest' as unknown,
    });
    super(o, 2, o.size, o.dataFormat, o.interpolation);
  }
  protected override config(): Config {
    return { ...super.config(), interpolation: this.interpolation };
  }
}

/**
 * Repeats the cells of a volume. Input `[depth, height, width, channels]`. See https://keras.io/api/layers/reshaping_layers/up_sampling3d/
 * @example layers.upSampling3D({ size: [1, 2, 2] })
 */
export class UpSampling3D extends UpSampling {
  static override readonly className = 'UpSampling3D';
  constructor(options?: UpSampling3DOptions) {
    const o = Layer.read('UpSampling3D', options, { size: 2 as unknown, dataFormat: null as unknown });
    super(o, 3, o.size, o.dataFormat, 'nearest');
  }
}

export const upSamplingLayers = { UpSampling1D, UpSampling2D, UpSampling3D };
