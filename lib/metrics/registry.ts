import { Registry } from '../registry.js';
import { Metric } from './metric.js';

/** Metrics by every name that Keras has for them. index.ts fills it. */
export const metricRegistry = new Registry<Metric>('metric', 'keras.metrics', Metric);
