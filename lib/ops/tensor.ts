import type { NativeVariable } from '../engine/addon.js';
import type { OpSpec, SpecValue } from '../engine/spec.js';
import { RuntimeError } from '../errors.js';

/** Sizes of axes; null where only data tell. */
export type TensorShape = readonly (number | null)[];

/** What a tensor's numbers stand for. All are computed in float32; whole numbers are exact up to 2^24. */
export type TensorDType = 'float32' | 'int32' | 'bool';

/** A weight, as ops take it. */
export interface WeightLike {
  readonly name: string;
  readonly shape: readonly number[];
  readonly variable: NativeVariable;
}

/** A layer, as a trace keeps it: who lowers the trace knows more of it. */
export interface LayerLike {
  readonly label: string;
}

/** How a tensor is made. */
export type Node =
  /** An argument of what is traced: x of a layer. */
  | { kind: 'input'; index: number }
  | { kind: 'weight'; weight: WeightLike }
  | { kind: 'label' }
  /** All of one number, or as many as the shape has. */
  | { kind: 'constant'; numbers: readonly number[] }
  /** Element by element, with NumPy's broadcasting: many of these become one op. */
  | { kind: 'element'; name: string; options?: { [key: string]: SpecValue }; of: readonly Tensor[] }
  | { kind: 'op'; spec: OpSpec; of: readonly Tensor[] }
  | { kind: 'layer'; layer: LayerLike; of: readonly [Tensor] };

/**
 * A value that is still to be computed: what `ops.*` take and give, and what a layer's or a loss's `call` gets. It has a shape and no
 * numbers; the engine computes it natively in every step.
 * @example
 * const square = ops.compile((x: Tensor) => ops.multiply(x, x));
 * square([1, 2, 3]).toArray(); // [1, 4, 9]
 */
export class Tensor {
  /** Sizes of its axes; null where only data tell, as of a batch. */
  readonly shape: TensorShape;
  readonly dtype: TensorDType;
  /** @internal Whether its first axis is that of the samples of a batch. Where not, there is one for the whole batch, such as a weight. */
  readonly rows: boolean;
  /** @internal */
  readonly node: Node;

  /** @internal */
  constructor(shape: TensorShape, rows: boolean, dtype: TensorDType, node: Node) {
    this.shape = shape;
    this.rows = rows;
    this.dtype = dtype;
    this.node = node;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  toString(): string {
    return `Tensor([${this.shape.map(String).join(', ')}], ${this.dtype})`;
  }

  /** A tensor has no number yet: what compares it or calculates with it in JavaScript means an op. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    throw unseen(`${this} was used as a number`, 'Calculate with ops.*, such as ops.add(a, b) for a + b');
  }

  [Symbol.iterator](): Iterator<Tensor> {
    throw unseen(`${this} was iterated over`, 'Take it apart with ops.unstack, ops.split or ops.slice');
  }
}

/** Of JavaScript that a trace cannot see, because it runs once and not with each batch. */
export function unseen(what: string, instead: string): RuntimeError {
  return new RuntimeError(
    `${what}, but it has no numbers yet: 'call' runs once to find out which ops to compute, and they run natively with each batch. ${instead}, and choose by values with ops.where.`,
    'ERR_TRACE',
  );
}

/** What a node reads. */
export const inputsOf = (tensor: Tensor): readonly Tensor[] => ('of' in tensor.node ? tensor.node.of : []);

/** The shape that native ops see: of one sample, or of all where there is no batch. */
export const nativeShape = (tensor: Tensor): TensorShape => (tensor.rows ? tensor.shape.slice(1) : tensor.shape);
