import type { WeightArray } from './data/inputs.js';
import { checkWeightArray } from './data/ndarray.js';
import { show, ValueError } from './errors.js';
import { Constant, Identity, Ones, Zeros } from './initializers/constant.js';
import { Initializer } from './initializers/initializer.js';
import {
  type NormalOptions,
  Orthogonal,
  type OrthogonalOptions,
  RandomNormal,
  RandomUniform,
  TruncatedNormal,
  type UniformOptions,
} from './initializers/random.js';
import {
  type FanOptions,
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  VarianceScaling,
  type VarianceScalingOptions,
} from './initializers/variance_scaling.js';
import { type Config, type NoOptions, Registry } from './registry.js';

export type { SeedOptions } from './initializers/initializer.js';
export { computeFans, type FanOptions, type VarianceScalingOptions } from './initializers/variance_scaling.js';
export { Initializer };

/** A function in place of an initializer: it gives nested arrays, a typed array, or an NDArray for the weight's shape. */
export type InitializerFunction = (shape: readonly number[], dtype: 'float32') => WeightArray;
/** An object in place of an initializer. */
export interface InitializerLike {
  create(shape: readonly number[], seed: number): WeightArray;
  getConfig?(): Config;
}

/** What a user's function or object gives is checked against the shape: weights never take over values of another size. */
function custom(name: string, make: (shape: readonly number[], seed: number) => unknown, config: () => Config): Initializer {
  const Custom = class extends Initializer {
    static override readonly className = name;
    create(shape: readonly number[], seed: number): Float32Array {
      return checkWeightArray(`what the initializer '${name}' gives`, make([...shape], seed), shape);
    }
    getConfig(): Config {
      return config();
    }
  };
  return new Custom();
}

class InitializerRegistry extends Registry<Initializer> {
  override resolve(id: unknown, where = this.kind): Initializer {
    if (typeof id === 'function') {
      const isClass = id === Initializer || id.prototype instanceof Initializer;
      if (isClass) return new (id as new () => Initializer)();
      return custom(
        id.name || 'initializer',
        (shape) => (id as InitializerFunction)(shape, 'float32'),
        () => ({}),
      );
    }
    const found =
      typeof id === 'object' && id !== null && typeof (id as InitializerLike).create === 'function'
        ? id
        : super.resolve(id, where);
    if (found instanceof Initializer) return found;
    const like = found as InitializerLike;
    if (typeof like.create !== 'function')
      throw new ValueError(`${where}: an initializer needs a method create(shape, seed). Received: ${show(id)}`, 'ERR_TYPE');
    const { className, name } = like.constructor as { className?: string; name: string };
    return custom(
      className ?? name,
      (shape, seed) => like.create(shape, seed),
      () => like.getConfig?.() ?? {},
    );
  }

  override find(name: string) {
    if (/(^|[.>])(STFT|stft|STFTInitializer|stft_initializer)$/.test(name))
      throw new ValueError(
        `The initializer '${name}' makes the kernel of Keras's STFT layer, which gemmfit does not have.`,
        'ERR_UNKNOWN_NAME',
      );
    return super.find(name);
  }
}

/** Every initializer by its names: 'glorot_uniform', 'GlorotUniform', 'zeros', ... Also takes functions and objects with `create`. */
export const initializerRegistry = new InitializerRegistry('initializer', 'keras.initializers', Initializer, [
  Zeros,
  Ones,
  Constant,
  RandomNormal,
  TruncatedNormal,
  RandomUniform,
  VarianceScaling,
  GlorotUniform,
  GlorotNormal,
  HeUniform,
  HeNormal,
  LecunUniform,
  LecunNormal,
  Orthogonal,
  Identity,
]);

/**
 * Classes and factories of all initializers: `initializers.heNormal({ seed: 1 })` is `new initializers.HeNormal({ seed: 1 })`.
 * @example
 * layers.dense({ units: 8, kernelInitializer: initializers.heNormal({ seed: 1 }), biasInitializer: 'ones' });
 * layers.dense({ units: 8, kernelInitializer: ([rows = 1, columns = 1]: readonly number[]) => new Float32Array(rows * columns).fill(0.1) });
 */
export const initializers = {
  Initializer,
  Zeros,
  Ones,
  Constant,
  RandomNormal,
  TruncatedNormal,
  RandomUniform,
  VarianceScaling,
  GlorotUniform,
  GlorotNormal,
  HeUniform,
  HeNormal,
  LecunUniform,
  LecunNormal,
  Orthogonal,
  Identity,
  zeros: (options?: NoOptions) => new Zeros(options),
  ones: (options?: NoOptions) => new Ones(options),
  constant: (options?: { value?: number }) => new Constant(options),
  randomNormal: (options?: NormalOptions) => new RandomNormal(options),
  truncatedNormal: (options?: NormalOptions) => new TruncatedNormal(options),
  randomUniform: (options?: UniformOptions) => new RandomUniform(options),
  varianceScaling: (options?: VarianceScalingOptions) => new VarianceScaling(options),
  glorotUniform: (options?: FanOptions) => new GlorotUniform(options),
  glorotNormal: (options?: FanOptions) => new GlorotNormal(options),
  heUniform: (options?: FanOptions) => new HeUniform(options),
  heNormal: (options?: FanOptions) => new HeNormal(options),
  lecunUniform: (options?: FanOptions) => new LecunUniform(options),
  lecunNormal: (options?: FanOptions) => new LecunNormal(options),
  leCunUniform: (options?: FanOptions) => new LecunUniform(options),
  leCunNormal: (options?: FanOptions) => new LecunNormal(options),
  orthogonal: (options?: OrthogonalOptions) => new Orthogonal(options),
  identity: (options?: { gain?: number }) => new Identity(options),
};
