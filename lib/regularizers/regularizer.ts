import type { SpecValue } from '../engine/spec.js';
import type { TensorLike } from '../ops/as_tensor.js';
import { elementCode, elements, summed } from '../ops/element_code.js';
import type { Tensor } from '../ops/tensor.js';
import { type Config, classNameOf, type Part, partToJSON } from '../registry.js';

/**
 * A penalty on the size of a weight, added to the loss once a batch. It is computed by the engine: a subclass names one of its kinds
 * in `spec()`.
 * @example const isRegularizer = regularizers.l2() instanceof regularizers.Regularizer; // true
 */
export abstract class Regularizer implements Part {
  static readonly className: string = 'Regularizer';
  /** For the compiler alone, which would take a constraint for one. */
  declare protected readonly part: 'regularizer';
  getConfig(): Config {
    return {};
  }

  /**
   * The penalty of a weight, for a class of your own: a sum over its elements, made of `ops.*`.
   * @example
   * class Quartic extends regularizers.Regularizer {
   *   static override readonly className = 'Quartic';
   *   override call(w: Tensor) {
   *     return ops.multiply(0.01, ops.sum(ops.power(w, 4)));
   *   }
   * }
   * layers.dense({ units: 8, kernelRegularizer: new Quartic() });
   */
  call(_w: Tensor): TensorLike {
    throw new Error(`${this.constructor.name} has neither 'spec' nor 'call'`);
  }

  /** How the engine is told of it: native/regularizers. */
  spec(): { [key: string]: SpecValue } {
    const where = `${classNameOf(this)}: 'call'`;
    return { regularizer: 'traced', code: elementCode(where, [summed(where, this.call(elements(0)))], 1).code };
  }

  toJSON(): { className: string; config: Config } {
    return partToJSON(this);
  }
}
