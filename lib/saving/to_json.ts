import { Activation, activationConfig } from '../activations/index.js';
import { constraintRegistry } from '../constraints/index.js';
import { initializerRegistry } from '../initializers/index.js';
import { InputLayer } from '../layers/core.js';
import { frontOf } from '../layers/front.js';
import { layerRegistry } from '../layers/index.js';
import { Layer } from '../layers/layer.js';
import { Nested, type Stack } from '../layers/nested.js';
import { lossRegistry } from '../losses/index.js';
import { metricRegistry } from '../metrics/index.js';
import type { Model } from '../model/model.js';
import { optimizerRegistry } from '../optimizers/index.js';
import { classNameOf, type Part, type PartClass, type Registry, snakeKey } from '../registry.js';
import { regularizerRegistry } from '../regularizers/index.js';
import { scheduleRegistry } from '../schedules/index.js';
import { compileConfig } from './compile_config.js';

type Json = Record<string, unknown>;

// biome-ignore lint/suspicious/noExplicitAny: registries of different parts
const registries: readonly Registry<any>[] = [
  initializerRegistry,
  regularizerRegistry,
  constraintRegistry,
  lossRegistry,
  metricRegistry,
  optimizerRegistry,
  scheduleRegistry,
];

const policy = (name: unknown = 'float32') => ({
  module: 'keras',
  class_name: 'DTypePolicy',
  config: { name },
  registered_name: null,
});

/** A model's architecture (no weights) as Keras 3 writes and reads it. How it was compiled is in it where Keras has words for that. */
export function toJSON(model: Model): Json {
  const compiled = compileConfig(model, serialize);
  return { ...serializeStack(model), ...(compiled ? { compile_config: compiled } : {}) };
}

/** @param name of the model as a layer: it may have another one there */
function serializeStack(model: Stack, name = model.name): Json {
  const { inputShape, trainable } = model;
  const shape = inputShape ? [...inputShape] : undefined;
  const layers = model.layers.map(serializeLayer);
  if (shape) layers.unshift(inputLayer(model.inputNames[0], shape, frontOf(model.layers)[0]?.takes));
  return {
    module: 'keras',
    class_name: 'Sequential',
    config: { name, trainable, dtype: policy(), layers, ...(shape ? { build_input_shape: shape } : {}) },
    registered_name: null,
    ...(shape ? { build_config: { input_shape: shape } } : {}),
  };
}

const inputLayer = (name: string, batchShape: readonly (number | null)[], dtype = 'float32'): Json => ({
  module: 'keras.layers',
  class_name: 'InputLayer',
  config: { batch_shape: [...batchShape], dtype, sparse: false, ragged: false, name, optional: false },
  registered_name: null,
});

/** One layer, with the shape it was built for. */
export function serializeLayer(layer: Layer): Json {
  if (layer instanceof Nested) return serializeStack(layer.stack, layer.name);
  // batchInputShape is said by the InputLayer.
  const { name, trainable, dtype, batchInputShape: _, ...own } = layer.getConfig();
  // Keras 3 refuses it there.
  const training = /^(SpatialDropout|Discretization|HashedCrossing)/.test(layer.className) ? {} : { trainable };
  if (layer instanceof InputLayer) return inputLayer(layer.name ?? 'input_layer', [null, ...layer.shape]);
  return {
    ...heading(layer, layerRegistry),
    config: { name, ...training, dtype: policy(dtype), ...(serialize(own) as Json) },
    registered_name: registeredName(layer, layerRegistry),
    ...(layer.builtFor ? { build_config: { input_shape: [null, ...layer.builtFor] } } : {}),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: any registry
const isBuiltIn = (part: Part, registry: Registry<any>): boolean =>
  registry.classes.includes(part.constructor as unknown as PartClass<Part>);
// biome-ignore lint/suspicious/noExplicitAny: any registry
const heading = (part: Part, registry: Registry<any>): Json => ({
  module: isBuiltIn(part, registry) ? registry.module : null,
  class_name: classNameOf(part),
});
// Keras's way of naming classes that users register.
// biome-ignore lint/suspicious/noExplicitAny: any registry
const registeredName = (part: Part, registry: Registry<any>): string | null =>
  isBuiltIn(part, registry) ? null : `Custom>${classNameOf(part)}`;

const isPart = (value: object): value is Part => typeof (value as Partial<Part>).getConfig === 'function';

/** Any option of a part: parts become `{ module, class_name, config, registered_name }`, keys snake_case. */
export function serialize(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(serialize);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Iterable<number>, Number);
  if (value instanceof Layer) return serializeLayer(value);
  if (value instanceof Activation) return serializeActivation(value);
  if (isPart(value)) return serializePart(value);
  const out: Json = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) out[snakeKey(key)] = serialize(item);
  return out;
}

function serializeActivation(activation: Activation): unknown {
  const form = activationConfig(activation);
  return typeof form === 'string' ? form : { ...form, config: serialize(form.config), registered_name: null };
}

function serializePart(part: Part): Json {
  const registry = registries.find((r) => part instanceof r.base);
  const config = serialize(part.getConfig()) as Json;
  // Python tells 0 from 0.0, JSON does not, and Keras's SGD takes only the latter: its default.
  if (config.momentum === 0) delete config.momentum;
  if (!registry) return { module: null, class_name: classNameOf(part), config, registered_name: `Custom>${classNameOf(part)}` };
  return { ...heading(part, registry), config, registered_name: registeredName(part, registry) };
}
