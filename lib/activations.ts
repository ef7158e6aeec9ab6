import { Activation, fromFunction } from './activations/activation.js';
import * as alongAxis from './activations/along_axis.js';
import * as elementwise from './activations/elementwise.js';
import { type Config, classNameOf, type NoOptions, type Part, type PartClass, Registry, snake } from './registry.js';

export { Activation };

const classes: readonly PartClass<Activation>[] = [...Object.values(elementwise), ...Object.values(alongAxis)];

/** Functions that Keras has as layers too: such a layer in an activation's place is how it writes options of their own. */
const layerForms: readonly (readonly [typeof Activation, string])[] = [
  [elementwise.LeakyRelu, 'LeakyReLU'],
  [elementwise.Relu, 'ReLU'],
  [elementwise.Elu, 'ELU'],
  [alongAxis.Softmax, 'Softmax'],
];

/**
 * How a config names an activation: by its name where its options are at their defaults, else as the layer that Keras has for it. Where it has none,
 * as `{ module, class_name, config }` of the function, which only this package reads.
 */
export function activationConfig(part: Activation): string | { module: string; class_name: string; config: Config } {
  const own = part.getConfig();
  if (Object.keys(own).length === 0) return part.name;
  const layer = layerForms.find(([c]) => c === part.constructor)?.[1];
  const { options } = part;
  // Keras's layers refuse numbers below 0, which its functions take.
  const refused = layer?.endsWith('ReLU') && Object.values(options).some((v) => (v as number) < 0);
  if (layer && !refused) return { module: 'keras.layers', class_name: layer, config: options };
  return { module: 'keras.activations', class_name: classNameOf(part), config: own };
}

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
    if (typeof id === 'function') return fromFunction(id as () => unknown, where, factories);
    if (id === 'LeakyReLU') return new elementwise.LeakyRelu(leakyLayer);
    // TensorFlow.js's name of the approximation.
    if (id === 'gelu_new' || id === 'geluNew') return new elementwise.Gelu({ approximate: true });
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

/** Every activation by its names: 'relu', 'leaky_relu', 'leakyRelu', 'swish', ... Also takes what `activations.*` are and give. */
export const activationRegistry = new ActivationRegistry('activation', 'keras.activations', Activation, classes, snake);

type Axis = {
  /** As Keras counts: 0 is the batch, which is not allowed; -1, the last, is the default. */
  axis?: number;
};

type Axes = {
  /** As the axis of one, or a list: over all of them at once. */
  axis?: number | readonly number[];
};

const factories = {
  celu: (options?: { alpha?: number }) => new elementwise.Celu(options),
  elu: (options?: { alpha?: number }) => new elementwise.Elu(options),
  exponential: (options?: NoOptions) => new elementwise.Exponential(options),
  gelu: (options?: { approximate?: boolean }) => new elementwise.Gelu(options),
  glu: (options?: Axis) => new alongAxis.Glu(options),
  hardShrink: (options?: { threshold?: number }) => new elementwise.HardShrink(options),
  hardSigmoid: (options?: NoOptions) => new elementwise.HardSigmoid(options),
  hardSigmoidKeras2: (options?: NoOptions) => new elementwise.HardSigmoidKeras2(options),
  hardSilu: (options?: NoOptions) => new elementwise.HardSilu(options),
  hardSwish: (options?: NoOptions) => new elementwise.HardSilu(options),
  hardTanh: (options?: NoOptions) => new elementwise.HardTanh(options),
  leakyRelu: (options?: { negativeSlope?: number }) => new elementwise.LeakyRelu(options),
  linear: (options?: NoOptions) => new elementwise.Linear(options),
  logSigmoid: (options?: NoOptions) => new elementwise.LogSigmoid(options),
  logSoftmax: (options?: Axes) => new alongAxis.LogSoftmax(options),
  mish: (options?: NoOptions) => new elementwise.Mish(options),
  relu: (options?: { negativeSlope?: number; maxValue?: number | null; threshold?: number }) => new elementwise.Relu(options),
  relu6: (options?: NoOptions) => new elementwise.Relu6(options),
  selu: (options?: NoOptions) => new elementwise.Selu(options),
  sigmoid: (options?: NoOptions) => new elementwise.Sigmoid(options),
  silu: (options?: NoOptions) => new elementwise.Silu(options),
  softShrink: (options?: { threshold?: number }) => new elementwise.SoftShrink(options),
  softmax: (options?: Axes) => new alongAxis.Softmax(options),
  softplus: (options?: NoOptions) => new elementwise.Softplus(options),
  softsign: (options?: NoOptions) => new elementwise.Softsign(options),
  sparsePlus: (options?: NoOptions) => new elementwise.SparsePlus(options),
  sparseSigmoid: (options?: NoOptions) => new elementwise.SparseSigmoid(options),
  sparsemax: (options?: Axis) => new alongAxis.Sparsemax(options),
  squareplus: (options?: { b?: number }) => new elementwise.Squareplus(options),
  swish: (options?: NoOptions) => new elementwise.Silu(options),
  tanh: (options?: NoOptions) => new elementwise.Tanh(options),
  tanhShrink: (options?: NoOptions) => new elementwise.TanhShrink(options),
  threshold: (options: { threshold: number; defaultValue: number }) => new elementwise.Threshold(options),
};

/**
 * Every activation function, for options named `activation`: `layers.dense({ units: 8, activation: activations.leakyRelu({ negativeSlope: 0.1 }) })`.
 * Those whose options stay at their defaults can as well be given by name: `'relu'`. See https://keras.io/api/layers/activations/
 * @example
 * layers.dense({ units: 8, activation: activations.leakyRelu({ negativeSlope: 0.1 }) });
 * layers.dense({ units: 8, activation: activations.relu }); // the function itself: with its defaults
 */
export const activations = { Activation, ...elementwise, ...alongAxis, ...factories };
