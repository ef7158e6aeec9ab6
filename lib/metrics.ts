/**
 * The table of metrics: classes under Keras's names and a factory of each in camelCase. A new one is a class in metrics/ and a line in metrics/wrapper.ts.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: ['accuracy', metrics.precision({ thresholds: 0.7 })] });
 */
export * as metrics from './metrics/all.js';
export { type Direction, Metric, type MetricOptions, type MetricSpec } from './metrics/metric.js';
export { type MetricContext, type NamedMetric, nameMetrics, resolveMetric } from './metrics/resolve.js';
export { metricRegistry } from './metrics/wrapper.js';
