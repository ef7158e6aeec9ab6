import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, checkOneOf } from '../options.js';
import type { Config } from '../registry.js';
import { Metric, type MetricOptions, type MetricSpec, optionalNumber } from './metric.js';

export interface AUCOptions extends MetricOptions {
  /** How many thresholds cut the curve, evenly spaced from 0 to 1; at least 2, default 200. Ignored where `thresholds` is given. */
  numThresholds?: number | null;
  /** True positive rate over false positive rate ('ROC', the default), precision over recall ('PR'), or their gains ('PRGAIN'). */
  curve?: 'ROC' | 'PR' | 'PRGAIN';
  /**
   * 'interpolation' (default): trapezoids; for 'PR' the counts are interpolated, not the precision (Davis and Goadrich 2006).
   * 'minoring' and 'majoring': the lower and the upper end of each stretch.
   */
  summationMethod?: 'interpolation' | 'minoring' | 'majoring';
  /** Thresholds of one's own, from 0 to 1; ends just outside are added. */
  thresholds?: readonly number[] | null;
  /** An area for each element of the last axis, then their mean; else all elements go into one curve. Default false. */
  multiLabel?: boolean;
  /** Elements of the last axis, with `multiLabel` only; follows from the output where it is not given. */
  numLabels?: number | null;
  /** Weight of each element of the last axis: of its area with `multiLabel`, else of its samples. */
  labelWeights?: readonly number[] | null;
  /** The output is logits: a sigmoid is applied first. Default false. */
  fromLogits?: boolean;
}

const defaults: AUCOptions = {
  numThresholds: 200,
  curve: 'ROC',
  summationMethod: 'interpolation',
  thresholds: null,
  multiLabel: false,
  numLabels: null,
  labelWeights: null,
  fromLogits: false,
};

function numbers(option: string, given: unknown, range: Parameters<typeof checkNumber>[3]): number[] | null {
  if (given === undefined || given === null) return null;
  const list = ArrayBuffer.isView(given) ? Array.from(given as Float64Array) : given;
  if (!Array.isArray(list)) throw typeError(`AUC: '${option}' must be an array of numbers. Received: ${show(given)}`);
  return list.map((v) => checkNumber('AUC', option, v, range));
}

/**
 * Area under the ROC or precision-recall curve of a binary (or several-label) classifier, from counts at fixed thresholds.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: ['AUC', new metrics.AUC({ curve: 'PR', name: 'pr' })] })
 */
export class AUC extends Metric {
  static override readonly className = 'AUC';
  override readonly direction = 'up';
  readonly numThresholds: number;
  readonly curve: 'ROC' | 'PR' | 'PRGAIN';
  readonly summationMethod: 'interpolation' | 'minoring' | 'majoring';
  readonly thresholds: readonly number[] | null;
  readonly multiLabel: boolean;
  readonly numLabels: number | null;
  readonly labelWeights: readonly number[] | null;
  readonly fromLogits: boolean;

  constructor(options: AUCOptions = {}) {
    const o = Metric.read('AUC', options, defaults);
    super(o, 'auc');
    this.thresholds = numbers('thresholds', o.thresholds, { min: 0, max: 1 })?.sort((a, b) => a - b) ?? null;
    this.numThresholds = this.thresholds
      ? this.thresholds.length + 2
      : checkNumber('AUC', 'numThresholds', o.numThresholds ?? 200, { min: 2, max: 2 ** 20, integer: true });
    const upper = (v: unknown) => (typeof v === 'string' && ['roc', 'pr', 'prgain'].includes(v) ? v.toUpperCase() : v);
    this.curve = checkOneOf('AUC', 'curve', upper(o.curve), ['ROC', 'PR', 'PRGAIN'] as const);
    const lower = (v: unknown) => (typeof v === 'string' ? v.replace(/^[IM]/, (c) => c.toLowerCase()) : v);
    this.summationMethod = checkOneOf('AUC', 'summationMethod', lower(o.summationMethod), [
      'interpolation',
      'minoring',
      'majoring',
    ] as const);
    this.multiLabel = checkBoolean('AUC', 'multiLabel', o.multiLabel);
    this.numLabels = optionalNumber('AUC', 'numLabels', o.numLabels, { min: 1, integer: true });
    if (this.numLabels !== null && !this.multiLabel)
      throw new ValueError(`AUC: 'numLabels' goes only with multiLabel: true. Received: ${this.numLabels}`, 'ERR_OPTION');
    this.labelWeights = numbers('labelWeights', o.labelWeights, { min: 0 });
    this.fromLogits = checkBoolean('AUC', 'fromLogits', o.fromLogits);
  }

  protected override describe(width: number): MetricSpec {
    const { thresholds, numLabels, labelWeights } = this;
    const disagrees = (option: string, n: number) =>
      new ValueError(
        `metric '${this.name}' (AUC): '${option}' is for ${n} labels, but the output's last axis has ${width} elements.`,
        'ERR_SHAPE',
      );
    if (numLabels !== null && numLabels !== width) throw disagrees('numLabels', numLabels);
    if (labelWeights && labelWeights.length !== width) throw disagrees('labelWeights', labelWeights.length);
    return {
      metric: 'auc',
      curve: this.curve,
      summationMethod: this.summationMethod,
      multiLabel: this.multiLabel,
      fromLogits: this.fromLogits,
      labelWeights: labelWeights ? [...labelWeights] : undefined,
      ...(thresholds ? { thresholds: [...thresholds] } : { numThresholds: this.numThresholds }),
    };
  }

  protected override config(): Config {
    const { numThresholds, curve, summationMethod, multiLabel, numLabels, labelWeights, fromLogits, thresholds } = this;
    const own: Config = { numThresholds, curve, summationMethod, multiLabel, numLabels, labelWeights, fromLogits };
    return thresholds ? { ...own, thresholds } : own;
  }
}

export const aucMetrics = { AUC };
