import { ValueError } from '../errors.js';
import type { ConstraintIdentifier, InitializerIdentifier, RegularizerIdentifier } from '../identifiers.js';
import { checkBoolean } from '../options.js';
import type { Config } from '../registry.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/** What normalization layers do to the normalized values: options of the learned factor and offset. */
export interface AffineOptions extends LayerOptions {
  /** Whether to learn an offset, beta. Default true. */
  center?: boolean;
  /** Whether to learn a factor, gamma. Default true. */
  scale?: boolean;
  /** Default `'zeros'`. */
  betaInitializer?: InitializerIdentifier;
  /** Default `'ones'`. */
  gammaInitializer?: InitializerIdentifier;
  betaRegularizer?: RegularizerIdentifier;
  gammaRegularizer?: RegularizerIdentifier;
  betaConstraint?: ConstraintIdentifier;
  gammaConstraint?: ConstraintIdentifier;
}

export const affineDefaults = {
  center: true,
  scale: true,
  betaInitializer: 'zeros' as InitializerIdentifier,
  gammaInitializer: 'ones' as InitializerIdentifier,
  betaRegularizer: null as RegularizerIdentifier,
  gammaRegularizer: null as RegularizerIdentifier,
  betaConstraint: null as ConstraintIdentifier,
  gammaConstraint: null as ConstraintIdentifier,
};

/** A layer that ends in `* gamma + beta`. */
export abstract class AffineLayer extends Layer {
  readonly center: boolean;
  readonly scale: boolean;
  readonly #parts: ReturnType<AffineLayer['readParts']>;

  protected constructor(options: typeof affineDefaults & LayerOptions) {
    super(options);
    this.center = checkBoolean(this.className, 'center', options.center);
    this.scale = checkBoolean(this.className, 'scale', options.scale);
    this.#parts = this.readParts(options);
  }

  private readParts(o: typeof affineDefaults) {
    return {
      betaInitializer: this.initializer('betaInitializer', o.betaInitializer),
      gammaInitializer: this.initializer('gammaInitializer', o.gammaInitializer),
      betaRegularizer: this.regularizer('betaRegularizer', o.betaRegularizer),
      gammaRegularizer: this.regularizer('gammaRegularizer', o.gammaRegularizer),
      betaConstraint: this.constraint('betaConstraint', o.betaConstraint),
      gammaConstraint: this.constraint('gammaConstraint', o.gammaConstraint),
    };
  }

  /** Makes gamma, then beta, those that are learned. */
  protected addAffineWeights(shape: readonly number[], gamma: boolean, beta: boolean): void {
    const { gammaInitializer, gammaRegularizer, gammaConstraint, betaInitializer, betaRegularizer, betaConstraint } = this.#parts;
    if (gamma)
      this.addWeight('gamma', shape, {
        initializer: gammaInitializer,
        regularizer: gammaRegularizer,
        constraint: gammaConstraint,
      });
    if (beta)
      this.addWeight('beta', shape, { initializer: betaInitializer, regularizer: betaRegularizer, constraint: betaConstraint });
  }

  protected affineConfig(): Config {
    return { center: this.center, scale: this.scale, ...this.#parts };
  }

  /** Where an axis that counts the batch dimension as 0 lies in the shape of a sample: an axis of known size. */
  protected knownAxis(input: Shape, axis: number): number {
    const at = axis < 0 ? axis + input.length : axis - 1;
    const shape = `samples of shape [${input.map(String).join(', ')}]`;
    if (at < 0 || at >= input.length)
      throw new ValueError(
        `${this.label}: its input has no axis ${axis} to normalize. Received ${shape}; the batch dimension is axis 0, so these are axes 1 to ${input.length}, or -1 for the last.`,
        'ERR_SHAPE',
      );
    if (input[at] === null)
      throw new ValueError(`${this.label}: the size of axis ${axis} of its input must be known. Received ${shape}.`, 'ERR_SHAPE');
    return at;
  }
}
