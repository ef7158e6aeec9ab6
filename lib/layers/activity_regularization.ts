import type { OpSpec } from '../engine/spec.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/**
 * Passes its input on unchanged and adds `(l1 * sum(|x|) + l2 * sum(x^2)) / batch size` to the loss.
 * See https://keras.io/api/layers/regularization_layers/activity_regularization/
 * @example layers.activityRegularization({ l2: 1e-3 })
 */
export class ActivityRegularization extends Layer {
  static override readonly className = 'ActivityRegularization';
  static override readonly noActivityRegularizer = "it is one, of 'l1' and 'l2'";
  readonly l1: number;
  readonly l2: number;

  constructor(
    options?: LayerOptions & {
      /** 0 (default) or above. */
      l1?: number;
      /** 0 (default) or above. */
      l2?: number;
    },
  ) {
    const o = Layer.read('ActivityRegularization', options, { l1: 0, l2: 0 });
    super(o);
    this.l1 = checkNumber('ActivityRegularization', 'l1', o.l1, { min: 0 });
    this.l2 = checkNumber('ActivityRegularization', 'l2', o.l2, { min: 0 });
  }

  override outputShapeOf(input: Shape): Shape {
    return input;
  }

  override lower(): OpSpec[] {
    return [{ op: 'activityRegularization', l1: this.l1, l2: this.l2 }];
  }

  protected override config(): Config {
    return { l1: this.l1, l2: this.l2 };
  }
}

export const activityRegularizationLayers = { ActivityRegularization };
