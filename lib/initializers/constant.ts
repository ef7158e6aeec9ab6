import { ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config, NoOptions } from '../registry.js';
import { sizeOf } from '../shapes.js';
import { Initializer } from './initializer.js';

/**
 * All 0.
 * @example layers.dense({ units: 8, biasInitializer: 'zeros' })
 */
export class Zeros extends Initializer {
  static override readonly className = 'Zeros';
  static readonly aliases = ['zero'];
  constructor(options: NoOptions = {}) {
    super();
    Initializer.read('Zeros', options, {});
  }
  create(shape: readonly number[]): Float32Array {
    return new Float32Array(sizeOf(shape));
  }
  getConfig(): Config {
    return {};
  }
}

/**
 * All 1.
 * @example layers.dense({ units: 8, biasInitializer: 'ones' })
 */
export class Ones extends Initializer {
  static override readonly className = 'Ones';
  static readonly aliases = ['one'];
  constructor(options: NoOptions = {}) {
    super();
    Initializer.read('Ones', options, {});
  }
  create(shape: readonly number[]): Float32Array {
    return new Float32Array(sizeOf(shape)).fill(1);
  }
  getConfig(): Config {
    return {};
  }
}

/**
 * All `value` (default 0).
 * @example layers.dense({ units: 8, biasInitializer: initializers.constant({ value: 0.1 }) })
 */
export class Constant extends Initializer {
  static override readonly className = 'Constant';
  readonly value: number;
  constructor(options: { value?: number } = {}) {
    super();
    this.value = checkNumber('Constant', 'value', Initializer.read('Constant', options, { value: 0 }).value);
  }
  create(shape: readonly number[]): Float32Array {
    return new Float32Array(sizeOf(shape)).fill(this.value);
  }
  getConfig(): Config {
    return { value: this.value };
  }
}

/**
 * The unit matrix times `gain` (default 1): ones on the diagonal of a weight of two axes.
 * @example layers.dense({ units: 8, kernelInitializer: initializers.identity({ gain: 0.5 }) })
 */
export class Identity extends Initializer {
  static override readonly className = 'Identity';
  static readonly aliases = ['IdentityInitializer'];
  readonly gain: number;
  constructor(options: { gain?: number } = {}) {
    super();
    this.gain = checkNumber('Identity', 'gain', Initializer.read('Identity', options, { gain: 1 }).gain);
  }
  create(shape: readonly number[]): Float32Array {
    if (shape.length !== 2) throw new ValueError(`Identity: takes weights of two axes. Received: shape [${shape}]`, 'ERR_SHAPE');
    const out = new Float32Array(sizeOf(shape));
    for (let i = 0; i < Math.min(...shape); i++) out[i * (shape[1] + 1)] = this.gain;
    return out;
  }
  getConfig(): Config {
    return { gain: this.gain };
  }
}

export const constantInitializers = { Zeros, Ones, Constant, Identity };
