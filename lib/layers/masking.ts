import type { OpSpec } from '../engine/spec.js';
import { ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/**
 * Masks time steps: where all features of a step are `maskValue`, later layers, the loss and the metrics leave it out, and its features
 * become 0. Input `[..., features]`, such as `[timesteps, features]`; output the same. See https://keras.io/api/layers/core_layers/masking/
 * @example sequential([layers.masking({ maskValue: -1, inputShape: [20, 8] }), layers.lstm({ units: 16 })])
 */
export class Masking extends Layer {
  static override readonly className = 'Masking';
  readonly maskValue: number;

  constructor(
    options?: LayerOptions & {
      /** Default 0. */
      maskValue?: number;
    },
  ) {
    const o = Layer.read('Masking', options, { maskValue: 0 });
    super(o);
    this.maskValue = checkNumber('Masking', 'maskValue', o.maskValue);
  }

  override outputShapeOf(input: Shape): Shape {
    if (input.length < 1)
      throw new ValueError(
        `${this.label} needs samples of rank 1 or more, [..., features]. Received samples of shape [].`,
        'ERR_SHAPE',
      );
    return input;
  }

  override lower(): OpSpec[] {
    return [{ op: 'masking', maskValue: this.maskValue }];
  }

  protected override config(): Config {
    return { maskValue: this.maskValue };
  }
}

export const maskingLayers = { Masking };
