import { ValueError } from '../errors.js';
import type { LossFunction } from '../losses/function_loss.js';
import { isCustomLoss, Loss, lossRegistry } from '../losses/index.js';
import { suggest } from '../options.js';
import { isOwnFunction } from '../table.js';
import { BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy } from './accuracy.js';
import { BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy } from './crossentropy.js';
import { FunctionMetric } from './function_metric.js';
import { Metric, type MetricOptions } from './metric.js';
import { metricRegistry } from './registry.js';
import { findMetric, functionName, lossOf, MeanMetricWrapper, refuseFunction } from './wrapper.js';

/** What decides which accuracy `'accuracy'` is: elements of the output's and of the labels' last axis (1 for class numbers). */
export interface MetricContext {
  outputWidth: number;
  labelWidth: number;
}

/** A metric with its key in logs and history. */
export interface NamedMetric {
  key: string;
  metric: Metric;
  /** Whether sample and class weights count. */
  weighted: boolean;
}

type MetricClass = new (options: MetricOptions) => Metric;

/** Keras goes by shapes alone: one output element is binary, one label element for several outputs a class number. */
function byShape(context: MetricContext, binary: MetricClass, sparse: MetricClass, categorical: MetricClass): MetricClass {
  if (context.outputWidth === 1) return binary;
  return context.labelWidth === 1 ? sparse : categorical;
}

function fromName(name: string, context: MetricContext, where: string): Metric {
  const lower = name.toLowerCase();
  if (lower === 'accuracy' || lower === 'acc')
    return new (byShape(context, BinaryAccuracy, SparseCategoricalAccuracy, CategoricalAccuracy))({ name });
  if (lower === 'crossentropy' || lower === 'ce')
    return new (byShape(context, BinaryCrossentropy, SparseCategoricalCrossentropy, CategoricalCrossentropy))({ name });
  const found = findMetric(name);
  if (found) return new found({ name });
  if (lossRegistry.find(name)?.prototype instanceof Loss) return new MeanMetricWrapper({ fn: name, name });
  const known = ['accuracy', 'crossentropy', ...metricRegistry.names, ...lossRegistry.names];
  throw new ValueError(`${where}: unknown metric '${name}'.${suggest(name, known)}`, 'ERR_UNKNOWN_NAME');
}

/**
 * A metric from whatever names one: a name in any of Keras's spellings (of a metric or a loss), an instance or class (of a
 * metric or a loss), a config. A name given as a string is the metric's name; everything else has its own.
 * Throws ValueError for unknown names and for JavaScript functions, TypeError for what names nothing.
 */
export function resolveMetric(id: unknown, context: MetricContext, where = 'metrics'): Metric {
  const name = typeof id === 'string' ? id : functionName(id);
  if (name !== undefined) return fromName(name, context, where);
  if (typeof id === 'function') {
    if (isOwnFunction(id)) return new FunctionMetric(id as LossFunction);
    if (!(id.prototype instanceof Metric) && !(id.prototype instanceof Loss)) throw refuseFunction(where, id);
    return resolveMetric(new (id as new () => unknown)(), context, where);
  }
  if (isCustomLoss(id)) throw refuseFunction(where, id.call);
  if (id instanceof Loss) return new MeanMetricWrapper({ fn: id, name: id.name });
  const className =
    typeof id === 'object' && id !== null
      ? ((id as Record<string, unknown>).class_name ?? (id as Record<string, unknown>).className)
      : undefined;
  if (typeof className === 'string' && !findMetric(className) && lossRegistry.find(className)?.prototype instanceof Loss)
    return resolveMetric(lossOf(id, where), context, where);
  return metricRegistry.resolve(id, where);
}

/**
 * All metrics of a compilation under unique keys, in the order of the logs: a repeated key gets `_1`, `_2`; a weighted metric
 * whose key is taken gets `weighted_` before it.
 */
export function nameMetrics(
  metrics: readonly unknown[],
  weightedMetrics: readonly unknown[],
  context: MetricContext,
): NamedMetric[] {
  const taken = new Set(['loss']);
  const numbered = (key: string): string => {
    let free = key;
    for (let i = 1; taken.has(free); i++) free = `${key}_${i}`;
    return free;
  };
  const add = (id: unknown, weighted: boolean): NamedMetric => {
    const metric = resolveMetric(id, context, weighted ? "compile: 'weightedMetrics'" : "compile: 'metrics'");
    const key = weighted && taken.has(metric.name) ? numbered(`weighted_${metric.name}`) : numbered(metric.name);
    taken.add(key);
    return { key, metric, weighted };
  };
  return [...metrics.map((m) => add(m, false)), ...weightedMetrics.map((m) => add(m, true))];
}
