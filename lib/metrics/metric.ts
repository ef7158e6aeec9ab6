import { checkDtype } from '../dtype_policy.js';
import type { SpecValue } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import type { LogitsFrom } from '../losses/loss.js';
import type { TensorLike } from '../ops/as_tensor.js';
import type { Tensor } from '../ops/tensor.js';
import { checkNumber, readOptions } from '../options.js';
import type { FloatDType } from '../part_config.js';
import { type Config, classNameOf, type Part, snake } from '../registry.js';
import { type MetricCode, OwnMetric } from './own_metric.js';
import { MetricVariable } from './state.js';

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
  /** @internal Whether `updateState` and `result` are JavaScript that takes numbers, and not made of ops. */
  static readonly computesItself: boolean = false;

  /** Key in logs and history. */
  readonly name: string;
  /** Which way is better; null where that cannot be said. */
  readonly direction: Direction = null;
  /** The code of a class of the user's. */
  readonly #own: OwnMetric | null = null;

  constructor(options: MetricOptions = {}, defaultName: string = snake(new.target.className)) {
    const { updateState, result } = this;
    if (updateState !== Metric.prototype.updateState && !new.target.computesItself) {
      if (this.describe !== Metric.prototype.describe)
        throw new ValueError(
          `${this.className} has a method 'updateState', which would never be called: the native engine computes the metric that it extends. Extend metrics.Metric.`,
          'ERR_UNSUPPORTED',
        );
      this.#own = new OwnMetric(this.className, {
        updateState: updateState.bind(this) as unknown as MetricCode['updateState'],
        result: result.bind(this),
      });
      this.updateState = Metric.prototype.updateState;
      this.result = Metric.prototype.result;
    }
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

  protected describe(_width: number): MetricSpec {
    if (!this.isTraced) throw new Error(`${this.className} has neither 'describe' nor 'updateState'`);
    return { metric: this.#own ? 'givenSums' : 'given' };
  }

  /** A sum that is kept through an epoch: for a class of your own, in its constructor. */
  addVariable(options: { name?: string; shape?: readonly number[] } = {}): MetricVariable {
    if (!this.#own)
      throw new ValueError(`${this.className}: variables are for a class with an 'updateState' of its own.`, 'ERR_UNSUPPORTED');
    const { variables } = this.#own;
    const { name = `variable_${variables.length}`, shape = [] } = options;
    const variable = new MetricVariable(name, shape, variables.length);
    variables.push(variable);
    return variable;
  }

  /**
   * Adds samples to the metric's state: the method of a class of your own, made of `ops.*`. It adds to variables, and runs once with tensors to
   * find out what to compute; called with arrays it computes them natively and at once. Metrics of the engine throw ERR_UNSUPPORTED.
   */
  // biome-ignore lint/suspicious/noExplicitAny: classes that override it take tensors, who calls it gives arrays
  updateState(yTrue: any, yPred?: any, sampleWeight?: any): void {
    if (this.#own && sampleWeight != null) throw unweighted(this);
    if (!this.#own) throw notByItself(this);
    this.#own.update(yTrue, yPred);
  }
  /** What the samples so far amount to. */
  result(): number | number[] | TensorLike {
    if (!this.#own) throw notByItself(this);
    return this.#own.result();
  }
  /** Forgets all samples. */
  resetState(): void {
    if (!this.#own) throw notByItself(this);
    this.#own.reset();
  }

  /** @internal Whether it is made of ops. */
  get isTraced(): boolean {
    return this.#own !== null;
  }
  /** @internal What ops compute of a batch: values to average, or sums. */
  traced(yTrue: Tensor, yPred: Tensor): Tensor {
    if (!this.#own) throw new Error(`${this.className} is the engine's own`);
    return this.#own.increments(yTrue, yPred);
  }
  /** @internal The result, of what the engine gives. */
  finish(values: number[]): number[] {
    return this.#own ? this.#own.resultOf(values) : values;
  }

  protected checkWidths(width: number, labelWidth: number): void {
    if (this.isTraced) return;
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
  protected config(): Config {
    return {};
  }

  /** The options in camelCase: `new Class(metric.getConfig())` is the same metric. */
  getConfig(): Config {
    return { name: this.name, dtype: 'float32', ...this.config() };
  }
}

const unweighted = (metric: Metric): ValueError =>
  new ValueError(
    `metric '${metric.name}' (${metric.className}) has an 'updateState' of its own, which is not told of weights. Give it in 'metrics', without weights.`,
    'ERR_UNSUPPORTED',
  );

const notByItself = (metric: Metric): ValueError =>
  new ValueError(
    `metric '${metric.name}' (${metric.className}) is computed in evaluate and fit; 'updateState' and 'result' by themselves are there for metrics of your own, Mean and Sum.`,
    'ERR_UNSUPPORTED',
  );

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
