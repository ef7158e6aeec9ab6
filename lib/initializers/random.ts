import { addon } from '../engine/addon.js';
import { ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { sizeOf } from '../shapes.js';
import { Initializer, RandomInitializer, type SeedOptions } from './initializer.js';

export interface NormalOptions extends SeedOptions {
  /** Default 0. */
  mean?: number;
  /** Standard deviation, 0 or above. Default 0.05. */
  stddev?: number;
}

/**
 * Normally distributed values.
 * @example layers.dense({ units: 8, kernelInitializer: initializers.randomNormal({ stddev: 0.02 }) })
 */
export class RandomNormal extends RandomInitializer {
  static override readonly className: string = 'RandomNormal';
  static readonly aliases: readonly string[] = ['normal'];
  readonly mean: number;
  readonly stddev: number;
  constructor(options: NormalOptions = {}) {
    const className = new.target.className;
    const o = Initializer.read(className, options, { mean: 0, stddev: 0.05, seed: null as unknown });
    super(o.seed);
    this.mean = checkNumber(className, 'mean', o.mean);
    this.stddev = checkNumber(className, 'stddev', o.stddev, { min: 0 });
  }
  create(shape: readonly number[], seed: number): Float32Array {
    return this.fill('normal', shape, seed, this.mean, this.stddev);
  }
  getConfig(): Config {
    return { mean: this.mean, stddev: this.stddev, seed: this.seed };
  }
}

/**
 * Normally distributed values, those beyond two standard deviations drawn anew.
 * @example layers.dense({ units: 8, kernelInitializer: initializers.truncatedNormal({ stddev: 0.02, seed: 7 }) })
 */
export class TruncatedNormal extends RandomNormal {
  static override readonly className: string = 'TruncatedNormal';
  static override readonly aliases: readonly string[] = [];
  override create(shape: readonly number[], seed: number): Float32Array {
    return this.fill('truncatedNormal', shape, seed, this.mean, this.stddev);
  }
}

export interface UniformOptions extends SeedOptions {
  /** Least value. Default -0.05. */
  minval?: number;
  /** Bound that values stay below. Default 0.05. */
  maxval?: number;
}

/**
 * Values evenly distributed over `[minval, maxval)`.
 * @example layers.dense({ units: 8, kernelInitializer: initializers.randomUniform({ minval: -0.1, maxval: 0.1 }) })
 */
export class RandomUniform extends RandomInitializer {
  static override readonly className = 'RandomUniform';
  static readonly aliases = ['uniform'];
  readonly minval: number;
  readonly maxval: number;
  constructor(options: UniformOptions = {}) {
    const o = Initializer.read('RandomUniform', options, { minval: -0.05, maxval: 0.05, seed: null as unknown });
    super(o.seed);
    this.minval = checkNumber('RandomUniform', 'minval', o.minval);
    this.maxval = checkNumber('RandomUniform', 'maxval', o.maxval, { min: this.minval });
  }
  create(shape: readonly number[], seed: number): Float32Array {
    return this.fill('uniform', shape, seed, this.minval, this.maxval);
  }
  getConfig(): Config {
    return { minval: this.minval, maxval: this.maxval, seed: this.seed };
  }
}

export interface OrthogonalOptions extends SeedOptions {
  /** Factor of the values. Default 1. */
  gain?: number;
}

/**
 * A random matrix whose columns (or rows, where there are fewer of those) are orthonormal, times `gain`.
 * A weight of more than two axes is taken as a matrix of its last axis by all others; fewer than two are a ValueError. Saxe et al., 2014.
 * @example layers.dense({ units: 8, kernelInitializer: initializers.orthogonal({ gain: Math.SQRT2 }) })
 */
export class Orthogonal extends RandomInitializer {
  static override readonly className = 'Orthogonal';
  static readonly aliases = ['OrthogonalInitializer'];
  readonly gain: number;
  constructor(options: OrthogonalOptions = {}) {
    const o = Initializer.read('Orthogonal', options, { gain: 1, seed: null as unknown });
    super(o.seed);
    this.gain = checkNumber('Orthogonal', 'gain', o.gain);
  }
  create(shape: readonly number[], seed: number): Float32Array {
    if (shape.length < 2)
      throw new ValueError(`Orthogonal: takes weights of two axes or more. Received: shape [${shape}]`, 'ERR_SHAPE');
    const out = new Float32Array(sizeOf(shape));
    addon.orthogonal(this.seed ?? seed, sizeOf(shape.slice(0, -1)), shape[shape.length - 1], this.gain, out);
    return out;
  }
  getConfig(): Config {
    return { gain: this.gain, seed: this.seed };
  }
}

export const randomInitializers = { RandomNormal, TruncatedNormal, RandomUniform, Orthogonal };
