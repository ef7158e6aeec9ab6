import type { SpecValue } from '../engine/spec.js';
import { RuntimeError, show, typeError, ValueError } from '../errors.js';
import { asTensor, type TensorLike } from '../ops/as_tensor.js';
import { elementCode, elements, single } from '../ops/element_code.js';
import type { Tensor } from '../ops/tensor.js';
import { checkBoolean, checkNumber, readOptions } from '../options.js';
import { type Config, classNameOf, type Part, toKeras } from '../registry.js';
import type { LearningRateSchedule } from '../schedules/index.js';
import { commonDefaults, type LearningRate, type OptimizerOptions, readRate } from './options.js';

/** What the engine does around each optimizer's own rule. */
export interface CommonSpec {
  [key: string]: SpecValue;
  weightDecay: number | null;
  clipnorm: number | null;
  clipvalue: number | null;
  globalClipnorm: number | null;
  useEma: boolean;
  emaMomentum: number;
  emaOverwriteFrequency: number | null;
  emaCopyFirst: boolean;
  gradientAccumulationSteps: number | null;
}

/**
 * Turns gradients into updates of the weights. The updates are computed by the engine; what stands here are an optimizer's options, its
 * counter, and the names of the state that it keeps for each weight. A subclass gives `className`, `spec`, `slotNames` and `config`.
 * @example
 * model.compile({ optimizer: 'adam', loss: 'mse' });
 * model.optimizer.learningRate = 1e-4; // from the next batch on
 */
export abstract class Optimizer implements Part {
  static readonly className: string = 'Optimizer';

  readonly name: string;
  readonly decay: number;
  readonly weightDecay: number | null;
  readonly clipnorm: number | null;
  readonly clipvalue: number | null;
  readonly globalClipnorm: number | null;
  readonly useEma: boolean;
  readonly emaMomentum: number;
  readonly emaOverwriteFrequency: number | null;
  readonly gradientAccumulationSteps: number | null;
  /** Part of the config only: gradients are in float32, where multiplying the loss and dividing them again changes nothing. */
  readonly lossScaleFactor: number | null;
  /** Whether averages start as the weights after the first update (Keras 3) or as those before it (Keras 2). */
  emaCopyFirst = true;
  /** @internal Whether the weights have changed places with their averages: while `SwapEMAWeights` looks on. */
  averagesAreIn = false;
  /** Batches it has been given gradients for. */
  calls = 0;
  #learningRate: number | LearningRateSchedule;
  #withoutDecay: readonly string[] = [];

