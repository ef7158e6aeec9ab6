import { show, typeError, ValueError } from '../errors.js';
import type { Config } from '../registry.js';
import { Metric, type MetricOptions, type MetricSpec } from './metric.js';

/** A number, or an array of numbers: plain, typed, or anything with `data`. */
export type Values = number | ArrayLike<number> | { data: ArrayLike<number> };

function flat(where: string, option: string, values: unknown): ArrayLike<number> {
  if (typeof values === 'number') return [values];
  const data = typeof values === 'object' && values !== null && 'data' in values ? values.data : values;
  if (Array.isArray(data) && data.every((v) => typeof v === 'number')) return data;
  if (ArrayBuffer.isView(data) && !(data instanceof DataView)) return data as unknown as ArrayLike<number>;
  throw typeError(`${where}: '${option}' must be a number or a flat array of numbers. Received: ${show(values)}`);
}

/** Sums that are kept by hand, in a training loop of one's own. They do not compare labels with outputs, so `compile` refuses them. */
abstract class Reduction extends Metric {
  static override readonly computesItself = true;
  override readonly direction = null;
  protected total = 0;
  protected count = 0;

  /** Adds values, each times its weight; one weight serves all. Throws a ValueError where the lengths differ. */
  override updateState(values: Values, sampleWeight: Values = 1): void {
    const v = flat(`${this.className}.updateState`, 'values', values);
    const w = flat(`${this.className}.updateState`, 'sampleWeight', sampleWeight);
    if (w.length !== 1 && w.length !== v.length)
      throw new ValueError(`${this.className}.updateState: ${w.length} weights were given for ${v.length} values.`, 'ERR_SHAPE');
    for (let i = 0; i < v.length; i++) {
      const weight = w[w.length === 1 ? 0 : i];
      this.total += weight * v[i];
      this.count += weight;
    }
  }

  /** Starts anew. */
  override resetState(): void {
    this.total = 0;
    this.count = 0;
  }

  abstract override result(): number;

  protected override checkWidths(): void {
    throw new ValueError(
      `metric '${this.name}' (${this.className}) reduces values handed to updateState; it cannot be one of the metrics of compile. Use a metric such as MeanSquaredError.`,
      'ERR_UNSUPPORTED',
    );
  }
  protected override describe(): MetricSpec {
    return { metric: 'mean' };
  }
  protected override config(): Config {
    return {};
  }
}

/**
 * The weighted mean of values handed to `updateState`; 0 before there are any.
 * @example
 * const mean = new metrics.Mean();
 * for (const [x, y] of batches) mean.updateState((await model.trainOnBatch(x, y)) as number[]);
 * console.log(mean.result());
 */
export class Mean extends Reduction {
  static override readonly className = 'Mean';
  constructor(options: MetricOptions = {}) {
    super(Metric.read('Mean', options, {}), 'mean');
  }
  result(): number {
    return this.count === 0 ? 0 : this.total / this.count;
  }
}

/**
 * The weighted sum of values handed to `updateState`.
 * @example
 * const sum = new metrics.Sum();
 * sum.updateState([1, 2, 3]);
 * console.log(sum.result()); // 6
 */
export class Sum extends Reduction {
  static override readonly className = 'Sum';
  constructor(options: MetricOptions = {}) {
    super(Metric.read('Sum', options, {}), 'sum');
  }
  result(): number {
    return this.total;
  }
}

export const reductionMetrics = { Mean, Sum };
