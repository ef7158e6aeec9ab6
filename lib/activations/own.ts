import type { OpSpec, SpecValue } from '../engine/spec.js';
import { ValueError } from '../errors.js';
import { asTensor, type TensorLike } from '../ops/as_tensor.js';
import { elementCode, elements } from '../ops/element_code.js';
import type { Tensor } from '../ops/tensor.js';
import { snake } from '../registry.js';
import { Activation } from './activation.js';

/** An activation that is a function of a tensor, made of ops that work element by element. */
export class OwnActivation extends Activation {
  static override readonly className = 'OwnActivation';
  constructor(private readonly fn: (x: Tensor) => TensorLike) {
    super();
  }
  override get name(): string {
    return snake(this.fn.name || 'custom_activation');
  }
  override spec(): { [key: string]: SpecValue } {
    throw new ValueError(
      `activation '${this.name}' is a function of your own, which stands behind a layer's output and not inside of recurrent cells. Give one of activations.*.`,
      'ERR_UNSUPPORTED',
    );
  }
  override op(): OpSpec {
    const where = `activation '${this.name}'`;
    return { op: 'elementwise', code: elementCode(where, [asTensor(where, this.fn(elements(0)))], 1).code };
  }
}
