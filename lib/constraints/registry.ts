import type { TensorLike } from '../ops/as_tensor.js';
import type { Tensor } from '../ops/tensor.js';
import { type Config, Registry } from '../registry.js';
import { isOwnFunction } from '../table.js';
import { Constraint } from './constraint.js';

/** What a weight becomes, as a function: `(w) => tensor`. */
class FunctionConstraint extends Constraint {
  static override readonly className = 'FunctionConstraint';
  constructor(private readonly fn: (w: Tensor) => TensorLike) {
    super();
  }
  override call(w: Tensor): TensorLike {
    return this.fn(w);
  }
  override getConfig(): Config {
    return { name: this.fn.name };
  }
}

class ConstraintRegistry extends Registry<Constraint> {
  override resolve(id: unknown, where = this.kind): Constraint {
    return isOwnFunction(id) ? new FunctionConstraint(id as (w: Tensor) => TensorLike) : super.resolve(id, where);
  }
}

/** Constraints by their names: 'max_norm', 'MaxNorm', 'non_neg', ... index.ts fills it. */
export const constraintRegistry = new ConstraintRegistry('constraint', 'keras.constraints', Constraint);
