import { show, ValueError } from '../errors.js';
import { type Config, camel, fromKerasConfig } from '../registry.js';
import { classOf, isObject, plain } from './plain.js';

/** Which Keras wrote a config: the same words mean other things in some places. */
export type Dialect = 'keras3' | 'keras2';

/** One layer as a config names it. */
export interface LayerEntry {
  className: string;
  config: Config;
}

/** What a model's JSON says, whichever version wrote it. */
export interface Topology {
  dialect: Dialect;
  /** Written before Keras 2.3 or by TensorFlow.js, whose defaults for recurrent layers are others. */
  old: boolean;
  /** Written by TensorFlow.js's own layers, which compute some things otherwise. */
  tfjs: boolean;
  name: string | undefined;
  trainable: boolean;
  layers: LayerEntry[];
  /** With the batch dimension, where no layer tells it. */
  buildInputShape: unknown;
  compileConfig: Config | null;
}

/**
 * Reads the JSON of a Sequential: Keras 3, Keras 2 and tf.keras, a bare list of layers (before Keras 2.2.3), TensorFlow.js.
 * @param json text, or what JSON.parse gave
 */
export function readTopology(where: string, json: unknown): Topology {
  let model = plain(where, parse(where, json));
  // The envelopes of TensorFlow.js (modelTopology) and of its converter (model_config).
  for (const key of ['modelTopology', 'model_config'])
    if (isObject(model) && key in model) model = plain(where, parse(where, model[key]));
  if (!isObject(model)) throw notAModel(where, model);
  const className = classOf(model);
  if (className === undefined) throw notAModel(where, model);
  if (className !== 'Sequential')
    throw new ValueError(
      `${where}: only models of class 'Sequential' can be read. Received: '${className}'. Rebuild the model as a stack of layers.`,
      'ERR_CONFIG',
    );
  // Before Keras 2.2.3 the config was the bare list of layers.
  const config: Config = Array.isArray(model.config) ? { layers: model.config } : isObject(model.config) ? model.config : {};
  if (!Array.isArray(config.layers))
    throw new ValueError(`${where}: the config of the model has no list 'layers'. Received: ${show(model.config)}`, 'ERR_CONFIG');
  const layers = config.layers.map((entry, i) => readEntry(`${where}: layer ${i}`, entry));
  const version = String(model.keras_version ?? model.kerasVersion ?? '');
  const dialect = dialectOf(version, layers, model);
  return {
    dialect,
    old: dialect === 'keras2' && !/^(2\.([3-9]|\d\d)|1\.1[45]).*|-tf$/.test(version) && model.module === undefined,
    tfjs: /^tfjs/.test(version) || model.backend === 'tensor_flow.js',
    name: typeof config.name === 'string' && config.name ? config.name : undefined,
    trainable: config.trainable !== false,
    layers,
    buildInputShape: config.build_input_shape ?? (isObject(model.build_config) ? model.build_config.input_shape : undefined),
    compileConfig: isObject(model.compile_config) ? model.compile_config : null,
  };
}

function parse(where: string, json: unknown): unknown {
  let value = json;
  if (typeof json === 'string')
    try {
      value = JSON.parse(json);
    } catch (error) {
      throw new ValueError(`${where}: no valid JSON: ${(error as Error).message}`, 'ERR_JSON');
    }
  // The list of layers that the oldest versions wrote.
  return Array.isArray(value) ? { class_name: 'Sequential', config: value } : value;
}

function notAModel(where: string, value: unknown): ValueError {
  return new ValueError(
    `${where} must be the JSON of a model, { class_name: 'Sequential', config: { layers } }. Received: ${show(value)}`,
    'ERR_CONFIG',
  );
}

/** A layer's class and config, checked for their form only. */
export function readEntry(where: string, entry: unknown): LayerEntry {
  const className = isObject(entry) ? classOf(entry) : undefined;
  if (!isObject(entry) || className === undefined)
    throw new ValueError(`${where} must be { class_name, config }. Received: ${show(entry)}`, 'ERR_CONFIG');
  const config = entry.config ?? {};
  if (!isObject(config))
    throw new ValueError(`${where} ('${className}'): 'config' must be an object. Received: ${show(config)}`, 'ERR_CONFIG');
  return { className, config };
}

// tf.keras writes the envelope of Keras 3 around the contents of Keras 2: only the contents tell.
function dialectOf(version: string, layers: LayerEntry[], model: Config): Dialect {
  if (/^\d/.test(version)) return Number.parseInt(version, 10) >= 3 ? 'keras3' : 'keras2';
  if (version) return 'keras2';
  const configs = layers.map((l) => l.config);
  if (configs.some((c) => 'batch_shape' in c || (isObject(c.dtype) && classOf(c.dtype) === 'DTypePolicy'))) return 'keras3';
  if (configs.some((c) => 'batch_input_shape' in c || 'batchInputShape' in c)) return 'keras2';
  return model.module === undefined ? 'keras2' : 'keras3';
}

// Keys come from the file: a table must not answer to 'constructor'.
function lookup<T>(table: Record<string, T>): Map<string, T> {
  return new Map(Object.entries(table));
}

