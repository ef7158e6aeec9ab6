import { checkWeightArray } from './data/ndarray.js';
import { addon } from './engine/addon.js';
import { show, typeError, ValueError } from './errors.js';
import { checkNumber, checkOneOf, readOptions } from './options.js';
import { type Config, type Part, Registry } from './registry.js';

/** Where the first values of a weight come from. A subclass gives `className`, `create` and `getConfig`. */
export abstract class Initializer implements Part {
  static readonly className: string = 'Initializer';

  /**
   * Values for a weight, row-major.
   * @param shape sizes of the weight's axes
   * @param seed a whole number from 0 to 2^53 - 1: the same seed gives the same values. An initializer's own `seed` option goes before it.
   */
  abstract create(shape: readonly number[], seed: number): Float32Array;

  abstract getConfig(): Config;

  /** Options over their defaults. `dtype` stands in configs of some Keras versions; only float32 there is. */
  protected static read<T extends object>(className: string, given: unknown, defaults: T): T {
    return readOptions(className, given, { ...defaults, dtype: undefined as unknown });
  }
}

export interface SeedOptions {
  /** Makes the values independent of `setRandomSeed`: a whole number from 0 to 2^53 - 1. Default null. */
  seed?: number | null;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((n, d) => n * d, 1);

/** A number, null, or how Keras 3 saves its `SeedGenerator`. */
function checkSeed(where: string, seed: unknown): number | null {
  if (seed === null || seed === undefined) return null;
  const generator = seed as { class_name?: unknown; config?: { seed?: unknown } };
  if (generator.class_name === 'SeedGenerator') return checkSeed(where, generator.config?.seed);
  return checkNumber(where, 'seed', seed, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });
}

abstract class RandomInitializer extends Initializer {
  readonly seed: number | null;
  protected constructor(seed: unknown) {
    super();
    this.seed = checkSeed((this.constructor as typeof RandomInitializer).className, seed);
  }
  protected fill(kind: 'uniform' | 'normal' | 'truncatedNormal', shape: readonly number[], seed: number, a: number, b: number): Float32Array {
    const out = new Float32Array(sizeOf(shape));
    addon.randomFill(kind, this.seed ?? seed, out, a, b);
    return out;
  }
}

