import { ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { checkClassId, type Direction, Metric, type MetricOptions, type MetricSpec, optionalNumber } from './metric.js';

export interface ConfusionOptions extends MetricOptions {
  /**
   * Outputs strictly above it are positive: a number from 0 to 1, or several, which give a result each. Default 0.5.
   * For outputs that are logits, 0.
   */
  thresholds?: number | readonly number[] | null;
}

export interface PrecisionOptions extends ConfusionOptions {
  /** Only the `topK` largest outputs of a sample can be positive; without `thresholds` they all are. */
  topK?: number | null;
  /** Look only at this element of the last axis. */
  classId?: number | null;
}

function checkThresholds(where: string, given: unknown): number | number[] | null {
  if (given === undefined || given === null) return null;
  const one = (t: unknown) => checkNumber(where, 'thresholds', t, { min: 0, max: 1 });
  const list = ArrayBuffer.isView(given) ? Array.from(given as Float64Array) : given;
  if (!Array.isArray(list)) return one(list);
  if (!list.length)
    throw new ValueError(`${where}: 'thresholds' must hold at least one number from 0 to 1. Received: []`, 'ERR_OUT_OF_RANGE');
  return list.map(one);
}

/** Counts of elements, each with the weight of its sample; labels that are not 0 are positive. */
abstract class ConfusionMetric extends Metric {
  readonly thresholds: number | number[] | null;

  constructor(options: ConfusionOptions, where: string, defaultName: string) {
    super(options, defaultName);
    this.thresholds = checkThresholds(where, options.thresholds);
  }

  protected abstract readonly native: string;

  override resultSize(_width: number): number {
    return Array.isArray(this.thresholds) ? this.thresholds.length : 1;
  }
  protected override describe(_width: number): MetricSpec {
    const t = this.thresholds;
    return { metric: this.native, thresholds: t === null ? undefined : Array.isArray(t) ? t : [t] };
  }
  protected override config(): Config {
    return { thresholds: this.thresholds };
  }
}

/**
 * Number (sum of weights) of positive labels whose output is above the threshold.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: [metrics.truePositives({ thresholds: [0.3, 0.7] })] })
 */
export class TruePositives extends ConfusionMetric {
  static override readonly className = 'TruePositives';
  override readonly direction: Direction = 'up';
  protected readonly native = 'truePositives';
  constructor(options: ConfusionOptions = {}) {
    super(Metric.read('TruePositives', options, { thresholds: null }), 'TruePositives', 'true_positives');
  }
}

/**
 * Number (sum of weights) of zero labels whose output is not above the threshold.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: ['TrueNegatives'] })
 */
export class TrueNegatives extends ConfusionMetric {
  static override readonly className = 'TrueNegatives';
  override readonly direction: Direction = 'up';
  protected readonly native = 'trueNegatives';
  constructor(options: ConfusionOptions = {}) {
    super(Metric.read('TrueNegatives', options, { thresholds: null }), 'TrueNegatives', 'true_negatives');
  }
}

/**
 * Number (sum of weights) of zero labels whose output is above the threshold.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: [metrics.falsePositives({ thresholds: 0.7 })] })
 */
export class FalsePositives extends ConfusionMetric {
  static override readonly className = 'FalsePositives';
  override readonly direction: Direction = 'down';
  protected readonly native = 'falsePositives';
  constructor(options: ConfusionOptions = {}) {
    super(Metric.read('FalsePositives', options, { thresholds: null }), 'FalsePositives', 'false_positives');
  }
}

/**
 * Number (sum of weights) of positive labels whose output is not above the threshold.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: ['FalseNegatives'] })
 */
export class FalseNegatives extends ConfusionMetric {
  static override readonly className = 'FalseNegatives';
  override readonly direction: Direction = 'down';
  protected readonly native = 'falseNegatives';
  constructor(options: ConfusionOptions = {}) {
    super(Metric.read('FalseNegatives', options, { thresholds: null }), 'FalseNegatives', 'false_negatives');
  }
}

const precisionDefaults = { thresholds: null, topK: null, classId: null };

abstract class PrecisionMetric extends ConfusionMetric {
  override readonly direction = 'up';
  readonly topK: number | null;
  readonly classId: number | null;

  constructor(options: PrecisionOptions, where: string, defaultName: string) {
    super(options, where, defaultName);
    this.topK = optionalNumber(where, 'topK', options.topK, { min: 1, integer: true });
    this.classId = optionalNumber(where, 'classId', options.classId, { min: 0, integer: true });
  }

  protected override describe(width: number): MetricSpec {
    checkClassId(this, this.classId, width);
    if (this.topK !== null && this.topK > width)
      throw new ValueError(
        `metric '${this.name}' (${this.className}): 'topK' must be at most the ${width} elements of the output's last axis. Received: ${this.topK}`,
        'ERR_OUT_OF_RANGE',
      );
    return { ...super.describe(width), topK: this.topK, classId: this.classId };
  }
  protected override config(): Config {
    return { ...super.config(), topK: this.topK, classId: this.classId };
  }
}

/**
 * True positives over all that is called positive; 0 where nothing is.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: [new metrics.Precision({ thresholds: 0.7 })] })
 */
export class Precision extends PrecisionMetric {
  static override readonly className = 'Precision';
  protected readonly native = 'precision';
  constructor(options: PrecisionOptions = {}) {
    super(Metric.read('Precision', options, precisionDefaults), 'Precision', 'precision');
  }
}

/**
 * True positives over all that is positive; 0 where nothing is.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: [metrics.recall({ topK: 3 })] })
 */
export class Recall extends PrecisionMetric {
  static override readonly className = 'Recall';
  protected readonly native = 'recall';
  constructor(options: PrecisionOptions = {}) {
    super(Metric.read('Recall', options, precisionDefaults), 'Recall', 'recall');
  }
}

export const confusionMetrics = { TruePositives, TrueNegatives, FalsePositives, FalseNegatives, Precision, Recall };
