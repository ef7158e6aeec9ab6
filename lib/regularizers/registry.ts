import type { TensorLike } from '../ops/as_tensor.js';
import type { Tensor } from '../ops/tensor.js';
import { type Config, Registry } from '../registry.js';
import { isOwnFunction } from '../table.js';
import { L1L2 } from './l1l2.js';
import { Regularizer } from './regularizer.js';

/** A penalty that is a function of the weight: `(w) => ops.sum(...)`. */
class FunctionRegularizer extends Regularizer {
  static override readonly className = 'FunctionRegularizer';
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

class RegularizerRegistry extends Registry<Regularizer> {
  override resolve(id: unknown, where = this.kind): Regularizer {
    // As a bare name it would be a regularizer without any effect: Keras 2 took it for a hundredth of each.
    if (typeof id === 'string' && this.find(id) === L1L2) return new L1L2({ l1: 0.01, l2: 0.01 });
    return isOwnFunction(id) ? new FunctionRegularizer(id as (w: Tensor) => TensorLike) : super.resolve(id, where);
  }
}

/** Regularizers by their names: 'l1', 'l2', 'l1_l2', 'L2', 'orthogonal_regularizer', ... index.ts fills it. */
export const regularizerRegistry = new RegularizerRegistry('regularizer', 'keras.regularizers', Regularizer);
