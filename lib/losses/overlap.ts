import { show, typeError, ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { checkLastAxis, Loss, type LossOptions, type LossSpec } from './loss.js';

export interface OverlapOptions extends LossOptions {
  /** Null (default): one value for the whole batch. -1 or a list that holds it alone: one for each vector along the last axis. */
  axis?: number | readonly number[] | null;
}

/** The overlap of regions as a loss: over the whole batch, or along the last axis. */
abstract class OverlapLoss extends Loss {
  readonly axis: number | readonly number[] | null;
  override readonly wholeBatch: boolean;
  protected constructor(className: string, options: OverlapOptions) {
    super(options);
    const axis = options.axis ?? null;
    for (const a of axis === null ? [] : Array.isArray(axis) ? axis : [axis])
      if (!Number.isInteger(a)) throw typeError(`${className}: 'axis' must be null or whole numbers. Received: ${show(axis)}`);
    this.axis = axis;
    this.wholeBatch = axis === null;
    if (axis !== null) this.lastAxis(className);
  }
  private lastAxis(className: string): number {
    const axes = typeof this.axis === 'number' ? [this.axis] : (this.axis ?? []);
    if (axes.length === 1 && (axes[0] === -1 || axes[0] > 0)) return axes[0];
    throw new ValueError(
      `${className}: 'axis' must be null (the whole batch) or the last axis, -1. Received: ${show(this.axis)}. ` +
        'For one value a sample, flatten the predictions with a Flatten layer and the labels likewise, and use -1.',
      'ERR_OUT_OF_RANGE',
    );
  }
  override checkOutput(shape: readonly number[]): void {
    if (this.axis !== null) checkLastAxis(this.className, this.lastAxis(this.className), shape);
  }
  protected override config(): Config {
    return { axis: this.axis };
  }
}

/**
 * `1 - 2 sum(y p) / (sum(y) + sum(p) + 1e-7)`: for segmentation. Over the whole batch (the reduction then has nothing to do, and sample weights
 * scale it by their mean), or with `axis: -1` for each vector along the last axis.
 * Keras: https://keras.io/api/losses/regression_losses/
 * @example model.compile({ optimizer: 'adam', loss: losses.dice({ axis: -1 }) })
 */
export class Dice extends OverlapLoss {
  static override readonly className = 'Dice';
  constructor(options: OverlapOptions = {}) {
    super('Dice', Loss.read('Dice', options, { axis: null as OverlapOptions['axis'] }));
  }
  spec(): LossSpec {
    return { loss: 'dice', whole: this.wholeBatch };
  }
}

export interface TverskyOptions extends OverlapOptions {
  /** Weight of labels that were missed, `sum((1 - p) y)`. At least 0, default 0.5. */
  alpha?: number;
  /** Weight of predictions without a label, `sum(p (1 - y))`. At least 0, default 0.5. */
  beta?: number;
}

/**
 * `1 - I / (I + alpha sum((1 - p) y) + beta sum(p (1 - y)) + 1e-7)` with `I = sum(y p)`: {@link Dice} where both weights are 0.5.
 * Keras's own text calls alpha the weight of false positives; what it computes, and what is computed here, is the above.
 * (Salehi et al., 2017: https://arxiv.org/abs/1706.05721)
 * @example model.compile({ optimizer: 'adam', loss: losses.tversky({ alpha: 0.3, beta: 0.7 }) })
 */
export class Tversky extends OverlapLoss {
  static override readonly className = 'Tversky';
  readonly alpha: number;
  readonly beta: number;
  constructor(options: TverskyOptions = {}) {
    const o = Loss.read('Tversky', options, { alpha: 0.5, beta: 0.5, axis: null as OverlapOptions['axis'] });
    super('Tversky', o);
    this.alpha = checkNumber('Tversky', 'alpha', o.alpha, { min: 0 });
    this.beta = checkNumber('Tversky', 'beta', o.beta, { min: 0 });
  }
  spec(): LossSpec {
    return { loss: 'tversky', alpha: this.alpha, beta: this.beta, whole: this.wholeBatch };
  }
  protected override config(): Config {
    return { alpha: this.alpha, beta: this.beta, ...super.config() };
  }
}

export const dice = (options?: OverlapOptions): Dice => new Dice(options);
export const tversky = (options?: TverskyOptions): Tversky => new Tversky(options);
