import type { OpSpec } from '../engine/spec.js';
import { ValueError } from '../errors.js';
import { checkBoolean, checkOneOf } from '../options.js';
import type { Config } from '../registry.js';
import { checkDataFormat, checkSizes, type DataFormat, joinAxes, type Sizes, splitAxes } from './axes.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/** What a window becomes: its largest element, or the mean of those that are inside of the image. */
type Kind = 'max' | 'average';

/** Options of the pooling layers with windows. */
export interface PoolingOptions extends LayerOptions {
  /** Size of a window: one whole number from 1 on for all spatial axes, or one for each. Default 2. */
  poolSize?: Sizes;
  /** Steps from window to window, as `poolSize`. Default: `poolSize`, so that windows lie side by side. */
  strides?: Sizes | null;
  /** `'valid'`: only whole windows; `'same'`: `ceil(size / stride)` windows, which reach beyond the image evenly on both sides. Default `'valid'`. */
  padding?: 'valid' | 'same';
  /** `'channels_last'` (`[..., channels]`, the default) or `'channels_first'` (`[channels, ...]`). */
  dataFormat?: DataFormat | null;
}

abstract class WindowPooling extends Layer {
  readonly poolSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: 'valid' | 'same';
  readonly dataFormat: DataFormat;
  readonly #kind: Kind;
  readonly #rank: number;

  constructor(kind: Kind, rank: number, options: PoolingOptions | undefined) {
    const where = new.target.className;
    const o = Layer.read(where, options, {
      poolSize: 2 as unknown,
      strides: null as unknown,
      padding: 'valid' as unknown,
      dataFormat: null as unknown,
    });
    super(o);
    this.#kind = kind;
    this.#rank = rank;
    this.poolSize = checkSizes(where, 'poolSize', o.poolSize, rank);
    this.strides = o.strides === null ? this.poolSize : checkSizes(where, 'strides', o.strides, rank);
    this.padding = checkOneOf(where, 'padding', typeof o.padding === 'string' ? o.padding.toLowerCase() : o.padding, [
      'valid',
      'same',
    ] as const);
    this.dataFormat = checkDataFormat(where, o.dataFormat);
  }

