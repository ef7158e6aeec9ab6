import { show, typeError, ValueError } from '../errors.js';
import { asTensor, type TensorLike } from '../ops/as_tensor.js';
import { add as addTensors } from '../ops/element.js';
import { inOrder, lowerTrace, type TraceLowering } from '../ops/lowering.js';
import { sum } from '../ops/reduction.js';
import { inputsOf, type LayerLike, Tensor, unseen } from '../ops/tensor.js';
import { shapeText } from '../shapes.js';
import type { Shape } from './shape.js';

/** What a layer's `call` gets besides x. */
export interface CallContext {
  /** Whether it is traced for training, or else for evaluation and prediction. */
  readonly training: boolean;
  /** Which steps count, 1 or 0: `[batch, steps]`, for the first axis of x behind the batch. All are 1 where nothing masks them. */
  readonly mask: Tensor | null;
}

/** What a user's layer says of itself. */
export interface ComposedLayer extends LayerLike {
  readonly supportsMasking: boolean;
}

/** What a trace collects besides the output. */
interface Frame {
  readonly training: boolean;
  readonly losses: Tensor[];
}

let frame: Frame | null = null;

function inFrame<T>(training: boolean, run: () => T): { made: T; losses: Tensor[] } {
  const outer = frame;
  frame = { training, losses: [] };
  try {
    return { made: run(), losses: frame.losses };
  } finally {
    frame = outer;
  }
}

/** Whether what is being traced is for training. */
export const tracesTraining = (): boolean => frame?.training ?? false;

/** Adds a loss to the one of the model: the sum of a tensor, in every step in which the layer is used. */
export function addLossOf(label: string, loss: TensorLike): void {
  if (!frame) throw unseen(`${label}: addLoss was called outside of 'call'`, "Call it in the layer's 'call'");
  const t = asTensor(`${label}: addLoss`, loss);
  frame.losses.push(sum(t));
}

const maskOf = (x: Tensor): Tensor | null =>
  x.rows && x.rank > 1 ? new Tensor(x.shape.slice(0, 2), true, 'bool', { kind: 'op', spec: { op: 'maskOf' }, of: [x] }) : null;

const withMask = (y: Tensor, x: Tensor): Tensor =>
  new Tensor(y.shape, y.rows, y.dtype, { kind: 'op', spec: { op: 'withMask' }, of: [y, x] });

/** The trace of one mode. */
interface Trace {
  output: Tensor;
  /** A single number; null where the layer adds no loss. */
  loss: Tensor | null;
}

/** The code of a user's layer: `call`, which is run once a shape and mode to find out which ops to compute. */
export class Composition {
  readonly #traces = new Map<string, Trace>();

  constructor(
    readonly layer: ComposedLayer,
    private readonly code: (x: Tensor, context: CallContext) => unknown,
  ) {}

  /** Puts the layer over a tensor of the trace that is under way. */
  over(x: Tensor, given: Partial<CallContext> = {}): Tensor {
    const { label, supportsMasking } = this.layer;
    const context = { training: given.training ?? tracesTraining(), mask: given.mask ?? maskOf(x) };
    const y = this.code(x, context);
    if (y instanceof Promise) throw typeError(`${label}: 'call' must give a tensor at once, not a promise.`);
    if (!(y instanceof Tensor))
      throw typeError(`${label}: 'call' must return a tensor, such as ops.* give. Received: ${show(y)}`);
    return supportsMasking && y.rows && x.rows ? withMask(y, x) : y;
  }

  /** @param input of one sample */
  trace(input: Shape, training: boolean): Trace {
    const key = JSON.stringify([input, training]);
    let trace = this.#traces.get(key);
    if (!trace) {
      const x = new Tensor([null, ...input], true, 'float32', { kind: 'input', index: 0 });
      const { made, losses } = inFrame(training, () => this.over(x));
      if (!made.rows)
        throw new ValueError(
          `${this.layer.label}: 'call' gave a tensor of shape ${shapeText(made.shape)}, which is one for the whole batch. A layer gives an output for every sample.`,
          'ERR_SHAPE',
        );
      trace = { output: made, loss: losses.length ? losses.reduce((a, b) => addTensors(a, b)) : null };
      this.#traces.set(key, trace);
    }
    return trace;
  }

  /** The layer's weights are made anew. */
  forget(): void {
    this.#traces.clear();
  }

  outputShape(input: Shape): Shape {
    return this.trace(input, false).output.shape.slice(1);
  }

  /** @param addLoss takes the value of a loss. @param precision of products. The value of the output */
  lower(x: number, input: Shape, lowering: TraceLowering, addLoss: (value: number) => void, precision?: 'bfloat16'): number {
    const modes = [true, false].map((training) => this.trace(input, training));
    const listed = modes.map(({ output, loss }) => (loss ? [output, loss] : [output]));
    if (sameTrace(listed[0], listed[1])) {
      const [output, loss] = lowerTrace(listed[1], [x], lowering, precision);
      if (loss !== undefined) addLoss(loss);
      return output;
    }
    const [train, test] = listed.map((tensors) => lowerTrace(tensors, [x], lowering, precision));
    if (train.length > 1 || test.length > 1) {
      const none = (): number => lowering.add({ op: 'constant', shape: [], numbers: [0] }, []);
      addLoss(lowering.add({ op: 'byMode' }, [train[1] ?? none(), test[1] ?? none()]));
    }
    return lowering.add({ op: 'byMode' }, [train[0], test[0]]);
  }
}

/** Whether two traces compute the same. */
function sameTrace(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  if (a.length !== b.length) return false;
  const [first, second] = [inOrder(a), inOrder(b)];
  if (first.length !== second.length) return false;
  const places = [first, second].map((order) => new Map(order.map((t, i) => [t, i])));
  const like = (t: Tensor, u: Tensor): boolean => {
    const [m, n] = [t.node, u.node];
    if (m.kind === 'weight' || m.kind === 'layer')
      return (
        m.kind === n.kind &&
        (m.kind === 'weight' ? m.weight === (n as typeof m).weight : m.layer === (n as typeof m).layer) &&
        sameInputs(t, u)
      );
    const bare = ({ of: _of, ...rest }: { of?: unknown; kind: string }) => JSON.stringify(rest);
    return bare(m) === bare(n) && JSON.stringify(t.shape) === JSON.stringify(u.shape) && sameInputs(t, u);
  };
  const sameInputs = (t: Tensor, u: Tensor): boolean => {
    const [x, y] = [inputsOf(t), inputsOf(u)];
    return x.length === y.length && x.every((of, i) => places[0].get(of) === places[1].get(y[i]));
  };
  return first.every((t, i) => like(t, second[i])) && a.every((t, i) => places[0].get(t) === places[1].get(b[i]));
}
