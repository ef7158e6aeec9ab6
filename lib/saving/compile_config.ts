import type { Model } from '../model/model.js';
import type { Config } from '../registry.js';
import { classOf, isObject, plain } from './plain.js';

/**
 * Options of `compile` from what Keras saves of them: `compile_config` of Keras 3 and tf.keras, `training_config` of HDF5 files (where the optimizer is
 * `optimizer_config`).
 */
export function compileOptions(saved: Config): Config {
  const config = plain('compile config', saved) as Config;
  const out: Config = {};
  const optimizer = config.optimizer ?? config.optimizer_config;
  if (optimizer !== undefined && optimizer !== null) out.optimizer = optimizer;
  if (config.loss !== undefined) out.loss = config.loss;
  if (config.loss_weights !== undefined) out.lossWeights = config.loss_weights;
  if (config.metrics !== undefined) out.metrics = metrics(config.metrics);
  if (config.weighted_metrics !== undefined) out.weightedMetrics = metrics(config.weighted_metrics);
  if (config.sample_weight_mode === 'temporal') out.sampleWeightMode = 'temporal';
  return out;
}

function metrics(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(metrics);
  if (!isObject(value)) return value;
  if (classOf(value) === undefined) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, metrics(item)]));
  // tf.keras wraps functions that were given by name. What 'accuracy' means follows from the shapes, as it did then.
  const name = classOf(value) === 'MeanMetricWrapper' && isObject(value.config) ? value.config.name : undefined;
  return name === 'accuracy' || name === 'acc' ? name : value;
}

/**
 * How a model was compiled, in Keras 3's words; null where it was not, or where something has no words: a loss or metric that is a function or an object of
 * the user's own without a class.
 */
export function compileConfig(model: Model, serialize: (value: unknown) => unknown): Config | null {
  if (!model.compiled) return null;
  const { optimizer, options } = model.compilation('save');
  const parts = [options.loss, options.metrics, options.weightedMetrics];
  if (!parts.every(hasWords)) return null;
  return {
    optimizer: serialize(optimizer),
    loss: named(options.loss, serialize),
    loss_weights: options.lossWeights ?? null,
    metrics: named(options.metrics, serialize),
    weighted_metrics: named(options.weightedMetrics, serialize),
    run_eagerly: false,
    steps_per_execution: 1,
    jit_compile: false,
    ...(options.sampleWeightMode ? { sample_weight_mode: options.sampleWeightMode } : {}),
  };
}

const isPart = (value: object): boolean => typeof (value as { getConfig?: unknown }).getConfig === 'function';

function hasWords(value: unknown): boolean {
  if (typeof value === 'function') return false;
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(hasWords);
  if (isPart(value) || classOf(value as Config) !== undefined) return true;
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(hasWords);
}

/** Losses and metrics as they were given: names in the spelling that Keras knows. */
function named(value: unknown, serialize: (value: unknown) => unknown): unknown {
  if (typeof value === 'string')
    return /^[a-z]+[A-Z]/.test(value) ? value.replace(/[A-Z]+/g, (c) => `_${c.toLowerCase()}`) : value;
  if (Array.isArray(value)) return value.map((v) => named(v, serialize));
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (isPart(value)) return serialize(value);
  if (classOf(value as Config) === undefined)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, named(v, serialize)]));
  const { className, class_name, config, ...rest } = value as Config;
  return {
    module: null,
    ...rest,
    class_name: class_name ?? className,
    config: className ? serialize(config ?? {}) : (config ?? {}),
    registered_name: null,
  };
}
