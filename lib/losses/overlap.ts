import { show, typeError, ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { Loss, type LossOptions, type LossSpec } from './loss.js';

export interface OverlapOptions extends LossOptions {
  /**
   * The axes that are summed over, as Keras counts them: 0 is the batch, -1 the last. There is one value for each element of the other axes: with
   * `[1, 2, 3]` for each image, with `[0, 1, 2]` for each channel of the batch. Null (default): all axes.
   */
  axis?: number | readonly number[] | null;
}

/** The overlap of regions as a loss, over the axes one names. */
abstract class OverlapLoss extends Loss {
  readonly axis: number | readonly number[] | null;
  override readonly wholeBatch: boolean;
  protected constructor(className: string, options: OverlapOptions) {
    super(options);
    const axis = options.axis ?? null;
    for (const a of Array.isArray(axis) ? axis : axis === null ? [] : [axis])
      if (!Number.isInteger(a)) throw typeError(`${className}: 'axis' must be null or whole numbers. Received: ${show(axis)}`);
    this.axis = Array.isArray(axis) ? [...axis] : axis;
    this.wholeBatch = String(this.axis) !== '-1';
  }

  get #axes(): readonly number[] {
    const { axis } = this;
    return typeof axis === 'number' ? [axis] : (axis ?? []);
  }

  override checkOutput(shape: readonly number[]): void {
    const rank = shape.length + 1;
    const indices = this.#axes.map((a) => (a < 0 ? a + rank : a));
    if (indices.some((i) => i < 0 || i >= rank))
      throw new ValueError(
        `${this.className}: 'axis' must be 0 (the batch) to ${rank - 1}, or -1 to -${rank} from the end, for predictions of shape ` +
          `[null, ${shape.join(', ')}]. Received: ${show(this.axis)}`,
        'ERR_OUT_OF_RANGE',
      );
    if (new Set(indices).size < indices.length)
      throw new ValueError(
        `${this.className}: 'axis' must name each axis once. Received: ${show(this.axis)}`,
        'ERR_OUT_OF_RANGE',
      );
  }
  /** What the engine is told of the axes. */
  protected axesSpec(): { whole: boolean; axes?: number[] } {
    return { whole: this.wholeBatch, ...(this.wholeBatch && this.axis !== null ? { axes: [...this.#axes] } : {}) };
  }
  protected override config(): Config {
    return { axis: this.axis };
  }
}

/**
 * `1 - 2 sum(y p) / (sum(y) + sum(p) + 1e-7)`: for segmentation. Over the whole batch, where sample weights scale the one value by their
 * mean, or over some axes: `axis: [1, 2, 3]` gives a value for each image.
 * Keras: https://keras.io/api/losses/regression_losses/
 * @example model.compile({ optimizer: 'adam', loss: losses.dice({ axis: [1, 2, 3] }) })
 */
export class Dice extends OverlapLoss {
  static override readonly className = 'Dice';
  constructor(options: OverlapOptions = {}) {
    super('Dice', Loss.read('Dice', options, { axis: null as OverlapOptions['axis'] }));
  }
  override spec(): LossSpec {
    return { loss: 'dice', ...this.axesSpec() };
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
  override spec(): LossSpec {
    return { loss: 'tversky', alpha: this.alpha, beta: this.beta, ...this.axesSpec() };
  }
  protected override config(): Config {
    return { alpha: this.alpha, beta: this.beta, ...super.config() };
  }
}

export const overlapLosses = { Dice, Tversky };
