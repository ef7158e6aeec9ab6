import { ValueError } from '../errors.js';
import { checkNumber, checkOneOf } from '../options.js';
import type { Config } from '../registry.js';
import { sizeOf } from '../shapes.js';
import { Initializer, RandomInitializer, type SeedOptions } from './initializer.js';

const MODES = ['fan_in', 'fan_out', 'fan_avg'] as const;
const DISTRIBUTIONS = ['truncated_normal', 'untruncated_normal', 'uniform'] as const;
type Axes = readonly number[] | number | null;

export interface FanOptions extends SeedOptions {
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

function checkAxes(where: string, name: string, axes: unknown): Axes {
  if (axes === null) return null;
  if (!Array.isArray(axes)) return checkNumber(where, name, axes, { integer: true });
  return Array.from(axes, (a) => checkNumber(where, name, a, { integer: true }));
}

/** Inputs and outputs of one unit: a kernel's receptive field times its input and output channels. */
export function computeFans(shape: readonly number[], inputAxes: Axes = null, outputAxes: Axes = null): [number, number] {
  if (inputAxes === null && outputAxes === null) {
    if (shape.length < 2) return [sizeOf(shape), sizeOf(shape)];
    const field = sizeOf(shape.slice(0, -2));
    return [field * shape[shape.length - 2], field * shape[shape.length - 1]];
  }
  const along = (axes: Axes, fallback: number) =>
    [axes ?? fallback].flat().reduce((n, a) => {
      const size = shape.at(a);
      if (size === undefined)
        throw new ValueError(`An initializer's axis ${a} is not one of a weight of shape [${shape}].`, 'ERR_OUT_OF_RANGE');
      return n * size;
    }, 1);
  const [inputs, outputs] = [along(inputAxes, -2), along(outputAxes, -1)];
  const field = sizeOf(shape) / (inputs * outputs);
  return [field * inputs, field * outputs];
}

/**
 * Random values whose variance is `scale / fan`, so that the size of activations stays about the same from layer to layer.
 * @example layers.dense({ units: 8, kernelInitializer: initializers.varianceScaling({ scale: 2, mode: 'fan_out' }) })
 */
export class VarianceScaling extends RandomInitializer {
  static override readonly className: string = 'VarianceScaling';
  readonly scale: number;
  readonly mode: (typeof MODES)[number];
  readonly distribution: (typeof DISTRIBUTIONS)[number];
  readonly inputAxes: Axes;
  readonly outputAxes: Axes;

  constructor(options: VarianceScalingOptions = {}) {
    const where = new.target.className;
    const defaults = {
      scale: 1,
      mode: 'fan_in',
      distribution: 'truncated_normal',
      seed: null as unknown,
      inputAxes: null as Axes,
      outputAxes: null as Axes,
    };
    const o = Initializer.read(where, options, defaults);
    super(o.seed);
    this.scale = checkNumber(where, 'scale', o.scale, { above: 0 });
    this.mode = checkOneOf(where, 'mode', o.mode, MODES);
    this.distribution = checkOneOf(
      where,
      'distribution',
      o.distribution === 'normal' ? 'truncated_normal' : o.distribution,
      DISTRIBUTIONS,
    );
    this.inputAxes = checkAxes(where, 'inputAxes', o.inputAxes);
    this.outputAxes = checkAxes(where, 'outputAxes', o.outputAxes);
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
function named(
  name: string,
  scale: number,
  mode: (typeof MODES)[number],
  distribution: (typeof DISTRIBUTIONS)[number],
): { new (options?: FanOptions): VarianceScaling; readonly className: string } {
  return class extends VarianceScaling {
    static override readonly className = name;
    constructor(options: FanOptions = {}) {
      const o = Initializer.read(name, options, {
        seed: null as SeedOptions['seed'],
        inputAxes: null as Axes,
        outputAxes: null as Axes,
      });
      super({ scale, mode, distribution, seed: o.seed, inputAxes: o.inputAxes, outputAxes: o.outputAxes });
    }
    override getConfig(): Config {
      return { seed: this.seed };
    }
  };
}

/**
 * `scale 1 / mean fan`, uniform. Glorot & Bengio, 2010: the default of most kernels.
 * @example layers.dense({ units: 8, kernelInitializer: 'glorot_uniform' })
 */
export class GlorotUniform extends named('GlorotUniform', 1, 'fan_avg', 'uniform') {}
/**
 * `scale 1 / mean fan`, truncated normal. Glorot & Bengio, 2010.
 * @example layers.dense({ units: 8, kernelInitializer: 'glorot_normal' })
 */
export class GlorotNormal extends named('GlorotNormal', 1, 'fan_avg', 'truncated_normal') {}
/**
 * `scale 2 / inputs`, uniform, for relu layers. He et al., 2015.
 * @example layers.dense({ units: 8, activation: 'relu', kernelInitializer: 'he_uniform' })
 */
export class HeUniform extends named('HeUniform', 2, 'fan_in', 'uniform') {}
/**
 * `scale 2 / inputs`, truncated normal, for relu layers. He et al., 2015.
 * @example layers.dense({ units: 8, activation: 'relu', kernelInitializer: initializers.heNormal({ seed: 1 }) })
 */
export class HeNormal extends named('HeNormal', 2, 'fan_in', 'truncated_normal') {}
/**
 * `scale 1 / inputs`, uniform. LeCun et al., 1998.
 * @example layers.dense({ units: 8, kernelInitializer: 'lecun_uniform' })
 */
export class LecunUniform extends named('LecunUniform', 1, 'fan_in', 'uniform') {
  static readonly aliases = ['leCunUniform', 'LeCunUniform'];
}
/**
 * `scale 1 / inputs`, truncated normal, for selu layers. Klambauer et al., 2017.
 * @example layers.dense({ units: 8, activation: 'selu', kernelInitializer: 'lecun_normal' })
 */
export class LecunNormal extends named('LecunNormal', 1, 'fan_in', 'truncated_normal') {
  static readonly aliases = ['leCunNormal', 'LeCunNormal'];
}

export const varianceScalingInitializers = {
  VarianceScaling,
  GlorotUniform,
  GlorotNormal,
  HeUniform,
  HeNormal,
  LecunUniform,
  LecunNormal,
};
