import { factory, tableOf } from '../table.js';
import * as lists from './all.js';
import { IoU } from './iou.js';
import { LossMean } from './loss_mean.js';
import { Metric } from './metric.js';
import { metricRegistry } from './registry.js';

export { type Direction, Metric, type MetricOptions, type MetricSpec } from './metric.js';
export { metricRegistry } from './registry.js';
export { type MetricContext, type NamedMetric, nameMetrics, resolveMetric } from './resolve.js';

metricRegistry.fill(lists);

/**
 * The table of metrics: classes under Keras's names, and a factory of each in camelCase.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: ['accuracy', metrics.precision({ thresholds: 0.7 })] });
 */
export const metrics = tableOf(lists, { Metric, LossMean, iou: factory(IoU) });
