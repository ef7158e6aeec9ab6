import { ValueError } from '../errors.js';
import { checkBoolean, checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { Loss, type LossOptions, type LossSpec } from './loss.js';

export interface CircleOptions extends LossOptions {
  /** The largest scale of a similarity, above 0. Default 80. */
  gamma?: number;
  /** Distance below which other classes are pushed away harder. At least 0, default 0.4. */
  margin?: number;
  /** Whether a sample is left out of its own positives. Default true. */
  removeDiagonal?: boolean;
}

/**
 * Draws embeddings of one class together and pushes classes apart: every sample of a batch is compared with all others, so that it needs
 * batches with several samples a class. Labels are class numbers; predictions `[batch, dimension]` must have length 1, as a
 * UnitNormalization layer makes them. (Sun et al., 2020: https://arxiv.org/abs/2002.10857)
 * The mean is over the samples whose loss is above 0. Weights scale the loss of a sample, not its part in those of others.
 * @example model.compile({ optimizer: 'adam', loss: losses.circle({ gamma: 64, margin: 0.25 }) })
 */
export class Circle extends Loss {
  static override readonly className = 'Circle';
  override readonly sparse = true;
  override readonly wholeBatch = true;
  readonly gamma: number;
  readonly margin: number;
  readonly removeDiagonal: boolean;
  constructor(options: CircleOptions = {}) {
    const o = Loss.read('Circle', options, { gamma: 80, margin: 0.4, removeDiagonal: true });
    super(o);
    this.gamma = checkNumber('Circle', 'gamma', o.gamma, { above: 0 });
    this.margin = checkNumber('Circle', 'margin', o.margin, { min: 0 });
    this.removeDiagonal = checkBoolean('Circle', 'removeDiagonal', o.removeDiagonal);
  }
  override spec(): LossSpec {
    return { loss: 'circle', gamma: this.gamma, margin: this.margin, removeDiagonal: this.removeDiagonal };
  }
  override checkOutput(shape: readonly number[]): void {
    if (shape.length !== 1)
      throw new ValueError(
        `Circle takes one embedding a sample, predictions [batch, dimension]. Received: [null, ${shape.join(', ')}].`,
        'ERR_SHAPE',
      );
  }
  /** Any class number will do: classes are only compared with each other. */
  override labelRange(): null {
    return null;
  }
  protected override config(): Config {
    return { gamma: this.gamma, margin: this.margin, removeDiagonal: this.removeDiagonal };
  }
}

export const circleLosses = { Circle };
