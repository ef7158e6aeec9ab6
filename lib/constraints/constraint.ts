import type { SpecValue } from '../engine/spec.js';
import { type Config, type Part, partToJSON } from '../registry.js';

/**
 * A condition that a weight is brought back to after every training step. Computed by the engine: a subclass names one of its kinds.
 * @example const isConstraint = constraints.nonNeg() instanceof constraints.Constraint; // true
 */
export abstract class Constraint implements Part {
  static readonly className: string = 'Constraint';
  /** For the compiler alone, which would take a regularizer for one. */
  declare protected readonly part: 'constraint';
  abstract getConfig(): Config;
  /** How the engine is told of it: native/constraints. */
  abstract spec(): { [key: string]: SpecValue };

  toJSON(): { className: string; config: Config } {
    return partToJSON(this);
  }
}
