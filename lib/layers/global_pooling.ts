import { checkBoolean } from '../options.js';
import type { Config } from '../registry.js';
import { checkDataFormat, type DataFormat, joinAxes, splitAxes } from './axes.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

export interface GlobalPooling1DOptions extends LayerOptions {
  /** `'channels_last'` (default): samples are `[steps, features]`; `'channels_first'`: `[features, steps]`. */
  dataFormat?: DataFormat | null;
  /** Whether to leave an axis of one step. Default false. */
  keepdims?: boolean;
}

/**
 * The mean over all time steps. Input `[steps, features]`, output `[features]`, or `[1, features]` with `keepdims`.
 * Where steps are masked, the mean is over those kept, and 0 where none is; later layers see no mask.
 * See https://keras.io/api/layers/pooling_layers/global_average_pooling1d/
 * Throws ValueError (ERR_SHAPE) for samples of another rank than 2.
 * @example layers.globalAveragePooling1d()
 */
export class GlobalAveragePooling1D extends Layer {
  static override readonly className = 'GlobalAveragePooling1D';
  static readonly aliases = ['GlobalAvgPool1D', 'global_avg_pool1d'];
  readonly dataFormat: DataFormat;
  readonly keepdims: boolean;

  constructor(options: GlobalPooling1DOptions = {}) {
    const o = Layer.read('GlobalAveragePooling1D', options, { dataFormat: null as unknown, keepdims: false });
    super(o);
    this.dataFormat = checkDataFormat(this.className, o.dataFormat);
    this.keepdims = checkBoolean(this.className, 'keepdims', o.keepdims);
  }

  override outputShapeOf(input: Shape): Shape {
    const { channels } = splitAxes(this.label, input, 1, this.dataFormat);
    return this.keepdims ? joinAxes<number | null>([1], channels, this.dataFormat) : [channels];
  }

  override lower() {
    return [{ op: 'globalAveragePooling1d', dataFormat: this.dataFormat, keepdims: this.keepdims }];
  }

  protected override config(): Config {
    return { dataFormat: this.dataFormat, keepdims: this.keepdims };
  }
}

export const globalPoolingLayers = { GlobalAveragePooling1D };
