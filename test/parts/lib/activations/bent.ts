import { Activation } from '../../../../lib/activations/activation.js';

/** `x + bend (sqrt(x^2 + 1) - 1)` */
export class Bent extends Activation<{ bend?: number }> {
  static override readonly className = 'Bent';
  static override readonly defaults = { bend: 0.5 };
}

export const bentActivations = { Bent };
