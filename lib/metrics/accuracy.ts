import { checkBoolean, checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { Metric, type MetricOptions, type MetricSpec } from './metric.js';

/**
 * How often output elements equal labels exactly: for outputs that are labels themselves. Labels have the shape of the output.
 * @example model.compile({ loss: 'mse', metrics: [new metrics.Accuracy()] })
 */
export class Accuracy extends Metric {
  static override readonly className = 'Accuracy';
  override readonly direction = 'up';
  constructor(options: MetricOptions = {}) {
    super(Metric.read('Accuracy', options, {}), 'accuracy');
  }
  protected override describe(): MetricSpec {
    return { metric: 'accuracy' };
  }
  protected override config(): Config {
    return {};
  }
}

export interface BinaryAccuracyOptions extends MetricOptions {
  /** Outputs strictly above it count as 1. Between 0 and 1; default 0.5, also where the output is a logit. */
  threshold?: number;
}

/**
 * How often `output > threshold` equals the 0/1 label; of several elements along the last axis, the share of them.
 * `'accuracy'` means this where the output's last axis has one element.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: [metrics.binaryAccuracy({ threshold: 0.7 })] })
 */
export class BinaryAccuracy extends Metric {
  static override readonly className = 'BinaryAccuracy';
  override readonly direction = 'up';
  readonly threshold: number;
  constructor(options: BinaryAccuracyOptions = {}) {
    const o = Metric.read('BinaryAccuracy', options, { threshold: 0.5 });
    super(o, 'binary_accuracy');
    this.threshold = checkNumber('BinaryAccuracy', 'threshold', o.threshold, { above: 0, below: 1 });
  }
  protected override describe(): MetricSpec {
    return { metric: 'binaryAccuracy', threshold: this.threshold };
  }
  protected override config(): Config {
    return { threshold: this.threshold };
  }
}

/**
 * How often the largest output is where the largest label is: for one-hot labels. Of equal outputs the first counts.
 * @example model.compile({ loss: 'categorical_crossentropy', metrics: ['categorical_accuracy'] })
 */
export class CategoricalAccuracy extends Metric {
  static override readonly className = 'CategoricalAccuracy';
  override readonly direction = 'up';
  constructor(options: MetricOptions = {}) {
    super(Metric.read('CategoricalAccuracy', options, {}), 'categorical_accuracy');
  }
  protected override describe(): MetricSpec {
    return { metric: 'categoricalAccuracy' };
  }
  protected override config(): Config {
    return {};
  }
}

/**
 * How often the largest output is at the label's class number. Labels: one class number for each output vector.
 * @example model.compile({ loss: 'sparse_categorical_crossentropy', metrics: ['sparse_categorical_accuracy'] })
 */
export class SparseCategoricalAccuracy extends Metric {
  static override readonly className = 'SparseCategoricalAccuracy';
  override readonly direction = 'up';
  constructor(options: MetricOptions = {}) {
    super(Metric.read('SparseCategoricalAccuracy', options, {}), 'sparse_categorical_accuracy');
  }
  override get sparse(): boolean {
    return true;
  }
  protected override describe(): MetricSpec {
    return { metric: 'sparseCategoricalAccuracy' };
  }
  protected override config(): Config {
    return {};
  }
}

export interface TopKOptions extends MetricOptions {
  /** How many of the largest outputs count; default 5. A tie at the boundary is a hit. */
  k?: number;
}

/**
 * How often the class of a one-hot label is among the `k` largest outputs. Never where an output is not finite.
 * @example model.compile({ loss: 'categorical_crossentropy', metrics: [metrics.topKCategoricalAccuracy({ k: 3, name: 'top3' })] })
 */
export class TopKCategoricalAccuracy extends Metric {
  static override readonly className = 'TopKCategoricalAccuracy';
  override readonly direction = 'up';
  readonly k: number;
  constructor(options: TopKOptions = {}) {
    const o = Metric.read('TopKCategoricalAccuracy', options, { k: 5 });
    super(o, 'top_k_categorical_accuracy');
    this.k = checkNumber('TopKCategoricalAccuracy', 'k', o.k, { min: 1, integer: true });
  }
  protected override describe(): MetricSpec {
    return { metric: 'topKCategoricalAccuracy', k: this.k };
  }
  protected override config(): Config {
    return { k: this.k };
  }
}

export interface SparseTopKOptions extends TopKOptions {
  /** The output is not scores but class numbers, best first: the label must be among the first `k`. Default false. */
  fromSortedIds?: boolean;
}

/**
 * How often the label's class number is among the `k` largest outputs. Never where an output is not finite.
 * @example model.compile({ loss: 'sparse_categorical_crossentropy', metrics: [metrics.sparseTopKCategoricalAccuracy({ k: 3 })] })
 */
export class SparseTopKCategoricalAccuracy extends Metric {
  static override readonly className = 'SparseTopKCategoricalAccuracy';
  override readonly direction = 'up';
  readonly k: number;
  readonly fromSortedIds: boolean;
  constructor(options: SparseTopKOptions = {}) {
    const where = 'SparseTopKCategoricalAccuracy';
    const o = Metric.read(where, options, { k: 5, fromSortedIds: false });
    super(o, 'sparse_top_k_categorical_accuracy');
    this.k = checkNumber(where, 'k', o.k, { min: 1, integer: true });
    this.fromSortedIds = checkBoolean(where, 'fromSortedIds', o.fromSortedIds);
  }
  override get sparse(): boolean {
    return true;
  }
  protected override describe(): MetricSpec {
    return { metric: 'sparseTopKCategoricalAccuracy', k: this.k, fromSortedIds: this.fromSortedIds };
  }
  protected override config(): Config {
    return { k: this.k, fromSortedIds: this.fromSortedIds };
  }
}

export const accuracyMetrics = {
  Accuracy,
  BinaryAccuracy,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
  TopKCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
};
