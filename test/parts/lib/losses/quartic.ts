import { Loss, type LossOptions, type LossSpec } from '../../../../lib/losses/loss.js';

/** Mean of `(p - y)^4` over the last axis. */
export class Quartic extends Loss {
  static override readonly className = 'Quartic';
  constructor(options: LossOptions = {}) {
    super(Loss.read('Quartic', options, {}));
  }
  override spec(): LossSpec {
    return { loss: 'quartic' };
  }
}

export const quarticLosses = { Quartic };
