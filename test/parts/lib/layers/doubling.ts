import type { OpSpec } from '../../../../lib/engine/spec.js';
import { Layer, type LayerOptions, type Shape } from '../../../../lib/layers/layer.js';
import type { Config } from '../../../../lib/registry.js';

/** `2 x` */
export class Doubling extends Layer {
  static override readonly className = 'Doubling';
  constructor(options?: LayerOptions) {
    super(Layer.read('Doubling', options, {}));
  }
  override outputShapeOf(input: Shape): Shape {
    return input;
  }
  override lower(): OpSpec[] {
    return [{ op: 'doubling' }];
  }
  protected override config(): Config {
    return {};
  }
}

export const doublingLayers = { Doubling };
