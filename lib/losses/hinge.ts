import { Loss, type LossOptions, type LossSpec } from './loss.js';

/**
 * Mean of `max(1 - y p, 0)` over the last axis. Labels are -1 and 1; where every label of a batch is 0 or 1, they are taken as -1 and 1.
 * Keras: https://keras.io/api/losses/hinge_losses/#hinge-class
 * @example model.compile({ optimizer: 'adam', loss: 'hinge' })
 */
export class Hinge extends Loss {
  static override readonly className = 'Hinge';
  constructor(options: LossOptions = {}) {
    super(Loss.read('Hinge', options, {}));
  }
  override spec(): LossSpec {
    return { loss: 'hinge' };
  }
}

/**
 * Mean of `max(1 - y p, 0)^2` over the last axis; labels as in {@link Hinge}.
 * @example model.compile({ optimizer: 'adam', loss: 'squared_hinge' })
 */
export class SquaredHinge extends Loss {
  static override readonly className = 'SquaredHinge';
  constructor(options: LossOptions = {}) {
    super(Loss.read('SquaredHinge', options, {}));
  }
  override spec(): LossSpec {
    return { loss: 'squaredHinge' };
  }
}

/**
 * `max(0, max((1 - y) p) - sum(y p) + 1)` over the classes, for one-hot labels.
 * @example model.compile({ optimizer: 'adam', loss: 'categorical_hinge' })
 */
export class CategoricalHinge extends Loss {
  static override readonly className = 'CategoricalHinge';
  constructor(options: LossOptions = {}) {
    super(Loss.read('CategoricalHinge', options, {}));
  }
  override spec(): LossSpec {
    return { loss: 'categoricalHinge' };
  }
}

export const hingeLosses = { Hinge, SquaredHinge, CategoricalHinge };
