import { array, NDArray, type TypedArray } from '../data/ndarray.js';
import { show, typeError } from '../errors.js';
import { asTensor } from '../ops/as_tensor.js';
import { compileTensors } from '../ops/compile.js';
import { zeros } from '../ops/creation.js';
import { add } from '../ops/element.js';
import { concatenate, reshape } from '../ops/shaping.js';
import type { Tensor } from '../ops/tensor.js';
import type { MetricVariable } from './state.js';

/** What a metric of the user's brings. */
export interface MetricCode {
  updateState(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): unknown;
  result(): unknown;
}

/** A metric's own `updateState` and `result`: sums over batches, computed natively, and what is made of them. */
export class OwnMetric {
  readonly variables: MetricVariable[] = [];
  #sums: Float64Array | null = null;

  constructor(
    private readonly where: string,
    private readonly code: MetricCode,
  ) {}

  /** What one batch adds to all variables, as one line of numbers. */
  increments(yTrue: Tensor, yPred: Tensor): Tensor {
    for (const variable of this.variables) variable.added.length = 0;
    const given = this.code.updateState(yTrue, yPred, null);
    if (given instanceof Promise) throw typeError(`${this.where}: 'updateState' must not be async.`);
    const parts = this.variables.map(({ added, shape }) => {
      const sum = added.length ? added.reduce((a, b) => add(a, b)) : zeros(shape as number[]);
      return reshape(sum, [-1]);
    });
    if (parts.length === 0)
      throw typeError(`${this.where}: 'updateState' adds to variables that 'addVariable' makes, and there are none.`);
    return concatenate(parts, 0);
  }

  /** What is made of the sums. */
  readonly resultOf = (sums: ArrayLike<number>): number[] => {
    let from = 0;
    const given = this.variables.map(({ shape, size }) => {
      const values = Float32Array.from({ length: size }, (_, i) => sums[from + i]);
      from += size;
      return new NDArray(values, shape as number[]);
    });
    return Array.from((this.#result(...given) as NDArray).data);
  };
  readonly #result = compileTensors(() => {
    const made = this.code.result();
    if (made === undefined || made === null)
      throw typeError(`${this.where}: 'result' must return a tensor. Received: ${show(made)}`);
    return asTensor(`${this.where}: 'result'`, made);
  });
  readonly #update = compileTensors((yTrue, yPred) => this.increments(yTrue, yPred));

  // By itself, on arrays.
  update(yTrue: unknown, yPred: unknown): void {
    const [t, p] = [yTrue, yPred].map((v) => array(v as TypedArray));
    const sums = this.#sums ?? new Float64Array(this.variables.reduce((n, v) => n + v.size, 0));
    for (const [i, v] of (this.#update(t, p) as NDArray).data.entries()) sums[i] += v;
    this.#sums = sums;
  }
  result(): number | number[] {
    const values = this.resultOf(this.#sums ?? new Float64Array(this.variables.reduce((n, v) => n + v.size, 0)));
    return values.length === 1 ? values[0] : values;
  }
  reset(): void {
    this.#sums = null;
  }
}