  override outputShapeOf(input: Shape): Shape {
    const { spatial, channels } = splitAxes(this.label, input, this.#rank, this.dataFormat);
    const out = spatial.map((n, i) => {
      if (n === null) return null;
      if (this.padding === 'same') return Math.ceil(n / this.strides[i]);
      if (n < this.poolSize[i])
        throw new ValueError(
          `${this.label}: a window of [${this.poolSize.join(', ')}] does not fit into samples of shape [${input.map(String).join(', ')}]. Give a smaller 'poolSize' or padding: 'same'.`,
          'ERR_SHAPE',
        );
      return Math.floor((n - this.poolSize[i]) / this.strides[i]) + 1;
    });
    return joinAxes(out, channels, this.dataFormat);
  }

  override lower(): OpSpec[] {
    const { poolSize, strides, padding } = this;
    return [{ ...poolingSpec(this.#kind, this.#rank, this.dataFormat), size: [...poolSize], strides: [...strides], padding }];
  }

  protected override config(): Config {
    return { poolSize: [...this.poolSize], padding: this.padding, strides: [...this.strides], dataFormat: this.dataFormat };
  }
}

function poolingSpec(kind: Kind, rank: number, format: DataFormat): OpSpec {
  return { op: 'pooling', kind, rank, channelsFirst: format === 'channels_first' };
}

/**
 * The largest element of each window of a sequence. Input `[steps, channels]`, output `[windows, channels]`.
 * See https://keras.io/api/layers/pooling_layers/max_pooling1d/
 * @example layers.maxPooling1D({ poolSize: 2 })
 */
export class MaxPooling1D extends WindowPooling {
  static override readonly className = 'MaxPooling1D';
  static readonly aliases = ['MaxPool1D'];
  constructor(options?: PoolingOptions) {
    super('max', 1, options);
  }
}

/**
 * The largest element of each window of an image. Input `[height, width, channels]`; with the defaults the output is
 * `[floor(height / 2), floor(width / 2), channels]`. Where elements are equal, the gradient goes to the first of them.
 * See https://keras.io/api/layers/pooling_layers/max_pooling2d/
 * @example layers.maxPooling2D({ poolSize: [2, 2] })
 */
export class MaxPooling2D extends WindowPooling {
  static override readonly className = 'MaxPooling2D';
  static readonly aliases = ['MaxPool2D'];
  constructor(options?: PoolingOptions) {
    super('max', 2, options);
  }
}

/**
 * {@link MaxPooling2D} for volumes. Input `[depth, height, width, channels]`. See https://keras.io/api/layers/pooling_layers/max_pooling3d/
 * @example layers.maxPooling3D({ poolSize: [1, 2, 2] })
 */
export class MaxPooling3D extends WindowPooling {
  static override readonly className = 'MaxPooling3D';
  static readonly aliases = ['MaxPool3D'];
  constructor(options?: PoolingOptions) {
    super('max', 3, options);
  }
}

/**
 * The mean of each window of a sequence. Input `[steps, channels]`, output `[windows, channels]`. With padding `'same'` a window at the
 * edge is the mean of the steps that are there. See https://keras.io/api/layers/pooling_layers/average_pooling1d/
 * @example layers.averagePooling1D({ poolSize: 3, strides: 1, padding: 'same' })
 */
export class AveragePooling1D extends WindowPooling {
  static override readonly className = 'AveragePooling1D';
  static readonly aliases = ['AvgPool1D'];
  constructor(options?: PoolingOptions) {
    super('average', 1, options);
  }
}

/**
 * The mean of each window of an image. Input `[height, width, channels]`. See https://keras.io/api/layers/pooling_layers/average_pooling2d/
 * @example layers.averagePooling2D({ poolSize: 2 })
 */
export class AveragePooling2D extends WindowPooling {
  static override readonly className = 'AveragePooling2D';
  static readonly aliases = ['AvgPool2D'];
  constructor(options?: PoolingOptions) {
    super('average', 2, options);
  }
}

/**
 * The mean of each window of a volume. Input `[depth, height, width, channels]`. See https://keras.io/api/layers/pooling_layers/average_pooling3d/
 * @example layers.averagePooling3D({ poolSize: [1, 2, 2] })
 */
export class AveragePooling3D extends WindowPooling {
  static override readonly className = 'AveragePooling3D';
  static readonly aliases = ['AvgPool3D'];
  constructor(options?: PoolingOptions) {
    super('average', 3, options);
  }
}

/** Options of the pooling layers that make one number of a whole channel. */
export interface GlobalPoolingOptions extends LayerOptions {
  /** `'channels_last'` (`[..., channels]`, the default) or `'channels_first'` (`[channels, ...]`). */
  dataFormat?: DataFormat | null;
  /** Whether the output keeps the spatial axes, of size 1. Default false: the output is `[channels]`. */
  keepdims?: boolean;
}

abstract class GlobalPooling extends Layer {
  readonly dataFormat: DataFormat;
  readonly keepdims: boolean;
  readonly #kind: Kind;
  readonly #rank: number;

  constructor(kind: Kind, rank: number, options: GlobalPoolingOptions | undefined) {
    const where = new.target.className;
    const o = Layer.read(where, options, { dataFormat: null as unknown, keepdims: false });
    super(o);
    this.#kind = kind;
    this.#rank = rank;
    this.dataFormat = checkDataFormat(where, o.dataFormat);
    this.keepdims = checkBoolean(where, 'keepdims', o.keepdims);
  }

  override outputShapeOf(input: Shape): Shape {
    const { spatial, channels } = splitAxes(this.label, input, this.#rank, this.dataFormat);
    return this.keepdims
      ? joinAxes(
          spatial.map(() => 1),
          channels,
          this.dataFormat,
        )
      : [channels];
  }

  override lower(): OpSpec[] {
    return [{ ...poolingSpec(this.#kind, this.#rank, this.dataFormat), global: true, keepdims: this.keepdims }];
  }

  protected override config(): Config {
    return { dataFormat: this.dataFormat, keepdims: this.keepdims };
  }
}

/**
 * The largest element of each channel over all steps. Input `[steps, channels]`, output `[channels]`. See https://keras.io/api/layers/pooling_layers/global_max_pooling1d/
 * @example layers.globalMaxPooling1D()
 */
export class GlobalMaxPooling1D extends GlobalPooling {
  static override readonly className = 'GlobalMaxPooling1D';
  static readonly aliases = ['GlobalMaxPool1D'];
  constructor(options?: GlobalPoolingOptions) {
    super('max', 1, options);
  }
}

/**
 * The largest element of each channel of an image. Input `[height, width, channels]`, output `[channels]`. See https://keras.io/api/layers/pooling_layers/global_max_pooling2d/
 * @example layers.globalMaxPooling2D({ keepdims: true }) // [1, 1, channels]
 */
export class GlobalMaxPooling2D extends GlobalPooling {
  static override readonly className = 'GlobalMaxPooling2D';
  static readonly aliases = ['GlobalMaxPool2D'];
  constructor(options?: GlobalPoolingOptions) {
    super('max', 2, options);
  }
}

/**
 * The largest element of each channel of a volume. Input `[depth, height, width, channels]`, output `[channels]`. See https://keras.io/api/layers/pooling_layers/global_max_pooling3d/
 * @example layers.globalMaxPooling3D()
 */
export class GlobalMaxPooling3D extends GlobalPooling {
  static override readonly className = 'GlobalMaxPooling3D';
  static readonly aliases = ['GlobalMaxPool3D'];
  constructor(options?: GlobalPoolingOptions) {
    super('max', 3, options);
  }
}

/**
 * The mean of each channel of an image. Input `[height, width, channels]`, output `[channels]`.
 * See https://keras.io/api/layers/pooling_layers/global_average_pooling2d/
 * @example layers.globalAveragePooling2D({ keepdims: true }) // [1, 1, channels]
 */
export class GlobalAveragePooling2D extends GlobalPooling {
  static override readonly className = 'GlobalAveragePooling2D';
  static readonly aliases = ['GlobalAvgPool2D'];
  constructor(options?: GlobalPoolingOptions) {
    super('average', 2, options);
  }
}

/**
 * The mean of each channel of a volume. Input `[depth, height, width, channels]`, output `[channels]`. See https://keras.io/api/layers/pooling_layers/global_average_pooling3d/
 * @example layers.globalAveragePooling3D()
 */
export class GlobalAveragePooling3D extends GlobalPooling {
  static override readonly className = 'GlobalAveragePooling3D';
  static readonly aliases = ['GlobalAvgPool3D'];
  constructor(options?: GlobalPoolingOptions) {
    super('average', 3, options);
  }
}

export const poolingLayers = {
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
  AveragePooling1D,
  AveragePooling2D,
  AveragePooling3D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  GlobalMaxPooling3D,
  GlobalAveragePooling2D,
  GlobalAveragePooling3D,
};
