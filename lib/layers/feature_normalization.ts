import { toTensor } from '../data/convert.js';
import { array, type NDArray } from '../data/ndarray.js';
import type { OpSpec } from '../engine/spec.js';
import { RuntimeError, show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { Layer, type LayerOptions, type Lowering, type Shape } from './layer.js';

/** Options of {@link Normalization}. */
export interface NormalizationOptions extends LayerOptions {
  /** The axis or axes with a mean and variance for each position, counting the batch dimension as 0; null: one pair for all. Default -1. */
  axis?: number | readonly number[] | null;
  /** The mean, where `adapt` is not to find it: a number or an array that can be spread over the axes. Given together with `variance`. */
  mean?: unknown;
  variance?: unknown;
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
      mean: null as unknown,
      variance: null as unknown,
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
    const given = { mean: array(mean, null, 'float32'), variance: array(variance, null, 'float32') };
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

  computeOutputShape(input: Shape): Shape {
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
    const size = shape.reduce((a, b) => a * b, 1);
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
   * Finds mean and (biased) variance of data: an array with the batch first, as `fit` takes it. Call it before training; a second call
   * starts anew. Throws ValueError where the shape does not fit, RuntimeError where mean and variance were given or a fit is running.
   */
  adapt(data: unknown): void {
    if (this.#given)
      throw new RuntimeError(`${this.label}: 'mean' and 'variance' were given as options, so that there is nothing to adapt.`);
    if (typeof data === 'object' && data !== null && Symbol.asyncIterator in data)
      throw typeError(`adapt of ${this.label} takes an array, not a data set. Received: ${show(data)}`);
    const sampleShape = this.builtFor ?? this.batchInputShape?.slice(1);
    const tensor = toTensor(`adapt of ${this.label}: the data`, data, sampleShape ? { sampleShape } : {});
    const sample = tensor.shape.slice(1);
    if (!this.builtFor) this.build(sample);
    const moments = momentsOf(tensor.data, sample, this.#kept(sample));
    this.weights[0].variable.write(moments.mean);
    this.weights[1].variable.write(moments.variance);
  }

  lower(input: Shape, lowering: Lowering): OpSpec[] {
    const spec = { op: 'normalization', axis: this.#kept(input), invert: this.invert };
    if (!this.#given) return [{ ...spec, weights: lowering.weights(this) }];
    const shape = this.#shape(input);
    return [{ ...spec, mean: this.#spread('mean', shape), variance: this.#spread('variance', shape) }];
  }

  protected config(): Config {
    const { mean, variance } = this.#given ?? { mean: null, variance: null };
    return { axis: [...this.axis], invert: this.invert, mean: mean?.toArray() ?? null, variance: variance?.toArray() ?? null };
  }
}

/** In two passes, so that squares do not cancel. */
function momentsOf(data: ArrayLike<number | bigint>, sample: readonly number[], kept: readonly number[]) {
  const size = sample.reduce((a, b) => a * b, 1);
  const place = new Int32Array(size);
  let places = 1;
  let stride = 1;
  for (let a = sample.length - 1; a >= 0; stride *= sample[a], a--)
    if (kept.includes(a + 1)) {
      for (let e = 0; e < size; e++) place[e] += (Math.floor(e / stride) % sample[a]) * places;
      places *= sample[a];
    }
  const average = (f: (value: number, place: number) => number) => {
    const sums = new Float64Array(places);
    for (let i = 0; i < data.length; ) for (let e = 0; e < size; e++, i++) sums[place[e]] += f(Number(data[i]), place[e]);
    return sums.map((s) => s / (data.length / places));
  };
  const mean = average((v) => v);
  const variance = average((v, k) => (v - mean[k]) ** 2);
  return { mean: Float32Array.from(mean), variance: Float32Array.from(variance) };
}

export const featureNormalizationLayers = [Normalization];
