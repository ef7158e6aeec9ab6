import { type Activation as ActivationFunction, activations } from '../activations/index.js';
import type { OpSpec } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import type { ActivationIdentifier } from './identifiers.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/** A layer that does nothing but apply a function. */
abstract class FunctionLayer extends Layer {
  protected abstract readonly function: ActivationFunction;

  override outputShapeOf(input: Shape): Shape {
    return this.function.outputShape(input, this.label);
  }

  override lower(input: Shape): OpSpec[] {
    return this.function.isLinear ? [] : [this.function.op(input.length)];
  }
}

/**
 * Applies an activation function. Output shape: that of the input (with `glu`: half the last axis).
 * See https://keras.io/api/layers/core_layers/activation/
 * @example layers.activation({ activation: 'relu' })
 */
export class Activation extends FunctionLayer {
  static override readonly className = 'Activation';
  protected readonly function: ActivationFunction;

  constructor(
    options: LayerOptions & {
      /** A name, one of `activations.*`, or a config. */
      activation: ActivationIdentifier;
    },
  ) {
    const o = Layer.read('Activation', options, { activation: undefined as unknown });
    super(o);
    if (o.activation === undefined)
      throw typeError(
        "Activation: 'activation' is missing; give a name such as 'relu', or one of activations.*. Received: undefined",
      );
    this.function = this.activation('activation', o.activation);
  }

  protected override config(): Config {
    return { activation: this.function };
  }
}

/**
 * Numbers above 0 that add up to 1 along `axis`. See https://keras.io/api/layers/activation_layers/softmax/
 *
 * A mask of time steps passes through: each step is a distribution by itself, and the loss leaves masked ones out, as with `activation: 'softmax'`.
 * (Keras lays such a mask over the last axes of its input, which it refuses unless sizes agree by chance.) Along the masked axis itself, masked steps
 * would take their share, and a ValueError (ERR_MASK) is thrown when the model is used.
 * @example layers.softmax()
 */
export class Softmax extends Layer {
  static override readonly className = 'Softmax';
  readonly axis: number | readonly number[];

  constructor(
    options?: LayerOptions & {
      /** As Keras counts: 0 is the batch, which is not allowed; -1 (default) is the last. A list: the numbers add up to 1 over all of them. */
      axis?: number | readonly number[];
    },
  ) {
    const o = Layer.read('Softmax', options, { axis: -1 as number | readonly number[] });
    super(o);
    const axes = Array.isArray(o.axis) ? o.axis : [o.axis];
    for (const a of axes) checkNumber('Softmax', 'axis', a, { integer: true });
    if (axes.length === 0)
      throw new ValueError(`Softmax: 'axis' must name an axis. Received: ${show(o.axis)}`, 'ERR_OUT_OF_RANGE');
    this.axis = axes.length === 1 ? axes[0] : [...axes];
  }

  #axes(input: Shape): number[] {
    const axes = Array.isArray(this.axis) ? this.axis : [this.axis];
    for (const axis of axes) activations.softmax({ axis }).outputShape(input, this.label);
    return [...new Set(axes.map((a) => (a < 0 ? a + input.length : a - 1)))].sort((a, b) => a - b);
  }

  override outputShapeOf(input: Shape): Shape {
    this.#axes(input);
    return input;
  }

  override lower(input: Shape): OpSpec[] {
    const axes = this.#axes(input);
    const axis = axes.map((i) => i + 1);
    return [{ op: 'activation', ...activations.softmax({ axis }).spec(input.length), unmaskedAxes: axes }];
  }

  protected override config(): Config {
    return { axis: Array.isArray(this.axis) ? [...this.axis] : this.axis };
  }
}

/**
 * `x` above `threshold`, else `negativeSlope * (x - threshold)`; at most `maxValue`.
 * See https://keras.io/api/layers/activation_layers/relu/
 * @example layers.relu({ maxValue: 6 })
 */
export class ReLU extends FunctionLayer {
  static override readonly className = 'ReLU';
  readonly maxValue: number | null;
  readonly negativeSlope: number;
  readonly threshold: number;
  protected readonly function: ActivationFunction;

  constructor(
    options?: LayerOptions & {
      /** 0 or above, or null (default) for none. */
      maxValue?: number | null;
      /** 0 (default) or above. */
      negativeSlope?: number;
      /** 0 (default) or above. */
      threshold?: number;
    },
  ) {
    const o = Layer.read('ReLU', options, { maxValue: null as number | null, negativeSlope: 0, threshold: 0 });
    super(o);
    this.maxValue = o.maxValue === null ? null : checkNumber('ReLU', 'maxValue', o.maxValue, { min: 0 });
    this.negativeSlope = checkNumber('ReLU', 'negativeSlope', o.negativeSlope, { min: 0 });
    this.threshold = checkNumber('ReLU', 'threshold', o.threshold, { min: 0 });
    this.function = activations.relu({ maxValue: this.maxValue, negativeSlope: this.negativeSlope, threshold: this.threshold });
  }

  protected override config(): Config {
    return { maxValue: this.maxValue, negativeSlope: this.negativeSlope, threshold: this.threshold };
  }
}

/**
 * `x` above 0, `negativeSlope * x` below. See https://keras.io/api/layers/activation_layers/leaky_relu/
 * @example layers.leakyReLU({ negativeSlope: 0.1 })
 */
export class LeakyReLU extends FunctionLayer {
  static override readonly className = 'LeakyReLU';
  readonly negativeSlope: number;
  protected readonly function: ActivationFunction;

  constructor(
    options?: LayerOptions & {
      /** 0 or above. Default 0.3. */
      negativeSlope?: number;
      /** What Keras 2 called `negativeSlope`. */
      alpha?: number;
    },
  ) {
    const o = Layer.read('LeakyReLU', options, {
      negativeSlope: undefined as number | undefined,
      alpha: undefined as number | undefined,
    });
    super(o);
    if (o.alpha !== undefined && o.negativeSlope !== undefined && o.alpha !== o.negativeSlope)
      throw new ValueError(
        `LeakyReLU: 'alpha' is another name of 'negativeSlope'; give one of them. Received: ${show(o.alpha)} and ${show(o.negativeSlope)}`,
      );
    this.negativeSlope = checkNumber('LeakyReLU', 'negativeSlope', o.negativeSlope ?? o.alpha ?? 0.3, { min: 0 });
    this.function = activations.leakyRelu({ negativeSlope: this.negativeSlope });
  }

  protected override config(): Config {
    return { negativeSlope: this.negativeSlope };
  }
}

/**
 * `x` above 0, `alpha * (exp(x) - 1)` below. See https://keras.io/api/layers/activation_layers/elu/
 * @example layers.elu()
 */
export class ELU extends FunctionLayer {
  static override readonly className = 'ELU';
  readonly alpha: number;
  protected readonly function: ActivationFunction;

  constructor(
    options?: LayerOptions & {
      /** Minus the value far below 0. Default 1. */
      alpha?: number;
    },
  ) {
    const o = Layer.read('ELU', options, { alpha: 1 });
    super(o);
    this.alpha = checkNumber('ELU', 'alpha', o.alpha);
    this.function = activations.elu({ alpha: this.alpha });
  }

  protected override config(): Config {
    return { alpha: this.alpha };
  }
}

export const activationLayers = { Activation, Softmax, ReLU, LeakyReLU, ELU };
