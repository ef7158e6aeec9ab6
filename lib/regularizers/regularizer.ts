import type { SpecValue } from '../engine/spec.js';
import { type Config, type Part, partToJSON } from '../registry.js';

/**
 * A penalty on the size of a weight, added to the loss once a batch. It is computed by the engine: a subclass names one of its kinds
 * in `spec()`.
 * @example const isRegularizer = regularizers.l2() instanceof regularizers.Regularizer; // true
 */
export abstract class Regularizer implements Part {
  static readonly className: string = 'Regularizer';
  /** For the compiler alone, which would take a constraint for one. */
  declare protected readonly part: 'regularizer';
  abstract getConfig(): Config;
  /** How the engine is told of it: native/regularizers. */
  abstract spec(): { [key: string]: SpecValue };

  toJSON(): { className: string; config: Config } {
    return partToJSON(this);
  }
}
