import type { TensorLike } from '../ops/as_tensor.js';
import type { Tensor } from '../ops/tensor.js';
import { snake } from '../registry.js';
import { Loss } from './loss.js';

/** A loss that is a function of labels and predictions: `(yTrue, yPred) => tensor`. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => TensorLike;

/** A function as a loss, under the function's name. */
export class FunctionLoss extends Loss {
  static override readonly className = 'FunctionLoss';
  constructor(private readonly fn: LossFunction) {
    super({ name: snake(fn.name || 'custom_loss') });
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.fn(yTrue, yPred) as Tensor;
  }
}
