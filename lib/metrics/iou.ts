import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { checkLastAxis, Metric, type MetricOptions, type MetricSpec, optionalNumber } from './metric.js';

export interface MeanIoUOptions extends MetricOptions {
  /** How many classes there are: at most 4096. Required. Elements with a label or output that is none of them are left out. */
  numClasses: number;
  /** Elements with this label are left out. */
  ignoreClass?: number | null;
  /** Labels are class numbers (default), else vectors whose largest element names the class. */
  sparseYTrue?: boolean;
  /** Outputs are class numbers (default), else vectors whose largest element names the class. */
  sparseYPred?: boolean;
  /** Only -1. */
  axis?: number;
}
export interface IoUOptions extends MeanIoUOptions {
  /** The classes whose mean is taken. Required. */
  targetClassIds: readonly number[];
}
export type OneHotMeanIoUOptions = Omit<MeanIoUOptions, 'sparseYTrue'>;
export type OneHotIoUOptions = Omit<IoUOptions, 'sparseYTrue'>;
export interface BinaryIoUOptions extends MetricOptions {
  /** The classes whose mean is taken: default [0, 1]. */
  targetClassIds?: readonly number[];
  /** Outputs at or above it are class 1; default 0.5. */
  threshold?: number;
}

/** Intersection over union of true and predicted classes, from a confusion matrix; classes that never occur do not count. */
abstract class IoUMetric extends Metric {
  /** Keras counts in integers and writes that type into its configs. */
  static override readonly dtypes = ['float32', 'int32', 'int64', 'int', 'uint8'];
  override readonly direction = 'up';
  readonly numClasses: number;
  readonly targetClassIds: readonly number[];
  readonly ignoreClass: number | null;
  readonly sparseYTrue: boolean;
  readonly sparseYPred: boolean;

  constructor(options: Partial<IoUOptions>, where: string, defaultName: string, targets: 'given' | 'all') {
    super(options, defaultName);
    const n = checkNumber(where, 'numClasses', options.numClasses, { min: 1, max: 4096, integer: true });
    this.numClasses = n;
    this.targetClassIds =
      targets === 'all' ? Array.from({ length: n }, (_, i) => i) : checkTargets(where, options.targetClassIds, n);
    this.ignoreClass = optionalNumber(where, 'ignoreClass', options.ignoreClass, { integer: true });
    this.sparseYTrue = checkBoolean(where, 'sparseYTrue', options.sparseYTrue ?? true);
    this.sparseYPred = checkBoolean(where, 'sparseYPred', options.sparseYPred ?? true);
    checkLastAxis(where, options.axis);
  }

  override get sparse(): boolean {
    return this.sparseYTrue && !this.sparseYPred;
  }
  protected override checkWidths(width: number, labelWidth: number): void {
    const classes = [this.sparseYTrue ? labelWidth : 1, this.sparseYPred ? width : 1];
    if (classes[0] !== classes[1])
      throw new ValueError(
        `metric '${this.name}' (${this.className}): labels give ${classes[0]} class numbers for each output vector and outputs ${classes[1]} (last axes ${labelWidth} and ${width}). ` +
          "Set 'sparseYTrue' or 'sparseYPred' to false where the last axis holds a score for each class.",
        'ERR_SHAPE',
      );
  }
  protected override describe(): MetricSpec {
    const { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred } = this;
    return { metric: 'iou', numClasses, targetClassIds: [...targetClassIds], ignoreClass, sparseYTrue, sparseYPred };
  }
}

function checkTargets(where: string, given: unknown, numClasses: number): number[] {
  if (!Array.isArray(given) || !given.length)
    throw typeError(`${where}: 'targetClassIds' must be an array of class numbers such as [0]. Received: ${show(given)}`);
  return given.map((v) => checkNumber(where, 'targetClassIds', v, { min: 0, below: numClasses, integer: true }));
}

const own = { numClasses: undefined, ignoreClass: null, sparseYPred: true, axis: -1 } as unknown as MeanIoUOptions;

/**
 * Mean intersection over union of the classes in `targetClassIds`.
 * @example model.compile({ loss: 'sparse_categorical_crossentropy', metrics: [metrics.iou({ numClasses: 3, targetClassIds: [1, 2], sparseYPred: false })] })
 */
