import { isArrayLike } from '../data/array_like.js';
import { toTensor } from '../data/convert.js';
import { eachBatch, isDataset } from '../data/dataset.js';
import type { ArrayInput, BatchLike, DatasetLike, WeightArray } from '../data/inputs.js';
import { array, type NDArray } from '../data/ndarray.js';
import type { OpSpec } from '../engine/spec.js';
import { RuntimeError, show, ValueError } from '../errors.js';
import { checkBoolean, checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { sizeOf } from '../shapes.js';
import { Layer, type LayerOptions, type Lowering, type Shape } from './layer.js';
import { Moments } from './moments.js';

/** Options of {@link Normalization}. */
export interface NormalizationOptions extends LayerOptions {
  /** The axis or axes with a mean and variance for each position, counting the batch dimension as 0; null: one pair for all. Default -1. */
  axis?: number | readonly number[] | null;
  /** The mean, where `adapt` is not to find it: a number or an array that can be spread over the axes. Given together with `variance`. */
  mean?: WeightArray | null;
  variance?: WeightArray | null;
  /** Go the other way, from normalized values to original ones. Default false. */
  invert?: boolean;
}

/**
 * Makes features of mean 0 and variance 1: `(x - mean) / max(sqrt(variance), 1e-7)`, with mean and variance found by `adapt` before
 * training, or given. Input of any rank, output of the same shape. Nothing here is trained.
 * Weights, where mean and variance are not given: mean, variance, of the sizes of the axes, and count, which is 0 as in Keras.
 * See https://keras.io/api/layers/preprocessing_layers/numerical/normalization/
 * @example
 * const normalization = layers.normalization({ axis: -1 })
 * normalization.adapt(x)
 * const model = sequential([normalization, layers.dense({ units: 1 })])
 */
export class Normalization extends Layer {
  static override readonly className = 'Normalization';
  /** The axes as given. */
  readonly axis: readonly number[];
  readonly invert: boolean;
  readonly #given: { mean: NDArray; variance: NDArray } | null;

  constructor(options: NormalizationOptions = {}) {
    const o = Layer.read('Normalization', options, {
      axis: -1 as unknown,
      mean: null as NormalizationOptions['mean'],
      variance: null as NormalizationOptions['variance'],
      invert: false,
    });
    super(o);
    const axes = o.axis === null ? [] : Array.isArray(o.axis) ? o.axis : [o.axis];
    this.axis = axes.map((a) => checkNumber('Normalization', 'axis', a, { integer: true }));
    this.invert = checkBoolean('Normalization', 'invert', o.invert);
    this.#given = this.readGiven(o.mean, o.variance);
  }

  private readGiven(mean: unknown, variance: unknown): { mean: NDArray; variance: NDArray } | null {
    if (mean === null && variance === null) return null;
    if (mean === null || variance === null)
      throw new ValueError(
        `Normalization: 'mean' and 'variance' must be given together. Received: ${show(mean)} and ${show(variance)}`,
      );
    const given = {
      mean: array(mean as WeightArray, null, 'float32'),
      variance: array(variance as WeightArray, null, 'float32'),
    };
    const [a, b] = [given.mean.shape, given.variance.shape];
    if (a.length !== b.length || a.some((n, i) => n !== b[i]) || a.length > this.axis.length)
      throw new ValueError(
        `Normalization: 'mean' and 'variance' must have one shape, of at most ${this.axis.length} axes. Received: shapes [${a.join(', ')}] and [${b.join(', ')}]`,
        'ERR_SHAPE',
      );
    return given;
  }

  /** The kept axes in ascending order, the batch dimension counting as 0. */
  #kept(input: Shape): number[] {
    const axes = this.axis.map((a) => (a < 0 ? a + input.length + 1 : a));
    const bad = axes.some((a) => a < 1 || a > input.length || input[a - 1] === null) || new Set(axes).size < axes.length;
    if (bad)
      throw new ValueError(
        `${this.label}: 'axis' must name different axes of known size from 1 to ${input.length} (0 is the batch), or -1 for the last, or be null. ` +
          `Received: [${this.axis.join(', ')}] for samples of shape [${input.map(String).join(', ')}].`,
        'ERR_SHAPE',
      );
    return axes.sort((a, b) => a - b);
  }

  #shape(input: Shape): number[] {
    return this.#kept(input).map((a) => input[a - 1] as number);
  }

  override outputShapeOf(input: Shape): Shape {
    const shape = this.#shape(input);
    if (this.#given) for (const name of ['mean', 'variance'] as const) this.#spread(name, shape);
    return input;
  }

  protected override createWeights(input: Shape): void {
    if (this.#given) return;
    const shape = this.#shape(input);
    this.addWeight('mean', shape, { initializer: this.initializer('mean', 'zeros'), trainable: false });
    this.addWeight('variance', shape, { initializer: this.initializer('variance', 'ones'), trainable: false });
    this.addWeight('count', [], { initializer: this.initializer('count', 'zeros'), trainable: false });
  }

  /** A given array spread over the kept axes, aligned at the last one. */
  #spread(name: 'mean' | 'variance', shape: readonly number[]): number[] {
    const { data, shape: own } = this.#given![name];
    const lead = shape.length - own.length;
    if (own.some((n, i) => n !== 1 && n !== shape[lead + i]))
      throw new ValueError(
        `${this.label}: '${name}' of shape [${own.join(', ')}] does not fit axes of sizes [${shape.join(', ')}].`,
        'ERR_SHAPE',
      );
    const size = sizeOf(shape);
    return Array.from({ length: size }, (_, i) => {
      let at = 0;
      let stride = 1;
      for (let a = shape.length - 1, rest = i; a >= lead; rest = Math.floor(rest / shape[a]), a--) {
        if (own[a - lead] !== 1) at += (rest % shape[a]) * stride;
        stride *= own[a - lead];
      }
      return data[at];
    });
  }

  /**
   * Finds mean and (biased) variance of data and writes them into the weights. Call it before training; a second call starts anew.
   *
   * `data` is an array with the batch first, as `fit` takes it, or batches of it: a list of NDArrays, an iterable, a generator, a function that returns
   * one. A batch is an array, or `[x, y]` and `{ xs, ys }`, whose x counts. Batches may differ in size, and in axes that have no mean of their own.
   * With an async iterable it gives a promise; all else is done when it returns. Nothing is written where the source fails.
   *
   * Throws ValueError where a shape does not fit (ERR_SHAPE) or there are no data (ERR_EMPTY), RuntimeError where mean and variance were given as options,
   * a fit is running (ERR_BUSY) or the source fails (ERR_DATASET).
   * @example
   * const scaled = layers.normalization({ inputShape: [2] });
   * scaled.adapt([[[1, 20], [3, 40]], [[5, 60]]].map((batch) => array(batch)));
   * scaled.getWeights()[0]?.toArray(); // [3, 40], the means
   */
  adapt(data: AsyncIterable<BatchLike>): Promise<void>;
  adapt(data: ArrayInput): void;
  adapt(data: ArrayInput | DatasetLike): void | Promise<void>;
  adapt(data: unknown): void | Promise<void> {
    if (this.#given)
      throw new RuntimeError(`${this.label}: 'mean' and 'variance' were given as options, so that there is nothing to adapt.`);
    const where = `adapt of ${this.label}`;
    const isBatches = isDataset(data) || (Array.isArray(data) && data.length > 1 && data.every(isArrayLike));
    let moments: Moments | undefined;
    const add = (name: string, x: unknown) => {
      const { data: values, shape } = toTensor(name, x, this.#dataShape(ArrayBuffer.isView(x)));
      const sample = shape.slice(1);
      if (!this.builtFor) this.buildFor(sample);
      moments ??= new Moments(this.#kept(sample));
      moments.add(values, shape);
    };
    const write = () => {
      if (!moments) throw new ValueError(`${where}: the data have no batches.`, 'ERR_EMPTY');
      const { mean, variance } = moments.result();
      this.weights[0].variable.write(mean);
      this.weights[1].variable.write(variance);
    };
    if (!isBatches) {
      add(`${where}: the data`, data);
      return write();
    }
    return eachBatch(where, data, ({ index, x }) => add(`${where}: batch ${index}`, x), write);
  }

  /** What data must be like: the kept axes are those of the weights, the others may have any size. A bare typed array needs all of them. */
  #dataShape(bare: boolean): { sampleShape?: Shape } {
    const shape = this.builtFor ?? this.batchInputShape?.slice(1);
    if (!shape || bare) return shape ? { sampleShape: shape } : {};
    const kept = this.#kept(shape);
    return { sampleShape: shape.map((d, i) => (kept.includes(i + 1) ? d : null)) };
  }

  override lower(input: Shape, lowering: Lowering): OpSpec[] {
    const spec = { op: 'normalization', axis: this.#kept(input), invert: this.invert };
    if (!this.#given) return [{ ...spec, weights: lowering.weights(this) }];
    const shape = this.#shape(input);
    return [{ ...spec, mean: this.#spread('mean', shape), variance: this.#spread('variance', shape) }];
  }

  protected override config(): Config {
    const { mean, variance } = this.#given ?? { mean: null, variance: null };
    return { axis: [...this.axis], invert: this.invert, mean: mean?.toArray() ?? null, variance: variance?.toArray() ?? null };
  }
}

export const featureNormalizationLayers = { Normalization };