/** All 0. */
export class Zeros extends Initializer {
  static override readonly className = 'Zeros';
  static readonly aliases = ['zero'];
  constructor(options: object = {}) {
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

/** All 1. */
export class Ones extends Initializer {
  static override readonly className = 'Ones';
  static readonly aliases = ['one'];
  constructor(options: object = {}) {
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

/** All `value` (default 0). */
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

export interface NormalOptions extends SeedOptions {
  /** Default 0. */
  mean?: number;
  /** Standard deviation, 0 or above. Default 0.05. */
  stddev?: number;
}

/** Normally distributed values. */
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

/** Normally distributed values, those beyond two standard deviations drawn anew. */
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

/** Values evenly distributed over `[minval, maxval)`. */
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
    if (shape.length < 2) throw new ValueError(`Orthogonal: takes weights of two axes or more. Received: shape [${shape}]`, 'ERR_SHAPE');
    const out = new Float32Array(sizeOf(shape));
    addon.orthogonal(this.seed ?? seed, sizeOf(shape.slice(0, -1)), shape[shape.length - 1], this.gain, out);
    return out;
  }
  getConfig(): Config {
    return { gain: this.gain, seed: this.seed };
  }
}

/** The unit matrix times `gain` (default 1): ones on the diagonal of a weight of two axes. */
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

const MODES = ['fan_in', 'fan_out', 'fan_avg'] as const;
const DISTRIBUTIONS = ['truncated_normal', 'untruncated_normal', 'uniform'] as const;
type Axes = readonly number[] | number | null;

interface FanOptions extends SeedOptions {
  /** Axes that count as inputs and outputs; all others are the receptive field. Default null: the last two, in this order. */
  inputAxes?: Axes;
  outputAxes?: Axes;
}

export interface VarianceScalingOptions extends FanOptions {
  /** Above 0. Default 1. */
  scale?: number;
  /** What the variance is divided by: inputs (default), outputs, or their mean. */
  mode?: (typeof MODES)[number];
  /** Default 'truncated_normal'; 'normal' is another word for it. */
  distribution?: (typeof DISTRIBUTIONS)[number] | 'normal';
}

/** Inputs and outputs of one unit: a kernel's receptive field times its input and output channels. */
export function computeFans(shape: readonly number[], inputAxes: Axes = null, outputAxes: Axes = null): [number, number] {
  if (inputAxes === null && outputAxes === null) {
    if (shape.length < 2) return [sizeOf(shape), sizeOf(shape)];
    const field = sizeOf(shape.slice(0, -2));
    return [field * shape[shape.length - 2], field * shape[shape.length - 1]];
  }
  const along = (axes: Axes, fallback: number) => [axes ?? fallback].flat().reduce((n, a) => n * (shape.at(a) ?? 1), 1);
  const [inputs, outputs] = [along(inputAxes, -2), along(outputAxes, -1)];
  const field = sizeOf(shape) / (inputs * outputs);
  return [field * inputs, field * outputs];
}

/** Random values whose variance is `scale / fan`, so that the size of activations stays about the same from layer to layer. */
export class VarianceScaling extends RandomInitializer {
  static override readonly className: string = 'VarianceScaling';
  readonly scale: number;
  readonly mode: (typeof MODES)[number];
  readonly distribution: (typeof DISTRIBUTIONS)[number];
  readonly inputAxes: Axes;
  readonly outputAxes: Axes;

  constructor(options: VarianceScalingOptions = {}) {
    const where = new.target.className;
    const defaults = { scale: 1, mode: 'fan_in', distribution: 'truncated_normal', seed: null as unknown, inputAxes: null as Axes, outputAxes: null as Axes };
    const o = Initializer.read(where, options, defaults);
    super(o.seed);
    this.scale = checkNumber(where, 'scale', o.scale, { above: 0 });
    this.mode = checkOneOf(where, 'mode', o.mode, MODES);
    this.distribution = checkOneOf(where, 'distribution', o.distribution === 'normal' ? 'truncated_normal' : o.distribution, DISTRIBUTIONS);
    this.inputAxes = o.inputAxes;
    this.outputAxes = o.outputAxes;
  }

  create(shape: readonly number[], seed: number): Float32Array {
    const [inputs, outputs] = computeFans(shape, this.inputAxes, this.outputAxes);
    const fan = this.mode === 'fan_in' ? inputs : this.mode === 'fan_out' ? outputs : (inputs + outputs) / 2;
    const variance = this.scale / Math.max(1, fan);
    if (this.distribution === 'uniform') {
      const limit = Math.sqrt(3 * variance);
      return this.fill('uniform', shape, seed, -limit, limit);
    }
    if (this.distribution === 'untruncated_normal') return this.fill('normal', shape, seed, 0, Math.sqrt(variance));
    // Cutting at two deviations leaves this part of the deviation: made up for, so that the result has the variance asked for.
    return this.fill('truncatedNormal', shape, seed, 0, Math.sqrt(variance) / 0.87962566103423978);
  }

  getConfig(): Config {
    return { scale: this.scale, mode: this.mode, distribution: this.distribution, seed: this.seed };
  }
}

/** A named case of variance scaling. Its options are `seed`, and the axes of the fans. */
function scaled(name: string, scale: number, mode: (typeof MODES)[number], distribution: (typeof DISTRIBUTIONS)[number]) {
  return class extends VarianceScaling {
    static override readonly className = name;
    constructor(options: FanOptions = {}) {
      const o = Initializer.read(name, options, { seed: null as SeedOptions['seed'], inputAxes: null as Axes, outputAxes: null as Axes });
      super({ scale, mode, distribution, seed: o.seed, inputAxes: o.inputAxes, outputAxes: o.outputAxes });
    }
    override getConfig(): Config {
      return { seed: this.seed };
    }
  };
}
