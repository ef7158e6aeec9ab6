import { ValueError } from '../errors.js';
import { checkBoolean, checkOneOf } from '../options.js';
import type { Config } from '../registry.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

export interface GlobalPooling1DOptions extends LayerOptions {
  /** `'channels_last'` (default): samples are `[steps, features]`; `'channels_first'`: `[features, steps]`. */
  dataFormat?: 'channels_last' | 'channels_first' | null;
  /** Whether to leave an axis of one step. Default false. */
  keepdims?: boolean;
}

/**
 * The mean over all time steps: `[steps, features]` to `[features]`, or to `[1, features]` with `keepdims`.
 * Where steps are masked, the mean is over those kept, and 0 where none is; later layers see no mask.
 * See https://keras.io/api/layers/pooling_layers/global_average_pooling1d/
 * Throws ValueError (ERR_SHAPE) for samples of another rank than 2.
 * @example layers.globalAveragePooling1d()
 */
export class GlobalAveragePooling1D extends Layer {
  static override readonly className = 'GlobalAveragePooling1D';
  static readonly aliases = ['GlobalAvgPool1D', 'global_avg_pool1d'];
  readonly dataFormat: 'channels_last' | 'channels_first';
  readonly keepdims: boolean;

  constructor(options: GlobalPooling1DOptions = {}) {
    const o = Layer.read('GlobalAveragePooling1D', options, { dataFormat: null as unknown, keepdims: false });
    super(o);
    this.dataFormat = checkOneOf(this.className, 'dataFormat', o.dataFormat ?? 'channels_last', [
      'channels_last',
      'channels_first',
    ]);
    this.keepdims = checkBoolean(this.className, 'keepdims', o.keepdims);
  }

  computeOutputShape(input: Shape): Shape {
    if (input.length !== 2)
      throw new ValueError(
        `${this.label} needs samples of rank 2, ${this.dataFormat === 'channels_last' ? '[steps, features]' : '[features, steps]'}. Received samples of shape [${input.map(String)}].`,
        'ERR_SHAPE',
      );
    const [steps, features] = this.dataFormat === 'channels_last' ? [0, 1] : [1, 0];
    if (this.keepdims) return input.map((d, i) => (i === steps ? 1 : d));
    return [input[features]];
  }

  lower() {
    return [{ op: 'globalAveragePooling1d', dataFormat: this.dataFormat, keepdims: this.keepdims }];
  }

  protected config(): Config {
    return { dataFormat: this.dataFormat, keepdims: this.keepdims };
  }
}

export const globalPoolingLayers = [GlobalAveragePooling1D] as const;
