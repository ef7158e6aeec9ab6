import type { ArrayInput } from '../data/inputs.js';
import { checkDtype } from '../dtype_policy.js';
import type { SpecValue } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import { OwnCode } from '../ops/own.js';
import type { Tensor } from '../ops/tensor.js';
import { checkNumber, checkOneOf, readOptions } from '../options.js';
import type { FloatDType } from '../part_config.js';
import { type Config, type Part, snake } from '../registry.js';

/** What the engine is told of a loss: its name in native/losses/registry.def and its options. */
export type LossSpec = { loss: string } & { [key: string]: SpecValue };

/**
 * How the losses of a batch become one number. Each is weighted by its sample's weight first.
 * - `'sum_over_batch_size'` (default; `'mean'` and Keras 2's `'auto'` are the same): the sum divided by how many there are; masked steps and
 *   an `ignoreClass` are not counted, samples of weight 0 are
 * - `'sum'`: the sum
 * - `'mean_with_sample_weight'`: the sum divided by the sum of the weights
 * - `'none'` (or null): no number at all, so that a model cannot be compiled with it
 */
export type Reduction = 'sum_over_batch_size' | 'sum' | 'mean' | 'mean_with_sample_weight' | 'none';

/** Options that every loss takes. */
export interface LossOptions {
  /** Default `'sum_over_batch_size'`. */
  reduction?: Reduction | 'auto' | null;
  /** Default: the class's name in snake case. */
  name?: string | null;
  /** Only `'float32'`. */
  dtype?: FloatDType;
}

const baseDefaults = {
  reduction: 'sum_over_batch_size' as LossOptions['reduction'],
  name: undefined as string | null | undefined,
  dtype: undefined as unknown,
};
const reductions = ['sum_over_batch_size', 'sum', 'mean', 'mean_with_sample_weight', 'none', 'auto'] as const;

function readReduction(where: string, value: unknown): Reduction {
  if (value === null) return 'none';
  if (value === undefined) return 'sum_over_batch_size';
  const given = checkOneOf(where, 'reduction', value, reductions);
  return given === 'auto' ? 'sum_over_batch_size' : given;
}

/** A final activation whose input a loss or metric takes: a cross-entropy takes that of either, whichever of the two it names. */
export type LogitsFrom = 'sigmoid' | 'softmax' | 'onlySigmoid' | null;

const ELEMENTWISE: ReadonlySet<string> = new Set([
  ...['MeanSquaredError', 'MeanAbsoluteError', 'MeanAbsolutePercentageError', 'MeanSquaredLogarithmicError'],
  ...['Huber', 'LogCosh', 'Poisson', 'BinaryCrossentropy', 'BinaryFocalCrossentropy', 'Hinge', 'SquaredHinge'],
]);

/**
 * Base of all losses: compares predictions `[batch, ..., width]` with labels of the same shape (or, where `sparse`, with class numbers
 * `[batch, ...]`) and gives one value for each vector along the last axis.
 * @example
 * const { name, reduction } = losses.huber({ delta: 2 }); // 'huber', 'sum_over_batch_size'
 */
export abstract class Loss implements Part {
  static readonly className: string = 'Loss';
  readonly name: string;
  readonly reduction: Reduction;

  /** The final activation whose input, the logits, this loss takes in place of its output: as exact where the output saturates as elsewhere. */
  readonly logitsFrom: LogitsFrom = null;
  /** Whether labels are class numbers: one for each vector of predictions, in a last axis of length 1 or without that axis. */
  readonly sparse: boolean = false;
  /** Whether labels are probabilities: 0 and 1, or what lies between. */
  readonly takesProbabilities: boolean = false;
  /** A label that takes an item out, as a mask would. */
  readonly ignoreClass: number | null = null;
  /** Whether it looks at all samples of a batch at once. */
  readonly wholeBatch: boolean = false;

  /** The code of a class of the user's. */
  readonly #own: OwnCode | null = null;

  /** @param options read with `Loss.read` */
  constructor(options: LossOptions = {}) {
    const { className } = this.constructor as typeof Loss;
    const { call } = this;
    if (call !== Loss.prototype.call) {
      if (this.spec !== Loss.prototype.spec)
        throw new ValueError(
          `${className} has a method 'call', which would never be called: the native engine computes the loss that it extends. Extend losses.Loss.`,
          'ERR_UNSUPPORTED',
        );
      this.#own = new OwnCode(`${className}: 'call'`, call.bind(this) as (...args: Tensor[]) => unknown);
      this.call = this.#own.call as typeof call;
    }
    this.reduction = readReduction(className, options.reduction);
    if (options.name !== undefined && options.name !== null && typeof options.name !== 'string')
      throw typeError(`${className}: 'name' must be a string. Received: ${show(options.name)}`);
    this.name = options.name ?? snake(className);
    checkDtype(className, options.dtype);
  }

