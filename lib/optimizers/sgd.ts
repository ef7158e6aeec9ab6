import { checkBoolean, checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { Optimizer } from './optimizer.js';
import { checkShare, type OptimizerOptions } from './options.js';

export interface SGDOptions extends OptimizerOptions {
  /** How much of the last step is taken again, 0 to 1. Default 0. */
  momentum?: number;
  /** Look ahead along the momentum before stepping. Default false. */
  nesterov?: boolean;
}

/**
 * Gradient descent, with momentum where asked for. `learningRate` is 0.01 unless given.
 * @example model.compile({ optimizer: optimizers.sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }), loss: 'mse' })
 */
export class SGD extends Optimizer {
  static override readonly className = 'SGD';
  readonly momentum: number;
  readonly nesterov: boolean;
  constructor(options: SGDOptions = {}) {
    const o = Optimizer.read('SGD', options, { momentum: 0, nesterov: false });
    super(o, 0.01);
    this.momentum = checkNumber('SGD', 'momentum', o.momentum, { min: 0, max: 1 });
    this.nesterov = checkBoolean('SGD', 'nesterov', o.nesterov);
  }
  override spec() {
    return { optimizer: 'sgd', momentum: this.momentum, nesterov: this.nesterov };
  }
  override slotNames(): string[] {
    return this.momentum === 0 ? [] : ['momentum'];
  }
  protected override config(): Config {
    return { momentum: this.momentum, nesterov: this.nesterov };
  }
}

export interface LionOptions extends OptimizerOptions {
  /** Share of the momentum in the direction of a step. Default 0.9. */
  beta1?: number;
  /** How much of the momentum stays. Default 0.99. */
  beta2?: number;
}

/**
 * Steps of one size for all weights: the sign of a momentum. Chen et al., 2023. `learningRate` is 0.001 unless given.
 * @example model.compile({ optimizer: optimizers.lion({ learningRate: 1e-4, weightDecay: 0.1 }), loss: 'mse' })
 */
export class Lion extends Optimizer {
  static override readonly className = 'Lion';
  readonly beta1: number;
  readonly beta2: number;
  constructor(options: LionOptions = {}) {
    const o = Optimizer.read('Lion', options, { beta1: 0.9, beta2: 0.99 });
    super(o, 0.001);
    // As in Keras: at 0 nothing of the average is left, and it would be the sign of the gradient.
    this.beta1 = checkNumber('Lion', 'beta1', o.beta1, { above: 0, max: 1 });
    this.beta2 = checkShare('Lion', 'beta2', o.beta2);
  }
  override spec() {
    return { optimizer: 'lion', beta1: this.beta1, beta2: this.beta2 };
  }
  override slotNames(): string[] {
    return ['momentum'];
  }
  protected override config(): Config {
    return { beta1: this.beta1, beta2: this.beta2 };
  }
}

export const sgdOptimizers = { SGD, Lion };