export class IoU extends IoUMetric {
  static override readonly className = 'IoU';
  constructor(options: IoUOptions) {
    const defaults = { ...own, sparseYTrue: true, targetClassIds: undefined as unknown as number[] };
    super(Metric.read('IoU', options, defaults), 'IoU', 'io_u', 'given');
  }
  protected override config(): Config {
    const { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred } = this;
    return { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred, axis: -1 };
  }
}

/**
 * Intersection over union of 0/1 labels with outputs cut at `threshold`.
 * @example model.compile({ loss: 'binary_crossentropy', metrics: [metrics.binaryIoU({ targetClassIds: [1], threshold: 0.3 })] })
 */
export class BinaryIoU extends IoUMetric {
  static override readonly className = 'BinaryIoU';
  static readonly aliases = ['binary_iou'];
  readonly threshold: number;
  constructor(options: BinaryIoUOptions = {}) {
    const o = Metric.read('BinaryIoU', options, { targetClassIds: [0, 1], threshold: 0.5 });
    super({ ...o, numClasses: 2 }, 'BinaryIoU', 'binary_io_u', 'given');
    this.threshold = checkNumber('BinaryIoU', 'threshold', o.threshold);
  }
  protected override describe(): MetricSpec {
    return { ...super.describe(), threshold: this.threshold };
  }
  protected override config(): Config {
    return { targetClassIds: this.targetClassIds, threshold: this.threshold };
  }
}

/**
 * Mean intersection over union of all classes.
 * @example model.compile({ loss: 'sparse_categorical_crossentropy', metrics: [metrics.meanIoU({ numClasses: 3, sparseYPred: false })] })
 */
export class MeanIoU extends IoUMetric {
  static override readonly className = 'MeanIoU';
  static readonly aliases = ['mean_iou'];
  constructor(options: MeanIoUOptions) {
    super(Metric.read('MeanIoU', options, { ...own, sparseYTrue: true }), 'MeanIoU', 'mean_io_u', 'all');
  }
  protected override config(): Config {
    const { numClasses, ignoreClass, sparseYTrue, sparseYPred } = this;
    return { numClasses, ignoreClass, sparseYTrue, sparseYPred, axis: -1 };
  }
}

/**
 * IoU for one-hot labels and, unless `sparseYPred`, class scores along the last axis.
 * @example model.compile({ loss: 'categorical_crossentropy', metrics: [metrics.oneHotIoU({ numClasses: 3, targetClassIds: [0] })] })
 */
export class OneHotIoU extends IoUMetric {
  static override readonly className = 'OneHotIoU';
  static readonly aliases = ['one_hot_iou'];
  constructor(options: OneHotIoUOptions) {
    const o = Metric.read('OneHotIoU', options, { ...own, sparseYPred: false, targetClassIds: undefined as unknown as number[] });
    super({ ...o, sparseYTrue: false }, 'OneHotIoU', 'one_hot_io_u', 'given');
  }
  protected override config(): Config {
    const { numClasses, targetClassIds, ignoreClass, sparseYPred } = this;
    return { numClasses, targetClassIds, ignoreClass, sparseYPred, axis: -1 };
  }
}

/**
 * MeanIoU for one-hot labels and, unless `sparseYPred`, class scores along the last axis.
 * @example model.compile({ loss: 'categorical_crossentropy', metrics: [metrics.oneHotMeanIoU({ numClasses: 3 })] })
 */
export class OneHotMeanIoU extends IoUMetric {
  static override readonly className = 'OneHotMeanIoU';
  static readonly aliases = ['one_hot_mean_iou'];
  constructor(options: OneHotMeanIoUOptions) {
    const o = Metric.read('OneHotMeanIoU', options, { ...own, sparseYPred: false });
    super({ ...o, sparseYTrue: false }, 'OneHotMeanIoU', 'one_hot_mean_io_u', 'all');
  }
  protected override config(): Config {
    const { numClasses, ignoreClass, sparseYPred } = this;
    return { numClasses, ignoreClass, sparseYPred, axis: -1 };
  }
}

export const iouMetrics = { IoU, BinaryIoU, MeanIoU, OneHotIoU, OneHotMeanIoU };
