import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { checkClassId, Metric, type MetricOptions, type MetricSpec, optionalNumber } from './metric.js';

export interface BestAtOptions extends MetricOptions {
  /** How many thresholds, evenly spaced from 0 to 1, are tried; default 200. */
  numThresholds?: number;
  /** Look only at this element of the last axis. */
  classId?: number | null;
}
export interface SensitivityAtSpecificityOptions extends BestAtOptions {
  /** The specificity to be reached, from 0 to 1. Required. */
  specificity: number;
}
export interface SpecificityAtSensitivityOptions extends BestAtOptions {
  /** The sensitivity to be reached, from 0 to 1. Required. */
  sensitivity: number;
}
export interface PrecisionAtRecallOptions extends BestAtOptions {
  /** The recall to be reached, from 0 to 1. Required. */
  recall: number;
}
export interface RecallAtPrecisionOptions extends BestAtOptions {
  /** The precision to be reached, from 0 to 1. Required. */
  precision: number;
}

/** The best of one statistic over the thresholds at which another reaches a value; 0 where it is never reached. */
abstract class BestAt extends Metric {
  override readonly direction = 'up';
  readonly numThresholds: number;
  readonly classId: number | null;
  protected readonly value: number;
  protected abstract readonly native: string;

  constructor(
    options: BestAtOptions,
    where: string,
    defaultName: string,
    private readonly constrained: string,
  ) {
    super(options, defaultName);
    this.value = checkNumber(where, constrained, (options as Record<string, unknown>)[constrained], { min: 0, max: 1 });
    this.numThresholds = checkNumber(where, 'numThresholds', options.numThresholds, { min: 1, max: 2 ** 20, integer: true });
    this.classId = optionalNumber(where, 'classId', options.classId, { min: 0, integer: true });
  }

  protected override describe(width: number): MetricSpec {
    checkClassId(this, this.classId, width);
    return { metric: this.native, value: this.value, numThresholds: this.numThresholds, classId: this.classId };
  }
  protected override config(): Config {
    return { [this.constrained]: this.value, numThresholds: this.numThresholds, classId: this.classId };
  }
}

const defaults = { numThresholds: 200, classId: null };

/**
 * The best sensitivity tp/(tp+fn) at a threshold where the specificity tn/(tn+fp) is at least `specificity`.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: [metrics.sensitivityAtSpecificity({ specificity: 0.9 })] })
 */
export class SensitivityAtSpecificity extends BestAt {
  static override readonly className = 'SensitivityAtSpecificity';
  protected readonly native = 'sensitivityAtSpecificity';
  constructor(options: SensitivityAtSpecificityOptions) {
    const where = 'SensitivityAtSpecificity';
    super(
      Metric.read(where, options, { ...defaults, specificity: undefined }),
      where,
      'sensitivity_at_specificity',
      'specificity',
    );
  }
}

/**
 * The best specificity tn/(tn+fp) at a threshold where the sensitivity tp/(tp+fn) is at least `sensitivity`.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: [metrics.specificityAtSensitivity({ sensitivity: 0.9 })] })
 */
export class SpecificityAtSensitivity extends BestAt {
  static override readonly className = 'SpecificityAtSensitivity';
  protected readonly native = 'specificityAtSensitivity';
  constructor(options: SpecificityAtSensitivityOptions) {
    const where = 'SpecificityAtSensitivity';
    super(
      Metric.read(where, options, { ...defaults, sensitivity: undefined }),
      where,
      'specificity_at_sensitivity',
      'sensitivity',
    );
  }
}

/**
 * The best precision at a threshold where the recall is at least `recall`.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: [metrics.precisionAtRecall({ recall: 0.8 })] })
 */
export class PrecisionAtRecall extends BestAt {
  static override readonly className = 'PrecisionAtRecall';
  protected readonly native = 'precisionAtRecall';
  constructor(options: PrecisionAtRecallOptions) {
    const where = 'PrecisionAtRecall';
    super(Metric.read(where, options, { ...defaults, recall: undefined }), where, 'precision_at_recall', 'recall');
  }
}

/**
 * The best recall at a threshold where the precision is at least `precision`.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: [metrics.recallAtPrecision({ precision: 0.8 })] })
 */
export class RecallAtPrecision extends BestAt {
  static override readonly className = 'RecallAtPrecision';
  protected readonly native = 'recallAtPrecision';
  constructor(options: RecallAtPrecisionOptions) {
    const where = 'RecallAtPrecision';
    super(Metric.read(where, options, { ...defaults, precision: undefined }), where, 'recall_at_precision', 'precision');
  }
}

export const bestAtMetrics = { SensitivityAtSpecificity, SpecificityAtSensitivity, PrecisionAtRecall, RecallAtPrecision };
