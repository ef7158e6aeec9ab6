import { ValueError } from './errors.js';
import { Adam, Adamax, type AdamOptions, AdamW, type BetaOptions, Nadam, type NadamOptions } from './optimizers/adam.js';
import {
  Adadelta,
  type AdadeltaOptions,
  Adagrad,
  type AdagradOptions,
  Ftrl,
  type FtrlOptions,
  RMSprop,
  type RMSpropOptions,
} from './optimizers/adaptive.js';
import { Optimizer } from './optimizers/optimizer.js';
import { Lion, type LionOptions, SGD, type SGDOptions } from './optimizers/sgd.js';
import { type PartClass, Registry } from './registry.js';

export { type CommonSpec, Optimizer } from './optimizers/optimizer.js';
export type { LearningRate, OptimizerOptions } from './optimizers/options.js';

/** What Keras has and gemmfit does not, with what to use instead. */
const MISSING: Record<string, string> = {
  adafactor: "it saves memory where weights do not fit it; use 'adam', or 'sgd' with momentum",
  muon: "use 'adamw'",
  lossscaleoptimizer: 'it scales losses for 16-bit floats, and gemmfit computes in float32; give the optimizer inside it',
};

class OptimizerRegistry extends Registry<Optimizer> {
  override find(name: string): PartClass<Optimizer> | undefined {
    const bare = name.replace(/^.*[>.]/, '').toLowerCase();
    const missing = MISSING[bare.replaceAll('_', '')];
    if (missing) throw new ValueError(`The optimizer '${name}' is not available: ${missing}.`, 'ERR_UNKNOWN_NAME');
    return super.find(name) ?? super.find(bare);
  }

  override resolve(id: unknown, where = this.kind): Optimizer {
    const optimizer = super.resolve(id, where);
    // tf.keras wrote this key, and starts its averages from the initial weights.
    const config = optimizer === id ? undefined : (id as { config?: object }).config;
    if (config && 'is_legacy_optimizer' in config) optimizer.emaCopyFirst = false;
    return optimizer;
  }
}

/** Every optimizer by its names, in any case: 'adam', 'Adam', 'rmsprop', 'RMSprop', 'sgd', ... */
export const optimizerRegistry = new OptimizerRegistry('optimizer', 'keras.optimizers', Optimizer, [
  SGD,
  RMSprop,
  Adam,
  AdamW,
  Adamax,
  Nadam,
  Adagrad,
  Adadelta,
  Ftrl,
  Lion,
]);

/**
 * Classes and factories of all optimizers: `optimizers.adam({ learningRate: 1e-3 })` is `new optimizers.Adam({ learningRate: 1e-3 })`.
 * @example
 * model.compile({ optimizer: optimizers.adam({ learningRate: 3e-4, clipnorm: 1 }), loss: 'mse' });
 * model.compile({ optimizer: 'adam', loss: 'mse' }); // with its defaults
 */
export const optimizers = {
  Optimizer,
  SGD,
  RMSprop,
  Adam,
  AdamW,
  Adamax,
  Nadam,
  Adagrad,
  Adadelta,
  Ftrl,
  Lion,
  sgd: (options?: SGDOptions) => new SGD(options),
  rmsProp: (options?: RMSpropOptions) => new RMSprop(options),
  rmsprop: (options?: RMSpropOptions) => new RMSprop(options),
  adam: (options?: AdamOptions) => new Adam(options),
  adamw: (options?: AdamOptions) => new AdamW(options),
  adamW: (options?: AdamOptions) => new AdamW(options),
  adamax: (options?: BetaOptions) => new Adamax(options),
  nadam: (options?: NadamOptions) => new Nadam(options),
  adagrad: (options?: AdagradOptions) => new Adagrad(options),
  adadelta: (options?: AdadeltaOptions) => new Adadelta(options),
  ftrl: (options?: FtrlOptions) => new Ftrl(options),
  lion: (options?: LionOptions) => new Lion(options),
};
