import { Activation } from './activation.js';

// Functions of all elements along one axis. Axes count as in Keras: 0 is the batch, -1 the last.

type Axis = {
  /** As Keras counts: 0 is the batch, which is not allowed; -1, the last, is the default. */
  axis?: number;
};

type Axes = {
  /** As the axis of one, or a list: over all of them at once. */
  axis?: number | readonly number[];
};

/**
 * The first half along `axis` times the sigmoid of the second half: the axis becomes half as long. https://arxiv.org/abs/1612.08083
 * @example layers.dense({ units: 8, activation: 'glu' })
 */
export class Glu extends Activation<Axis> {
  static override readonly className = 'Glu';
  static override readonly defaults = { axis: -1 };
  override outputShape(input: readonly (number | null)[], label = "activation 'glu'"): readonly (number | null)[] {
    return this.halved(input, label);
  }
}

/**
 * `log(softmax(x))`, exact where the softmax is too small for a float.
 * @example layers.dense({ units: 8, activation: 'log_softmax' })
 */
export class LogSoftmax extends Activation<Axes> {
  static override readonly className = 'LogSoftmax';
  static override readonly defaults = { axis: -1 };
  protected override get takesAxes(): boolean {
    return true;
  }
}

/**
 * `exp(x) / sum(exp(x))`: positive numbers that add up to 1, along an axis or over several (`axis: [1, 2]`).
 * @example layers.dense({ units: 10, activation: 'softmax' })
 */
export class Softmax extends Activation<Axes> {
  static override readonly className = 'Softmax';
  static override readonly defaults = { axis: -1 };
  protected override get takesAxes(): boolean {
    return true;
  }
}

/**
 * The nearest point of positive numbers that add up to 1: small entries become 0. https://arxiv.org/abs/1602.02068
 * @example layers.dense({ units: 8, activation: 'sparsemax' })
 */
export class Sparsemax extends Activation<Axis> {
  static override readonly className = 'Sparsemax';
  static override readonly defaults = { axis: -1 };
}

export const alongAxisActivations = { Glu, LogSoftmax, Softmax, Sparsemax };
