import type { TensorLike } from '../ops/as_tensor.js';
import type { Tensor } from '../ops/tensor.js';
import { type Config, classNameOf, type Part, Registry, snake } from '../registry.js';
import { isOwnFunction } from '../table.js';
import { Activation, fromFunction } from './activation.js';
import { Gelu, LeakyRelu } from './elementwise.js';
import { OwnActivation } from './own.js';

/** The function's own options from the config of a layer in its place. Keras 2 called the slope of leaky units `alpha`. */
function ownOptions({ name: _, trainable: __, dtype: ___, ...own }: Config, defaults: Config): Config {
  if (!('negativeSlope' in defaults) || !('alpha' in own)) return own;
  const { alpha, ...rest } = own;
  return { negativeSlope: alpha, ...rest };
}

// The layer has another default than the function `leaky_relu`, also where Keras 2 names it by a word.
const leakyLayer = { negativeSlope: 0.3 };

class ActivationRegistry extends Registry<Activation> {
  override resolve(id: unknown, where = this.kind): Activation {
    if (isOwnFunction(id) && !(id.prototype instanceof Activation)) return new OwnActivation(id as (x: Tensor) => TensorLike);
    if (typeof id === 'function') return fromFunction(id as () => unknown, where);
    if (id === 'LeakyReLU') return new LeakyRelu(leakyLayer);
    // TensorFlow.js's name of the approximation.
    if (id === 'gelu_new' || id === 'geluNew') return new Gelu({ approximate: true });
    if (typeof id !== 'object' || id === null || id instanceof Activation) return super.resolve(id, where);
    // A layer such as LeakyReLU in an activation's place.
    if (typeof (id as Partial<Part>).getConfig === 'function')
      return this.resolve({ className: classNameOf(id as Part), config: (id as Part).getConfig() }, where);
    const { class_name, className = class_name, config } = id as { class_name?: unknown; className?: unknown; config?: unknown };
    // Keras writes a function as { class_name: 'function', config: its name }.
    if (className === 'function' && typeof config === 'string') return super.resolve(config, where);
    const found = typeof className === 'string' ? this.find(className) : undefined;
    if (!found || typeof config !== 'object' || config === null) return super.resolve(id, where);
    const { defaults } = found as unknown as typeof Activation;
    const own = ownOptions(config as Config, defaults ?? {});
    const usual = /\bLeakyReLU$/.test(className as string) && !('negativeSlope' in own || 'negative_slope' in own);
    return super.resolve({ ...id, config: usual ? { ...own, ...leakyLayer } : own }, where);
  }
}

/** Activations by their names: 'relu', 'leaky_relu', 'leakyRelu', 'swish', ... Also takes what `activations.*` are and give. index.ts fills it. */
export const activationRegistry = new ActivationRegistry('activation', 'keras.activations', Activation, snake);
