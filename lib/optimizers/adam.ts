import { ValueError } from '../errors.js';
import { checkBoolean, checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { Optimizer } from './optimizer.js';
import { checkEpsilon, checkShare, type OptimizerOptions } from './options.js';

export interface BetaOptions extends OptimizerOptions {
  /** How much of the average gradient stays at each update. Default 0.9. */
  beta1?: number;
  /** How much of the average squared gradient stays at each update. Default 0.999. */
  beta2?: number;
  /** Added to the root of the average square. Default 1e-7. */
  epsilon?: number | null;
}

abstract class BetaOptimizer extends Optimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  protected constructor(o: BetaOptions) {
    super(o, 0.001);
    const where = (this.constructor as typeof BetaOptimizer).className;
    this.beta1 = checkShare(where, 'beta1', o.beta1);
    this.beta2 = checkShare(where, 'beta2', o.beta2);
    this.epsilon = checkEpsilon(where, o.epsilon);
  }
  protected betas() {
    return { beta1: this.beta1, beta2: this.beta2, epsilon: this.epsilon };
  }
  override slotNames(): string[] {
    return ['momentum', 'velocity'];
  }
  protected override config(): Config {
    return this.betas();
  }
}

const betas = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 as number | null };

export interface AdamOptions extends BetaOptions {
  /** Divide by the largest average square so far. Default false. */
  amsgrad?: boolean;
}

/**
 * Steps along the average gradient, divided by the root of the average square. Kingma & Ba, 2014. `learningRate` is 0.001 unless given.
 * @example model.compile({ optimizer: optimizers.adam({ learningRate: 3e-4 }), loss: 'mse' })
 */
export class Adam extends BetaOptimizer {
  static override readonly className: string = 'Adam';
  readonly amsgrad: boolean;
  constructor(options: AdamOptions = {}) {
    const where = new.target.className;
    const o = Optimizer.read(where, options, { ...betas, amsgrad: false });
    super(o);
    this.amsgrad = checkBoolean(where, 'amsgrad', o.amsgrad);
  }
  override spec() {
    return { optimizer: 'adam', ...this.betas(), amsgrad: this.amsgrad };
  }
  override slotNames(): string[] {
    return this.amsgrad ? ['momentum', 'velocity', 'velocity_hat'] : ['momentum', 'velocity'];
  }
  override savedSlots(): string[][] {
    return this.amsgrad ? [['momentum', 'velocity'], ['velocity_hat']] : [['momentum', 'velocity']];
  }
  protected override config(): Config {
    return { ...this.betas(), amsgrad: this.amsgrad };
  }
}

/**
 * Adam with weight decay, 0.004 unless given. Loshchilov & Hutter, 2017.
 * @example model.compile({ optimizer: optimizers.adamw({ weightDecay: 0.01 }), loss: 'mse' })
 */
export class AdamW extends Adam {
  static override readonly className = 'AdamW';
  constructor(options: AdamOptions = {}) {
    const o = Optimizer.read('AdamW', options, { ...betas, amsgrad: false });
    super({ ...o, weightDecay: o.weightDecay === undefined ? 0.004 : o.weightDecay });
    if (this.weightDecay === null)
      throw new ValueError("AdamW: 'weightDecay' must be a number; without it, use Adam. Received: null", 'ERR_OPTIONS');
  }
}

/**
 * Adam with the largest gradient in place of the root of the average square. Kingma & Ba, 2014. `learningRate` is 0.001 unless given.
 * @example model.compile({ optimizer: optimizers.adamax(), loss: 'mse' })
 */
export class Adamax extends BetaOptimizer {
  static override readonly className = 'Adamax';
  constructor(options: BetaOptions = {}) {
    super(Optimizer.read('Adamax', options, betas));
  }
  override spec() {
    return { optimizer: 'adamax', ...this.betas() };
  }
  override slotNames(): string[] {
    return ['momentum', 'norm'];
  }
}

export interface NadamOptions extends BetaOptions {
  /** How fast the momentum grows to `beta1`, as in Keras 2, whose default was 0.004. Default 1, as in Keras 3. */
  scheduleDecay?: number;
}

/**
 * Adam with Nesterov's momentum. Dozat, 2015. `learningRate` is 0.001 unless given.
 * @example model.compile({ optimizer: optimizers.nadam({ learningRate: 2e-3 }), loss: 'mse' })
 */
export class Nadam extends BetaOptimizer {
  static override readonly className = 'Nadam';
  readonly scheduleDecay: number;
  constructor(options: NadamOptions = {}) {
    const o = Optimizer.read('Nadam', options, { ...betas, scheduleDecay: 1 });
    super(o);
    this.scheduleDecay = checkNumber('Nadam', 'scheduleDecay', o.scheduleDecay, { above: 0 });
  }
  override spec() {
    return { optimizer: 'nadam', ...this.betas(), scheduleDecay: this.scheduleDecay };
  }
  /** The product of the momenta so far, which the engine computes from the number of updates. */
  override savedNumbers(): { name: string; value: number }[] {
    let product = 1;
    for (let t = 1; t <= this.iterations && product > 0; t++)
      product = Math.fround(product * this.beta1 * (1 - 0.5 * 0.96 ** (this.scheduleDecay * t)));
    return [{ name: 'u_product', value: product }];
  }
  protected override config(): Config {
    return this.scheduleDecay === 1 ? this.betas() : { ...this.betas(), scheduleDecay: this.scheduleDecay };
  }
}

export const adamOptimizers = { Adam, AdamW, Adamax, Nadam };
