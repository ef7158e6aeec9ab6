import { checkDtype } from '../dtype_policy.js';
import type { SpecValue } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import type { LogitsFrom } from '../losses/loss.js';
import { checkNumber, readOptions } from '../options.js';
import type { FloatDType } from '../part_config.js';
import { type Config, classNameOf, type Part } from '../registry.js';

/** What the engine gets for one metric: its name in native/metrics/registry.def and its options. */
export type MetricSpec = { metric: string } & { [key: string]: SpecValue | undefined };

/** Which way is better: what callbacks take for `mode: 'auto'`. */
export type Direction = 'up' | 'down' | null;

/** Options that every metric takes. */
export interface MetricOptions {
  /** Key of the metric in logs and history. Default: the class's name in Keras's spelling, such as `'mean_squared_error'`. */
  name?: string | null;
  /** Only 'float32'; IoU metrics also take Keras's integers. Sums are kept in double whatever it says. */
  dtype?: FloatDType | 'int32' | 'int64' | 'int' | 'uint8';
}

const baseDefaults: MetricOptions = { name: undefined, dtype: undefined };

/**
 * A metric: a class with options and a name. What it computes happens in the engine: sums over the samples of an epoch, read
 * at its end. `metrics` of `compile` see every sample alike (masked steps left out); `weightedMetrics` use sample and class weights.
 * @example const isMetric = metrics.auc() instanceof metrics.Metric; // true
 */
export abstract class Metric implements Part {
  static readonly className: string = 'Metric';
  /** Types that configs may name; sums are kept in double whatever they say. */
  static readonly dtypes: readonly string[] = ['float32'];

  /** Key in logs and history. */
  readonly name: string;
  /** Which way is better; null where that cannot be said. */
  abstract readonly direction: Direction;

  constructor(options: MetricOptions, defaultName: string) {
    const { name, dtype } = options;
    if (name !== undefined && name !== null && (typeof name !== 'string' || !name))
      throw typeError(`${this.className}: 'name' must be a non-empty string. Received: ${show(name)}`);
    checkDtype(this.className, dtype, (this.constructor as typeof Metric).dtypes);
    this.name = name ?? defaultName;
  }

  /** Options of the class over their defaults, with those that every metric takes. Unknown ones throw a TypeError. */
  protected static read<T extends object>(className: string, given: unknown, defaults: T): T & MetricOptions {
    return readOptions(className, given, { ...defaults, ...baseDefaults });
  }

  get className(): string {
    return classNameOf(this);
  }

  /** Whether it is the mean of one function of each label and its prediction. */
  get elementwise(): boolean {
    return false;
  }

  /** Whether labels are class numbers, one for each vector along the output's last axis. */
  get sparse(): boolean {
    return false;
  }

  /**
   * Cross-entropies that the output layer's sigmoid or softmax feeds directly are computed from what went into the activation,
   * as the loss of the same name is. Null: always from the output.
   */
  get logitsFrom(): LogitsFrom {
    return null;
  }

  /** How many numbers the result has for an output whose last axis has `width` elements. More than one gives an array. */
  resultSize(_width: number): number {
    return 1;
  }

  /**
   * The engine's description for outputs with `width` and labels with `labelWidth` elements along the last axis (1 for sparse
   * labels). Throws a ValueError where these do not go with the metric.
   */
  spec(width: number, labelWidth: number): MetricSpec {
    this.checkWidths(width, labelWidth);
    return this.describe(width);
  }

  protected abstract describe(width: number): MetricSpec;

  protected checkWidths(width: number, labelWidth: number): void {
    if (this.sparse && labelWidth !== 1)
      throw new ValueError(
        `metric '${this.name}' (${this.className}) takes one class number for each output vector, but the labels' last axis has ${labelWidth} elements. Use a categorical metric for one-hot labels.`,
        'ERR_SHAPE',
      );
    if (!this.sparse && labelWidth !== width)
      throw new ValueError(
        `metric '${this.name}' (${this.className}) compares labels with outputs element by element, but the labels' last axis has ${labelWidth} elements and the output's ${width}. ` +
          (labelWidth === 1
            ? 'Use a sparse metric for class numbers, or one-hot encode them.'
            : 'Give labels of the same shape as the output.'),
        'ERR_SHAPE',
      );
  }

  /** Its own options as `getConfig` gives them. */
  protected abstract config(): Config;

  /** The options in camelCase: `new Class(metric.getConfig())` is the same metric. */
  getConfig(): Config {
    return { name: this.name, dtype: 'float32', ...this.config() };
  }
}

/** An option that may be null: null and undefined give null. */
export function optionalNumber(
  where: string,
  name: string,
  value: unknown,
  range: Parameters<typeof checkNumber>[3],
): number | null {
  return value === undefined || value === null ? null : checkNumber(where, name, value, range);
}

/** `classId` against the output it is used on. */
export function checkClassId(metric: Metric, classId: number | null, width: number): void {
  if (classId !== null && classId >= width)
    throw new ValueError(
      `metric '${metric.name}' (${metric.className}): 'classId' must be below the ${width} elements of the output's last axis. Received: ${classId}`,
      'ERR_OUT_OF_RANGE',
    );
}

/** Where Keras takes an axis, the engine works along the last one. */
export function checkLastAxis(where: string, axis: unknown): void {
  if (axis !== undefined && axis !== null && axis !== -1)
    throw new ValueError(
      `${where}: 'axis' other than -1 (the last) is not available. Received: ${show(axis)}`,
      'ERR_UNSUPPORTED',
    );
}
