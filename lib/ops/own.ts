import type { NDArray } from '../data/ndarray.js';
import { show, typeError } from '../errors.js';
import { asTensor } from './as_tensor.js';
import { compile } from './compile.js';
import { Tensor } from './tensor.js';

/** A user's function of tensors: traced where it gets tensors, computed at once where it gets arrays. */
export class OwnCode {
  readonly #compiled: (...args: never[]) => NDArray;

  constructor(
    private readonly where: string,
    private readonly code: (...args: Tensor[]) => unknown,
  ) {
    this.#compiled = compile((...args: Tensor[]) => this.trace(...args)) as unknown as (...args: never[]) => NDArray;
  }

  /** What it gives for tensors; TypeError where that is none. */
  trace(...args: Tensor[]): Tensor {
    const made = this.code(...args);
    if (made instanceof Promise) throw typeError(`${this.where} must give a tensor at once, not a promise.`);
    if (made === undefined || made === null)
      throw typeError(`${this.where} must return a tensor, such as ops.* give. Received: ${show(made)}`);
    return asTensor(`${this.where} gives`, made);
  }

  /** @param args all tensors, or all arrays */
  readonly call = (...args: unknown[]): Tensor | NDArray =>
    args.some((a) => a instanceof Tensor) ? this.trace(...(args as Tensor[])) : this.#compiled(...(args as never[]));
}