  /** Options of a class over their defaults, with those that every loss takes. Unknown ones throw a TypeError. */
  protected static read<T extends object>(
    className: string,
    given: unknown,
    defaults: T,
  ): T & Required<Pick<LossOptions, 'reduction'>> & LossOptions {
    return readOptions(className, given, { ...defaults, ...baseDefaults, ...defaults }) as T &
      Required<Pick<LossOptions, 'reduction'>> &
      LossOptions;
  }

  get className(): string {
    return (this.constructor as typeof Loss).className;
  }

  /** Whether it is the mean of one function of each label and its prediction. */
  get elementwise(): boolean {
    return ELEMENTWISE.has(this.className);
  }

  /**
   * One loss for each vector of predictions, without reduction: the method of a class of your own, made of `ops.*`. It runs once with tensors
   * to find out what to compute; called with arrays it computes them natively and at once. Losses of the engine throw ERR_UNSUPPORTED.
   * @param yTrue labels `[batch, ...]`
   * @param yPred predictions `[batch, ..., width]`
   * @example
   * class Quartic extends losses.Loss {
   *   static override readonly className = 'Quartic';
   *   override call(yTrue: Tensor, yPred: Tensor) {
   *     return ops.mean(ops.power(ops.subtract(yTrue, yPred), 4), -1);
   *   }
   * }
   * model.compile({ optimizer: 'adam', loss: new Quartic() });
   */
  // biome-ignore lint/suspicious/noExplicitAny: a tensor for tensors, an NDArray for arrays: a class that overrides it has the first
  call(yTrue: Tensor | ArrayInput, yPred: Tensor | ArrayInput): any {
    throw new ValueError(
      `${this.className}: 'call' is there for losses of your own; one of the engine gives its values by model.evaluate(x, y, { perSample: true }). Received: ${show(yTrue)} and ${show(yPred)}`,
      'ERR_UNSUPPORTED',
    );
  }

  /** @internal What ops compute it, for a class of the user's; null where the engine has it. */
  traced(yTrue: Tensor, yPred: Tensor): Tensor | null {
    return this.#own?.trace(yTrue, yPred) ?? null;
  }
  /** @internal Whether it is made of ops. */
  get isTraced(): boolean {
    return this.#own !== null;
  }

  /** The loss as the engine takes it. */
  spec(): LossSpec {
    if (!this.#own) throw new Error(`${this.className} has neither 'spec' nor 'call'`);
    return { loss: 'given' };
  }

  /** Its own options, without name and reduction. */
  protected config(): Config {
    return {};
  }

  getConfig(): Config {
    return { name: this.name, reduction: this.reduction, ...this.config() };
  }

  /**
   * Whether it can be computed for output samples of this shape (without the batch dimension).
   * Throws a ValueError that says why not.
   */
  checkOutput(_shape: readonly number[]): void {}

  /** The class numbers a label may be, as `[first, end)`; null where labels are not class numbers. `ignoreClass` is allowed besides. */
  labelRange(width: number): readonly [number, number] | null {
    return this.sparse ? [0, width] : null;
  }
}

/** The `axis` option of a loss that works along the last axis. A positive axis is held against the output's rank by `checkLastAxis`. */
export function readAxis(
  className: string,
  axis: unknown,
  why = 'Put that axis last, with a Permute layer and labels to match.',
): number {
  const a = checkNumber(className, 'axis', axis, { integer: true });
  if (a < -1 || a === 0)
    throw new ValueError(`${className}: 'axis' must be -1, the last axis. Received: ${a}. ${why}`, 'ERR_OUT_OF_RANGE');
  return a;
}

export function checkLastAxis(className: string, axis: number, shape: readonly number[]): void {
  if (axis !== -1 && axis !== shape.length)
    throw new ValueError(
      `${className}: 'axis' must be the last axis, -1 or ${shape.length} for predictions of shape [null, ${shape.join(', ')}]. Received: ${axis}. ` +
        'Put that axis last, with a Permute layer and labels to match.',
      'ERR_OUT_OF_RANGE',
    );
}