  constructor(options: OptimizerOptions = {}, defaultRate = 0.001) {
    const where = classNameOf(this);
    const o = options;
    if (o.lr !== undefined && o.learningRate !== undefined)
      throw new ValueError(`${where}: 'lr' is another word for 'learningRate'; give one of them.`, 'ERR_OPTIONS');
    this.#learningRate = readRate(where, o.learningRate ?? o.lr ?? defaultRate);
    this.decay = checkNumber(where, 'decay', o.decay ?? 0, { min: 0 });
    if (this.decay > 0 && typeof this.#learningRate !== 'number')
      throw new ValueError(
        `${where}: 'decay' changes a learning rate that is a number; here it is a schedule already.`,
        'ERR_OPTIONS',
      );
    const optional = (name: keyof OptimizerOptions, range: Parameters<typeof checkNumber>[3]) =>
      o[name] === undefined || o[name] === null ? null : checkNumber(where, name, o[name], range);
    this.weightDecay = optional('weightDecay', { min: 0 });
    this.clipnorm = optional('clipnorm', { min: 0 });
    this.clipvalue = optional('clipvalue', { min: 0 });
    this.globalClipnorm = optional('globalClipnorm', { min: 0 });
    const clips = (['clipnorm', 'clipvalue', 'globalClipnorm'] as const).filter((name) => this[name] !== null);
    if (clips.length > 1)
      throw new ValueError(
        `${where}: only one of clipnorm, clipvalue and globalClipnorm may be given. Received: ${clips.join(', ')}`,
        'ERR_OPTIONS',
      );
    this.useEma = checkBoolean(where, 'useEma', o.useEma ?? false);
    this.emaMomentum = checkNumber(where, 'emaMomentum', o.emaMomentum ?? 0.99, { min: 0, max: 1 });
    this.emaOverwriteFrequency = optional('emaOverwriteFrequency', { min: 1, integer: true });
    this.gradientAccumulationSteps = optional('gradientAccumulationSteps', { min: 2, integer: true });
    this.lossScaleFactor = optional('lossScaleFactor', { above: 0 });
    if (o.name !== undefined && o.name !== null && typeof o.name !== 'string')
      throw typeError(`${where}: 'name' must be a string. Received: ${show(o.name)}`);
    this.name = o.name ?? (where === 'SGD' ? where : where.toLowerCase());
  }

  /** A class's own options over their defaults, with those that every optimizer takes. */
  protected static read<T extends object>(className: string, given: unknown, defaults: T): T & OptimizerOptions {
    return readOptions(className, given, { ...commonDefaults, ...defaults }) as T & OptimizerOptions;
  }

  /** The engine's name of the rule, with the rule's own options. */
  spec(): { optimizer: string; [key: string]: SpecValue } {
    const names = this.slotNames();
    const [w, g] = [elements(0), elements(1)];
    const slots = Object.fromEntries(names.map((name, i) => [name, elements(2 + i)]));
    const where = `${classNameOf(this)}: 'updateStep'`;
    const made = this.updateStep(g, w, single(2 + names.length), slots, single(3 + names.length));
    const [value, changed] = Array.isArray(made) ? (made as [TensorLike, Record<string, TensorLike>]) : [made as TensorLike, {}];
    const unknown = Object.keys(changed).find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new ValueError(
        `${where} gives a slot '${unknown}', which 'slotNames' does not name: ${names.join(', ')}`,
        'ERR_OPTIONS',
      );
    const outputs = [value, ...names.map((name) => changed[name] ?? slots[name])].map((t) => asTensor(where, t));
    return { optimizer: 'traced', slots: names.length, ...elementCode(where, outputs, 4 + names.length) };
  }

  /**
   * One update of a weight, for a class of your own: made of `ops.*` that work element by element, and computed natively. `slots` are
   * what `slotNames` names, at the start 0; `iteration` is a single number, 1 in the first update.
   * @returns the weight's new value, or that and the new values of slots: `[value, { momentum }]`
   * @example
   * class Momentum extends optimizers.Optimizer {
   *   static override readonly className = 'Momentum';
   *   override slotNames() {
   *     return ['momentum'];
   *   }
   *   override updateStep(gradient: Tensor, variable: Tensor, learningRate: Tensor, slots: { [name: string]: Tensor }) {
   *     const momentum = ops.subtract(ops.multiply(0.9, slots.momentum!), ops.multiply(learningRate, gradient));
   *     return [ops.add(variable, momentum), { momentum }] as const;
   *   }
   * }
   * model.compile({ optimizer: new Momentum({ learningRate: 0.01 }), loss: 'mse' });
   */
  updateStep(
    _gradient: Tensor,
    _variable: Tensor,
    _learningRate: Tensor,
    _slots: { [name: string]: Tensor },
    _iteration: Tensor,
  ): TensorLike | readonly [TensorLike, { readonly [slot: string]: TensorLike }] {
    throw new Error(`${classNameOf(this)} has neither 'spec' nor 'updateStep'`);
  }

  /** Keras's names of the state kept for each weight, in the engine's order. Averages and accumulated gradients are not among them. */
  slotNames(): string[] {
    return [];
  }

  /** @internal The slots in the order in which Keras saves them: for each list, weight by weight, one of each. */
  savedSlots(): string[][] {
    return [this.slotNames()];
  }

  /** @internal Numbers that Keras saves behind the slots and that follow from the rest. */
  savedNumbers(): { name: string; value: number }[] {
    return [];
  }

  /** What all elements of a state array are at the start. */
  slotInitialValue(_name: string): number {
    return 0;
  }

  /** The class's own options, as `getConfig` gives them. */
  protected config(): Config {
    return {};
  }

  /** What the engine does besides the rule: decay, clipping, averaging, accumulation. */
  common(): CommonSpec {
    const { weightDecay, clipnorm, clipvalue, globalClipnorm, useEma, emaMomentum, emaOverwriteFrequency, emaCopyFirst } = this;
    const { gradientAccumulationSteps } = this;
    return {
      weightDecay,
      clipnorm,
      clipvalue,
      globalClipnorm,
      useEma,
      emaMomentum,
      emaOverwriteFrequency,
      emaCopyFirst,
      gradientAccumulationSteps,
    };
  }

  /**
   * The learning rate, which may be set to another number between batches. Where the optimizer was made with a schedule, this is the
   * schedule (see `rateAt` for its values): setting it to a number is a TypeError then, setting it to another schedule is not.
   */
  get learningRate(): number {
    return this.#learningRate as number;
  }
  set learningRate(rate: LearningRate) {
    const where = classNameOf(this);
    if (typeof rate === 'number' && typeof this.#learningRate !== 'number')
      throw typeError(
        `${where}: its learning rate is a schedule and cannot be set to a number. Compile with a number, such as learningRate: 1e-3, to change it later.`,
        'ERR_SCHEDULE',
      );
    if (typeof rate !== 'number' && this.decay > 0)
      throw new ValueError(`${where}: with 'decay' the learning rate must stay a number.`, 'ERR_OPTIONS');
    this.#learningRate = readRate(where, rate);
  }

  /** Whether every update has the same rate, until it is set to another. */
  get hasConstantRate(): boolean {
    return typeof this.#learningRate === 'number' && this.decay === 0;
  }

  /** The rate of an update, in float32 as Keras computes it. @param iteration updates done before: 0 for the first */
  rateAt(iteration: number): number {
    const rate = this.#learningRate;
    if (typeof rate === 'number') return Math.fround(this.decay === 0 ? rate : rate * (1 / (1 + this.decay * iteration)));
    const value: unknown = rate.call(iteration);
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw new ValueError(
        `${classNameOf(this)}: the schedule ${classNameOf(rate)} must give a finite number for step ${iteration}. Received: ${show(value)}`,
        'ERR_SCHEDULE',
      );
    return Math.fround(value);
  }

  /** Updates done so far. */
  get iterations(): number {
    return Math.floor(this.calls / (this.gradientAccumulationSteps ?? 1));
  }
  set iterations(count: number) {
    checkNumber(classNameOf(this), 'iterations', count, { min: 0, integer: true });
    this.calls = count * (this.gradientAccumulationSteps ?? 1);
  }

  /**
   * Leaves some weights out of weight decay: those whose name contains one of `varNames`. To be called before training.
   *
   * ```ts
   * const optimizer = optimizers.adamW({ weightDecay: 0.01 })
   * optimizer.excludeFromWeightDecay({ varNames: ['bias', 'gamma', 'beta'] })
   * ```
   */
  excludeFromWeightDecay(options: { varNames: readonly string[] }): void {
    const where = `${classNameOf(this)}.excludeFromWeightDecay`;
    const { varNames } = readOptions(where, options, { varNames: [] as readonly string[] });
    if (!Array.isArray(varNames) || !varNames.every((n) => typeof n === 'string' && n.length > 0))
      throw typeError(`${where}: 'varNames' must be a list of parts of names. Received: ${show(varNames)}`);
    if (this.calls > 0) throw new RuntimeError(`${where} must be called before training.`, 'ERR_TRAINED');
    this.#withoutDecay = [...varNames];
  }

  isExcludedFromWeightDecay(name: string): boolean {
    return this.#withoutDecay.some((part) => name.includes(part));
  }

  /** A new optimizer of the same options, which has done no updates. The learning rate is what it is now. */
  clone(): this {
    const copy = new (this.constructor as new (options: Config) => this)({
      ...this.getConfig(),
      learningRate: this.#learningRate,
    });
    copy.emaCopyFirst = this.emaCopyFirst;
    copy.#withoutDecay = this.#withoutDecay;
    return copy;
  }

  getConfig(): Config {
    const rate = this.#learningRate;
    const { name, weightDecay, clipnorm, globalClipnorm, clipvalue, useEma, emaMomentum, emaOverwriteFrequency, decay } = this;
    return {
      name,
      learningRate: typeof rate === 'number' ? rate : toKeras(rate, 'keras.optimizers.schedules'),
      weightDecay,
      clipnorm,
      globalClipnorm,
      clipvalue,
      useEma,
      emaMomentum,
      emaOverwriteFrequency,
      lossScaleFactor: this.lossScaleFactor,
      gradientAccumulationSteps: this.gradientAccumulationSteps,
      ...(decay > 0 ? { decay } : {}),
      ...this.config(),
    };
  }
}
