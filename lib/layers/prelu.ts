import type { OpSpec } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import type { ConstraintIdentifier, InitializerIdentifier, RegularizerIdentifier } from '../identifiers.js';
import type { Config } from '../registry.js';
import { Layer, type LayerOptions, type Lowering, type Shape } from './layer.js';

/** Options of {@link PReLU}. Initializer, regularizer and constraint: a name, an instance or a config. */
export interface PReLUOptions extends LayerOptions {
  /** Default `'zeros'`. */
  alphaInitializer?: InitializerIdentifier;
  alphaRegularizer?: RegularizerIdentifier;
  alphaConstraint?: ConstraintIdentifier;
  /** Axes whose elements have one slope, the batch's axis counting as 0: `[1, 2]` gives each channel of an image one. Default: none. */
  sharedAxes?: number | readonly number[] | null;
}

/**
 * `x` where it is above 0, `alpha * x` below, with learned slopes. Weight: alpha, of the sample's shape with 1 at the shared axes.
 * See https://keras.io/api/layers/activation_layers/prelu/ and https://arxiv.org/abs/1502.01852
 * @example layers.prelu({ sharedAxes: [1, 2], alphaInitializer: initializers.constant({ value: 0.25 }) })
 */
export class PReLU extends Layer {
  static override readonly className = 'PReLU';
  readonly sharedAxes: readonly number[] | null;
  readonly #parts: ReturnType<PReLU['readParts']>;

  constructor(options?: PReLUOptions) {
    const o = Layer.read('PReLU', options, {
      alphaInitializer: 'zeros' as InitializerIdentifier,
      alphaRegularizer: null as RegularizerIdentifier,
      alphaConstraint: null as ConstraintIdentifier,
      sharedAxes: null as unknown,
    });
    super(o);
    this.#parts = this.readParts(o);
    const axes = o.sharedAxes === null ? null : Array.isArray(o.sharedAxes) ? o.sharedAxes : [o.sharedAxes];
    if (axes && !axes.every((a) => Number.isInteger(a)))
      throw typeError(`PReLU: 'sharedAxes' must be axes, whole numbers from 1 on. Received: ${show(o.sharedAxes)}`);
    this.sharedAxes = axes;
  }

  private readParts(o: Omit<PReLUOptions, 'sharedAxes'>) {
    return {
      alphaInitializer: this.initializer('alphaInitializer', o.alphaInitializer),
      alphaRegularizer: this.regularizer('alphaRegularizer', o.alphaRegularizer),
      alphaConstraint: this.constraint('alphaConstraint', o.alphaConstraint),
    };
  }

  #axes(input: Shape): number[] {
    return [...new Set(this.sharedAxes ?? [])].map((a) => {
      const axis = a < 0 ? a + input.length + 1 : a;
      if (axis < 1 || axis > input.length)
        throw new ValueError(
          `${this.label}: 'sharedAxes' must be axes of its input, from 1 to ${input.length} (0 is the batch). Received: [${this.sharedAxes}]`,
          'ERR_SHAPE',
        );
      return axis;
    });
  }

  override outputShapeOf(input: Shape): Shape {
    const shared = this.#axes(input);
    if (input.length < 1)
      throw new ValueError(`${this.label} needs samples of rank 1 or more. Received samples of shape [].`, 'ERR_SHAPE');
    if (input.some((n, i) => n === null && !shared.includes(i + 1)))
      throw new ValueError(
        `${this.label}: axes that do not share their slopes must have a known size; name the others in 'sharedAxes'. Received shape [${input.map(String).join(', ')}].`,
        'ERR_SHAPE',
      );
    return input;
  }

  protected override createWeights(input: Shape): void {
    const shared = this.#axes(input);
    const { alphaInitializer, alphaRegularizer, alphaConstraint } = this.#parts;
    this.addWeight(
      'alpha',
      input.map((n, i) => (shared.includes(i + 1) ? 1 : (n as number))),
      { initializer: alphaInitializer, regularizer: alphaRegularizer, constraint: alphaConstraint },
    );
  }

  override lower(input: Shape, lowering: Lowering): OpSpec[] {
    return [{ op: 'prelu', sharedAxes: this.#axes(input), weights: lowering.weights(this) }];
  }

  protected override config(): Config {
    return { ...this.#parts, sharedAxes: this.sharedAxes ? [...this.sharedAxes] : null };
  }
}

export const preluLayers = { PReLU };
