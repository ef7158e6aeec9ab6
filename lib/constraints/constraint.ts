import type { SpecValue } from '../engine/spec.js';
import { asTensor, type TensorLike } from '../ops/as_tensor.js';
import { elementCode, elements } from '../ops/element_code.js';
import type { Tensor } from '../ops/tensor.js';
import { type Config, classNameOf, type Part, partToJSON } from '../registry.js';

/**
 * A condition that a weight is brought back to after every training step. Computed by the engine: a subclass names one of its kinds.
 * @example const isConstraint = constraints.nonNeg() instanceof constraints.Constraint; // true
 */
export abstract class Constraint implements Part {
  static readonly className: string = 'Constraint';
  /** For the compiler alone, which would take a regularizer for one. */
  declare protected readonly part: 'constraint';
  getConfig(): Config {
    return {};
  }

  /**
   * What a weight becomes after each step, for a class of your own: made of `ops.*` that work element by element.
   * @example
   * class Between extends constraints.Constraint {
   *   static override readonly className = 'Between';
   *   override call(w: Tensor) {
   *     return ops.clip(w, -1, 1);
   *   }
   * }
   * layers.dense({ units: 8, kernelConstraint: new Between() });
   */
  call(_w: Tensor): TensorLike {
    throw new Error(`${this.constructor.name} has neither 'spec' nor 'call'`);
  }
  /** How the engine is told of it: native/constraints. */
  spec(): { [key: string]: SpecValue } {
    const where = `${classNameOf(this)}: 'call'`;
    return { constraint: 'traced', code: elementCode(where, [asTensor(where, this.call(elements(0)))], 1).code };
  }

  toJSON(): { className: string; config: Config } {
    return partToJSON(this);
  }
}
