import type { WeightArray } from '../data/inputs.js';
import { checkWeightArray } from '../data/ndarray.js';
import { show, ValueError } from '../errors.js';
import { type Config, Registry } from '../registry.js';
import { Initializer } from './initializer.js';

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

/** Initializers by their names: 'glorot_uniform', 'GlorotUniform', 'zeros', ... Also takes functions and objects with `create`. index.ts fills it. */
export const initializerRegistry = new InitializerRegistry('initializer', 'keras.initializers', Initializer);
