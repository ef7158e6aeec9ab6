import { lossRegistry } from '../losses/index.js';
import { metricRegistry } from '../metrics/index.js';
import { type Registry, snake } from '../registry.js';
import { isObject } from './plain.js';

type Json = Record<string, unknown>;
type Entry = { class_name: string; config: Json; module?: unknown };

// HDF5 files are read by Keras 2, tf.keras, Keras 3 and TensorFlow's converters. What they all understand are Keras 2's words: layers and parts as
// `{ class_name, config }`, shapes as `batch_input_shape`, types by name.

/** Keys that Keras 2 refuses, left out while they have the values that mean nothing. */
const idle: Readonly<Record<string, readonly unknown[]>> = {
  zero_output_for_mask: [false],
  rms_scaling: [false],
  gradient_accumulation_steps: [null],
  loss_scale_factor: [null],
  build_input_shape: [null, undefined],
};

/** Keys of classes that have no such option in Keras 2. */
const unknownKeys: Readonly<Record<string, readonly string[]>> = {
  InputLayer: ['optional'],
  ZeroPadding1D: ['data_format'],
  Sequential: ['trainable', 'dtype'],
};

/** Keys that had another name. */
const olderNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  InputLayer: { batch_shape: 'batch_input_shape' },
  LeakyReLU: { negative_slope: 'alpha' },
};

/** Activations by the names that Keras 2 has for them. */
const olderActivations: Readonly<Record<string, string>> = { silu: 'swish', hard_sigmoid_keras2: 'hard_sigmoid' };

const isEntry = (value: Json): value is Entry => typeof value.class_name === 'string' && isObject(value.config);

/** Where Keras 3's legacy reader finds classes only with their modules. */
const inModules = new Set(['layer', 'backward_layer', 'cell', 'cells', 'learning_rate', 'activation', 'recurrent_activation']);

/** Keras 3's legacy reader knows an axis that is one number, and drops others: such layers are written as newer files have them. */
const needsModule = ({ class_name, config }: Entry): boolean =>
  'axis' in config && (class_name === 'Normalization' || (Array.isArray(config.axis) && config.axis.length > 1));

/**
 * Keras 3's JSON of a model, a layer or a part in Keras 2's words.
 * @param key under which it stands
 */
export function toKeras2(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => toKeras2(item, key));
  if (!isObject(value)) return value;
  if (!isEntry(value)) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toKeras2(item, name)]));
  if (value.class_name === 'DTypePolicy') return value.config.name;
  const entry = { class_name: value.class_name, config: configOf(value) };
  return inModules.has(key) || needsModule(value) ? { module: value.module, ...entry, registered_name: null } : entry;
}

function configOf({ class_name, config }: Entry): Json {
  const out: Json = {};
  for (const [key, value] of Object.entries(config)) {
    if (idle[key]?.includes(value) || unknownKeys[class_name]?.includes(key)) continue;
    const older = /activation$/.test(key) && typeof value === 'string' ? olderActivations[value] : undefined;
    out[olderNames[class_name]?.[key] ?? key] = older ?? toKeras2(value, key);
  }
  return out;
}

/** How a model was compiled, as `training_config` has it, from Keras 3's `compile_config`. */
export function trainingConfig(compiled: Json): Json {
  return {
    loss: longNames(toKeras2(compiled.loss), lossRegistry),
    metrics: longNames(toKeras2(compiled.metrics), metricRegistry),
    weighted_metrics: longNames(toKeras2(compiled.weighted_metrics), metricRegistry),
    loss_weights: compiled.loss_weights ?? null,
    ...(compiled.sample_weight_mode ? { sample_weight_mode: compiled.sample_weight_mode } : {}),
    optimizer_config: optimizerConfig(compiled.optimizer as Entry),
  };
}

/** By its bare class tf.keras would take an optimizer for one of before 2.11, whose options and state are others: this is how it names its own. */
function optimizerConfig(optimizer: Entry): Json {
  const { class_name, config } = toKeras2(optimizer) as Entry;
  const name = class_name.replace(/^.*>/, '');
  // Keras 3 goes by the name, which must then be the class's.
  return { class_name: `Custom>${name}`, config: { ...config, name, is_legacy_optimizer: false } };
}

/** Keras 3 does not find losses by their short names there. What 'accuracy' means follows from the shapes. */
// biome-ignore lint/suspicious/noExplicitAny: either registry
function longNames(value: unknown, registry: Registry<any>): unknown {
  if (typeof value === 'string') {
    const found = /^(acc|accuracy|ce|crossentropy)$/.test(value) ? undefined : registry.find(value);
    return found ? snake(found.className) : value;
  }
  if (Array.isArray(value)) return value.map((item) => longNames(item, registry));
  if (!isObject(value) || isEntry(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, longNames(item, registry)]));
}
