import { type Loss, lossRegistry } from '../losses/index.js';
import type { Config } from '../registry.js';
import { LossMean } from './loss_mean.js';
import { checkLastAxis, Metric, type MetricOptions } from './metric.js';

export interface BinaryCrossentropyOptions extends MetricOptions {
  /** The output is logits, not probabilities. Default false. */
  fromLogits?: boolean;
  /** Moves labels towards 1/2, from 0 (default) to 1. */
  labelSmoothing?: number;
}
export interface CategoricalCrossentropyOptions extends BinaryCrossentropyOptions {
  /** Only -1. */
  axis?: number;
}
export interface SparseCategoricalCrossentropyOptions extends MetricOptions {
  /** The output is logits, not probabilities. Default false. */
  fromLogits?: boolean;
  /** Samples or steps with this label are left out. */
  ignoreClass?: number | null;
  /** Only -1. */
  axis?: number;
}

function crossentropy(className: string, config: Config): Loss {
  return lossRegistry.resolve({ className, config }, `metrics.${className}`);
}

/**
 * Mean cross-entropy of 0/1 labels and probabilities. Where the output layer's sigmoid feeds it directly, it is computed from
 * what went into the sigmoid, as the loss is.
 * @example model.compile({ loss: 'mse', metrics: [metrics.binaryCrossentropy({ fromLogits: true })] })
 */
export class BinaryCrossentropy extends LossMean {
  static override readonly className = 'BinaryCrossentropy';
  static readonly aliases = ['bce', 'BCE'];
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  constructor(options: BinaryCrossentropyOptions = {}) {
    const o = Metric.read('BinaryCrossentropy', options, { fromLogits: false, labelSmoothing: 0 });
    const { fromLogits, labelSmoothing } = o;
    super(o, 'binary_crossentropy', crossentropy('BinaryCrossentropy', { fromLogits, labelSmoothing }));
    this.fromLogits = fromLogits;
    this.labelSmoothing = labelSmoothing;
  }
  protected override config(): Config {
    return { fromLogits: this.fromLogits, labelSmoothing: this.labelSmoothing };
  }
}

/**
 * Mean cross-entropy of one-hot (or soft) labels and class probabilities along the last axis.
 * @example model.compile({ loss: 'categorical_crossentropy', metrics: [metrics.categoricalCrossentropy({ labelSmoothing: 0.1 })] })
 */
export class CategoricalCrossentropy extends LossMean {
  static override readonly className = 'CategoricalCrossentropy';
  readonly fromLogits: boolean;
  readonly labelSmoothing: number;
  constructor(options: CategoricalCrossentropyOptions = {}) {
    const o = Metric.read('CategoricalCrossentropy', options, { fromLogits: false, labelSmoothing: 0, axis: -1 });
    const { fromLogits, labelSmoothing } = o;
    super(o, 'categorical_crossentropy', crossentropy('CategoricalCrossentropy', { fromLogits, labelSmoothing }));
    checkLastAxis('CategoricalCrossentropy', o.axis);
    this.fromLogits = fromLogits;
    this.labelSmoothing = labelSmoothing;
  }
  protected override config(): Config {
    return { fromLogits: this.fromLogits, labelSmoothing: this.labelSmoothing, axis: -1 };
  }
}

/**
 * Mean cross-entropy of class numbers and class probabilities along the last axis.
 * @example model.compile({ loss: 'sparse_categorical_crossentropy', metrics: [metrics.sparseCategoricalCrossentropy({ ignoreClass: 255 })] })
 */
export class SparseCategoricalCrossentropy extends LossMean {
  static override readonly className = 'SparseCategoricalCrossentropy';
  readonly fromLogits: boolean;
  readonly ignoreClass: number | null;
  constructor(options: SparseCategoricalCrossentropyOptions = {}) {
    const o = Metric.read('SparseCategoricalCrossentropy', options, {
      fromLogits: false,
      ignoreClass: null as number | null,
      axis: -1,
    });
    const { fromLogits, ignoreClass } = o;
    super(o, 'sparse_categorical_crossentropy', crossentropy('SparseCategoricalCrossentropy', { fromLogits, ignoreClass }));
    checkLastAxis('SparseCategoricalCrossentropy', o.axis);
    this.fromLogits = fromLogits;
    this.ignoreClass = ignoreClass;
  }
  protected override config(): Config {
    return { fromLogits: this.fromLogits, ignoreClass: this.ignoreClass, axis: -1 };
  }
}

export const crossentropyMetrics = { BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy };
