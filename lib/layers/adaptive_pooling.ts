import type { OpSpec } from '../engine/spec.js';
import type { Config } from '../registry.js';
import { checkDataFormat, checkSizes, type DataFormat, joinAxes, type Sizes, splitAxes } from './axes.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/** Options of the adaptive pooling layers. */
export interface AdaptivePoolingOptions extends LayerOptions {
  /** Size of the output: one whole number from 1 on for all spatial axes, or one for each. */
  outputSize: Sizes;
  /** `'channels_last'` (`[..., channels]`, the default) or `'channels_first'` (`[channels, ...]`). */
  dataFormat?: DataFormat | null;
}

/** Window i of n over an axis of size s goes from floor(i s / n) to ceil((i + 1) s / n): of any input it makes the same output size. */
abstract class AdaptivePooling extends Layer {
  readonly outputSize: readonly number[];
  readonly dataFormat: DataFormat;
  readonly #kind: 'max' | 'average';

  constructor(kind: 'max' | 'average', rank: number, options: AdaptivePoolingOptions) {
    const where = new.target.className;
    const o = Layer.read(where, options, { outputSize: undefined as unknown, dataFormat: null as unknown });
    super(o);
    this.#kind = kind;
    this.outputSize = checkSizes(where, 'outputSize', o.outputSize, rank);
    this.dataFormat = checkDataFormat(where, o.dataFormat);
  }

  override outputShapeOf(input: Shape): Shape {
    const { channels } = splitAxes(this.label, input, this.outputSize.length, this.dataFormat);
    return joinAxes<number | null>(this.outputSize, channels, this.dataFormat);
  }

  override lower(): OpSpec[] {
    const { outputSize, dataFormat } = this;
    return [
      {
        op: 'pooling',
        kind: this.#kind,
        rank: outputSize.length,
        channelsFirst: dataFormat === 'channels_first',
        outputs: [...outputSize],
      },
    ];
  }

  protected override config(): Config {
    return { outputSize: [...this.outputSize], dataFormat: this.dataFormat };
  }
}

/**
 * The mean of windows as equal as can be. Input `[steps, channels]`, output `[outputSize, channels]`.
 * @example layers.adaptiveAveragePooling1D({ outputSize: 8 })
 */
export class AdaptiveAveragePooling1D extends AdaptivePooling {
  static override readonly className = 'AdaptiveAveragePooling1D';
  constructor(options: AdaptivePoolingOptions) {
    super('average', 1, options);
  }
}

/**
 * The mean of windows as equal as can be. Input `[height, width, channels]`, output `[...outputSize, channels]` whatever the image's size.
 * @example layers.adaptiveAveragePooling2D({ outputSize: [7, 7] })
 */
export class AdaptiveAveragePooling2D extends AdaptivePooling {
  static override readonly className = 'AdaptiveAveragePooling2D';
  constructor(options: AdaptivePoolingOptions) {
    super('average', 2, options);
  }
}

/**
 * {@link AdaptiveAveragePooling2D} for volumes. Input `[depth, height, width, channels]`.
 * @example layers.adaptiveAveragePooling3D({ outputSize: [2, 4, 4] })
 */
export class AdaptiveAveragePooling3D extends AdaptivePooling {
  static override readonly className = 'AdaptiveAveragePooling3D';
  constructor(options: AdaptivePoolingOptions) {
    super('average', 3, options);
  }
}

/**
 * The largest element of windows as equal as can be. Input `[steps, channels]`, output `[outputSize, channels]`.
 * @example layers.adaptiveMaxPooling1D({ outputSize: 8 })
 */
export class AdaptiveMaxPooling1D extends AdaptivePooling {
  static override readonly className = 'AdaptiveMaxPooling1D';
  constructor(options: AdaptivePoolingOptions) {
    super('max', 1, options);
  }
}

/**
 * The largest element of windows as equal as can be. Input `[height, width, channels]`, output `[...outputSize, channels]`.
 * @example layers.adaptiveMaxPooling2D({ outputSize: 7 })
 */
export class AdaptiveMaxPooling2D extends AdaptivePooling {
  static override readonly className = 'AdaptiveMaxPooling2D';
  constructor(options: AdaptivePoolingOptions) {
    super('max', 2, options);
  }
}

/**
 * {@link AdaptiveMaxPooling2D} for volumes. Input `[depth, height, width, channels]`.
 * @example layers.adaptiveMaxPooling3D({ outputSize: [2, 4, 4] })
 */
export class AdaptiveMaxPooling3D extends AdaptivePooling {
  static override readonly className = 'AdaptiveMaxPooling3D';
  constructor(options: AdaptivePoolingOptions) {
    super('max', 3, options);
  }
}

export const adaptivePoolingLayers = {
  AdaptiveAveragePooling1D,
  AdaptiveAveragePooling2D,
  AdaptiveAveragePooling3D,
  AdaptiveMaxPooling1D,
  AdaptiveMaxPooling2D,
  AdaptiveMaxPooling3D,
};