/** What the oldest versions meant where they wrote nothing. */
const oldDefaults = lookup<Config>({
  GRU: { recurrentActivation: 'hard_sigmoid', resetAfter: false },
  GRUCell: { recurrentActivation: 'hard_sigmoid', resetAfter: false },
  LSTM: { recurrentActivation: 'hard_sigmoid' },
  LSTMCell: { recurrentActivation: 'hard_sigmoid' },
  ConvLSTM2D: { recurrentActivation: 'hard_sigmoid' },
});

/** Keys without a meaning while they have such a value. */
const idle = lookup<(value: unknown) => boolean>({
  inputAxes: (v) => v === null,
  outputAxes: (v) => v === null,
  activityRegularizer: (v) => v === null,
});
/** Keys that Keras 2's base classes write for layers that have no use for them. */
const idleFor = lookup<readonly string[]>({
  Conv1DTranspose: ['groups'],
  Conv2DTranspose: ['groups'],
  Conv3DTranspose: ['groups'],
  DepthwiseConv1D: ['groups', 'filters'],
  DepthwiseConv2D: ['groups', 'filters'],
  SpatialDropout1D: ['noiseShape'],
  SpatialDropout2D: ['noiseShape'],
  SpatialDropout3D: ['noiseShape'],
  SeparableConv1D: ['groups', 'kernelInitializer', 'kernelRegularizer', 'kernelConstraint'],
  SeparableConv2D: ['groups', 'kernelInitializer', 'kernelRegularizer', 'kernelConstraint'],
});

/** Layers for which these mean something. */
const keptFor = /^(StringLookup|IntegerLookup|TextVectorization|Hashing|HashedCrossing|Discretization|CategoryEncoding)$/;

/**
 * A layer's Keras config as the options of its constructor: keys in camelCase, keys without a meaning dropped, what Keras 2 means otherwise said in the
 * words of Keras 3. Parts inside (initializers and so on) stay as configs.
 */
export function layerOptions({ className, config }: LayerEntry, { dialect, old }: Pick<Topology, 'dialect' | 'old'>): Config {
  const bare = className.replace(/^.*[>.]/, '');
  const out = fromKerasConfig(config);
  if (keptFor.test(bare)) for (const key of ['sparse', 'ragged']) if (key in config) out[key] = config[key];
  if (isObject(out.dtype)) out.dtype = isObject(out.dtype.config) ? out.dtype.config.name : out.dtype.name;
  for (const [key, value] of Object.entries(out)) {
    if (idle.get(key)?.(value)) delete out[key];
    else out[key] = part(value, dialect);
  }
  // Also in HDF5 files that name Keras 3.
  if (bare === 'LeakyReLU' && 'alpha' in out) {
    out.negativeSlope ??= out.alpha;
    delete out.alpha;
  }
  if (dialect === 'keras3') return out;
  for (const key of idleFor.get(bare) ?? []) if (key !== 'groups' || out.groups === 1) delete out[key];
  // TensorFlow.js writes null for what was left out, and takes it for false: for the forget bias too, which Keras has at true.
  for (const key of ['maskZero', 'unitForgetBias']) if (out[key] === null) out[key] = false;
  // And the type of an input as that of its first layer, and a depthwise kernel's regularizer in the place of its constraint.
  if ('batchInputShape' in out && typeof out.dtype === 'string' && /^(u?int|bool)/.test(out.dtype)) delete out.dtype;
  if (isObject(out.depthwiseConstraint) && /^L1(L2)?$|^L2$/.test(classOf(out.depthwiseConstraint) ?? ''))
    delete out.depthwiseConstraint;
  // It also writes a cell's options beside the cell.
  if (bare === 'RNN' && isObject(out.cell) && isObject(out.cell.config))
    for (const key of Object.keys(fromKerasConfig(out.cell.config))) if (!/^(name|trainable|dtype)$/.test(key)) delete out[key];
  if (old) for (const [key, value] of Object.entries(oldDefaults.get(bare) ?? {})) out[key] ??= value;
  for (const key of ['activation', 'recurrentActivation']) if (isHardSigmoid(out[key])) out[key] = 'hard_sigmoid_keras2';
  return out;
}

// Keras 3 gave the name to another curve: relu6(x + 3) / 6 where it was clip(0.2 x + 0.5, 0, 1).
const isHardSigmoid = (value: unknown): boolean => typeof value === 'string' && camel(value) === 'hardSigmoid';

/** A serialized initializer, regularizer, constraint: without keys that say nothing. */
function part(value: unknown, dialect: Dialect): unknown {
  if (!isObject(value) || classOf(value) === undefined || !isObject(value.config)) return value;
  const config: Config = { ...value.config };
  for (const key of Object.keys(config)) if (idle.get(camel(key))?.(config[key])) delete config[key];
  // 'normal' was the truncated one.
  if (dialect === 'keras2' && classOf(value) === 'VarianceScaling' && config.distribution === 'normal')
    config.distribution = 'truncated_normal';
  return { ...value, config };
}
