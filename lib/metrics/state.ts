import { show, typeError, ValueError } from '../errors.js';
import { asTensor, type TensorLike } from '../ops/as_tensor.js';
import { inOrder } from '../ops/lowering.js';
import { inputsOf, Tensor } from '../ops/tensor.js';
import { sizeOf } from '../shapes.js';

/**
 * A sum that a metric of your own keeps through an epoch: made by `addVariable`, added to in `updateState`, read in `result`. It begins at 0.
 */
export class MetricVariable extends Tensor {
  /** @internal What the trace of `updateState` adds. */
  readonly added: Tensor[] = [];

  /** @internal */
  constructor(
    readonly name: string,
    shape: readonly number[],
    index: number,
  ) {
    super(shape, false, 'float32', { kind: 'input', index });
  }

  /** Adds a tensor of the variable's shape, which is one for the whole batch, such as `ops.sum(errors)`. */
  assignAdd(value: TensorLike): void {
    const t = asTensor(`metric variable '${this.name}'`, value);
    if (t.rows || t.rank !== this.rank || t.shape.some((d, i) => d !== this.shape[i]))
      throw new ValueError(
        `metric variable '${this.name}' of shape [${this.shape}] takes a value of that shape for the whole batch, such as ops.sum gives. Received: ${t}`,
        'ERR_SHAPE',
      );
    if (inOrder([t]).some((made) => made instanceof MetricVariable))
      throw new ValueError(
        `metric variable '${this.name}': 'updateState' may only add to it, since batches are summed up in parts. Read it in 'result'.`,
        'ERR_UNSUPPORTED',
      );
    this.added.push(t);
  }

  /** Keras's `self.total.assign(self.total + value)`: only a sum with the variable itself can be assigned. */
  assign(value: TensorLike): void {
    const t = asTensor(`metric variable '${this.name}'`, value);
    const of = inputsOf(t);
    const rest = of.filter((x) => x !== this);
    if (t.node.kind !== 'element' || t.node.name !== 'add' || rest.length !== 1)
      throw typeError(
        `metric variable '${this.name}': assign takes the variable plus something: variable.assignAdd(value). Received: ${show(String(value))}`,
      );
    this.assignAdd(rest[0]);
  }

  /** @internal */
  get size(): number {
    return sizeOf(this.shape as number[]);
  }
}
