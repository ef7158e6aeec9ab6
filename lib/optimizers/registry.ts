import { ValueError } from '../errors.js';
import { type PartClass, Registry } from '../registry.js';
import { Optimizer } from './optimizer.js';

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

/** Optimizers by their names, in any case: 'adam', 'Adam', 'rmsprop', 'RMSprop', 'sgd', ... index.ts fills it. */
export const optimizerRegistry = new OptimizerRegistry('optimizer', 'keras.optimizers', Optimizer);
