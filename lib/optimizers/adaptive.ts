import { checkBoolean, checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { Optimizer } from './optimizer.js';
import { checkEpsilon, checkShare, type OptimizerOptions } from './options.js';

export interface RMSpropOptions extends OptimizerOptions {
  /** How much of the average square stays at each update. Default 0.9. */
  rho?: number;
  /** How much of the last step is taken again. Default 0. */
  momentum?: number;
  /** Added to the average square. Default 1e-7. */
  epsilon?: number | null;
  /** Divide by the variance of the gradient instead of its average square. Default false. */
  centered?: boolean;
}

/**
 * Steps divided by the root of the gradient's average square. Hinton, 2012. `learningRate` is 0.001 unless given.
 * @example model.compile({ optimizer: optimizers.rmsprop({ learningRate: 1e-3, centered: true }), loss: 'mse' })
 */
export class RMSprop extends Optimizer {
  static override readonly className = 'RMSprop';
  static readonly aliases = ['RMSProp'];
  readonly rho: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly centered: boolean;
  constructor(options: RMSpropOptions = {}) {
    const o = Optimizer.read('RMSprop', options, { rho: 0.9, momentum: 0, epsilon: 1e-7 as number | null, centered: false });
    super(o, 0.001);
    this.rho = checkShare('RMSprop', 'rho', o.rho);
    this.momentum = checkNumber('RMSprop', 'momentum', o.momentum, { min: 0, max: 1 });
    this.epsilon = checkEpsilon('RMSprop', o.epsilon);
    this.centered = checkBoolean('RMSprop', 'centered', o.centered);
  }
  override spec() {
    return { optimizer: 'rmsprop', rho: this.rho, momentum: this.momentum, epsilon: this.epsilon, centered: this.centered };
  }
  override slotNames(): string[] {
    return ['velocity', ...(this.momentum > 0 ? ['momentum'] : []), ...(this.centered ? ['average_gradient'] : [])];
  }
  override savedSlots(): string[][] {
    return this.slotNames().map((name) => [name]);
  }
  protected override config(): Config {
    return { rho: this.rho, momentum: this.momentum, epsilon: this.epsilon, centered: this.centered };
  }
}

export interface AdagradOptions extends OptimizerOptions {
  /** What the sum of squares starts from. Default 0.1. */
  initialAccumulatorValue?: number;
  /** Added to the sum of squares. Default 1e-7. */
  epsilon?: number | null;
}

/**
 * Steps divided by the root of the sum of all squared gradients. Duchi et al., 2011. `learningRate` is 0.001 unless given.
 * @example model.compile({ optimizer: optimizers.adagrad({ learningRate: 0.01 }), loss: 'mse' })
 */
export class Adagrad extends Optimizer {
  static override readonly className = 'Adagrad';
  readonly initialAccumulatorValue: number;
  readonly epsilon: number;
  constructor(options: AdagradOptions = {}) {
    const o = Optimizer.read('Adagrad', options, { initialAccumulatorValue: 0.1, epsilon: 1e-7 as number | null });
    super(o, 0.001);
    this.initialAccumulatorValue = checkNumber('Adagrad', 'initialAccumulatorValue', o.initialAccumulatorValue, { min: 0 });
    this.epsilon = checkEpsilon('Adagrad', o.epsilon);
  }
  override spec() {
    return { optimizer: 'adagrad', epsilon: this.epsilon };
  }
  override slotNames(): string[] {
    return ['accumulator'];
  }
  override slotInitialValue(): number {
    return this.initialAccumulatorValue;
  }
  protected override config(): Config {
    return { initialAccumulatorValue: this.initialAccumulatorValue, epsilon: this.epsilon };
  }
}

export interface AdadeltaOptions extends OptimizerOptions {
  /** How much of the averages stays at each update. Default 0.95. */
  rho?: number;
  /** Added to the average squares. Default 1e-7. */
  epsilon?: number | null;
}

/**
 * Adagrad with averages in place of sums, which finds its step size by itself. Zeiler, 2012, uses `learningRate: 1`; 0.001 unless given.
 * @example model.compile({ optimizer: optimizers.adadelta({ learningRate: 1 }), loss: 'mse' })
 */
export class Adadelta extends Optimizer {
  static override readonly className = 'Adadelta';
  readonly rho: number;
  readonly epsilon: number;
  constructor(options: AdadeltaOptions = {}) {
    const o = Optimizer.read('Adadelta', options, { rho: 0.95, epsilon: 1e-7 as number | null });
    super(o, 0.001);
    this.rho = checkShare('Adadelta', 'rho', o.rho);
    this.epsilon = checkEpsilon('Adadelta', o.epsilon);
  }
  override spec() {
    return { optimizer: 'adadelta', rho: this.rho, epsilon: this.epsilon };
  }
  override slotNames(): string[] {
    return ['accumulated_grad', 'accumulated_delta_var'];
  }
  protected override config(): Config {
    return { rho: this.rho, epsilon: this.epsilon };
  }
}

export interface FtrlOptions extends OptimizerOptions {
  /** Exponent of the sum of squares in a weight's own rate, 0 or below. Default -0.5. */
  learningRatePower?: number;
  /** What the sum of squares starts from. Default 0.1. */
  initialAccumulatorValue?: number;
  /** Default 0. */
  l1RegularizationStrength?: number;
  /** Default 0. */
  l2RegularizationStrength?: number;
  /** A penalty on the size of the weights themselves. Default 0. */
  l2ShrinkageRegularizationStrength?: number;
  /** The paper's beta. Default 0. */
  beta?: number;
}

/**
 * Follow the regularized leader, for wide sparse models. McMahan et al., 2013. `learningRate` is 0.001 unless given.
 * @example model.compile({ optimizer: optimizers.ftrl({ learningRate: 0.1 }), loss: 'mse' })
 */
export class Ftrl extends Optimizer {
  static override readonly className = 'Ftrl';
  static readonly aliases = ['FTRL'];
  readonly learningRatePower: number;
  readonly initialAccumulatorValue: number;
  readonly l1RegularizationStrength: number;
  readonly l2RegularizationStrength: number;
  readonly l2ShrinkageRegularizationStrength: number;
  readonly beta: number;
  constructor(options: FtrlOptions = {}) {
    const o = Optimizer.read('Ftrl', options, {
      learningRatePower: -0.5,
      initialAccumulatorValue: 0.1,
      l1RegularizationStrength: 0,
      l2RegularizationStrength: 0,
      l2ShrinkageRegularizationStrength: 0,
      beta: 0,
    });
    super(o, 0.001);
    this.learningRatePower = checkNumber('Ftrl', 'learningRatePower', o.learningRatePower, { max: 0 });
    this.initialAccumulatorValue = checkNumber('Ftrl', 'initialAccumulatorValue', o.initialAccumulatorValue, { min: 0 });
    this.l1RegularizationStrength = checkNumber('Ftrl', 'l1RegularizationStrength', o.l1RegularizationStrength, { min: 0 });
    this.l2RegularizationStrength = checkNumber('Ftrl', 'l2RegularizationStrength', o.l2RegularizationStrength, { min: 0 });
    const shrinkage = o.l2ShrinkageRegularizationStrength;
    this.l2ShrinkageRegularizationStrength = checkNumber('Ftrl', 'l2ShrinkageRegularizationStrength', shrinkage, { min: 0 });
    this.beta = checkNumber('Ftrl', 'beta', o.beta);
  }
  override spec() {
    return {
      optimizer: 'ftrl',
      learningRatePower: this.learningRatePower,
      l1: this.l1RegularizationStrength,
      l2: this.l2RegularizationStrength,
      l2Shrinkage: this.l2ShrinkageRegularizationStrength,
      beta: this.beta,
    };
  }
  override slotNames(): string[] {
    return ['accumulator', 'linear'];
  }
  override slotInitialValue(name: string): number {
    return name === 'accumulator' ? this.initialAccumulatorValue : 0;
  }
  protected override config(): Config {
    const { learningRatePower, initialAccumulatorValue, l1RegularizationStrength, l2RegularizationStrength } = this;
    const { l2ShrinkageRegularizationStrength, beta } = this;
    return {
      learningRatePower,
      initialAccumulatorValue,
      l1RegularizationStrength,
      l2RegularizationStrength,
      l2ShrinkageRegularizationStrength,
      beta,
    };
  }
}

export const adaptiveOptimizers = { RMSprop, Adagrad, Adadelta, Ftrl };
