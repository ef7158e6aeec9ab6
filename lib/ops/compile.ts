import type { TypedArray } from '../data/elements.js';
import type { NestedArray } from '../data/inputs.js';
import { array, NDArray } from '../data/ndarray.js';
import type { ProgramOp } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import { sizeOf } from '../shapes.js';
import { asTensor, type TensorLike } from './as_tensor.js';
import { joined, type Runner, runnerOf, smallProgram } from './run.js';
import { Tensor } from './tensor.js';

/** Arrays that compiled ops take. */
type Given = number | NestedArray | TypedArray | { data: TypedArray; shape: readonly number[] };

/** What compiled ops give: an array for each tensor of the function's result. */
export type Compiled<R> = R extends readonly unknown[] ? { -readonly [K in keyof R]: NDArray } : NDArray;

const floats = (data: TypedArray): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>, Number);

/** A function whose steps are traced for these shapes. */
interface Traced {
  run: Runner['run'];
  shapes: (readonly number[])[];
  list: boolean;
}

function trace(fn: (...args: Tensor[]) => unknown, shapes: readonly (readonly number[])[]): Traced {
  const args = shapes.map((shape, index) => new Tensor(shape, false, 'float32', { kind: 'input', index }));
  const result = fn(...args);
  const list = Array.isArray(result);
  const outputs = (list ? (result as unknown[]) : [result]).map((t) => asTensor('ops.compile: the function gives', t));
  const program = smallProgram();
  let from = 0;
  const inputs = shapes.map((shape) => {
    const size = sizeOf(shape);
    const flat = program.add({ op: 'slice', axis: 1, begin: from, size }, [0]);
    from += size;
    return program.add({ op: 'reshape', shape: [...shape] }, [flat]);
  });
  const value = prune(program.ops, joined(outputs, inputs, program));
  const { run } = runnerOf(program, value, [Math.max(1, from)]);
  return { run, shapes: outputs.map((t) => t.shape as readonly number[]), list };
}

/** Takes out ops whose value nobody reads, such as of an argument that is not used. What the result is called then. */
function prune(ops: ProgramOp[], result: number): number {
  const read = new Set([result]);
  for (const op of [...ops].reverse()) if (read.has(op.output)) for (const id of op.inputs) read.add(id);
  const kept = ops.filter((op) => read.has(op.output));
  const names = new Map([[0, 0], ...kept.map((op, i): [number, number] => [op.output, i + 1])]);
  const named = (id: number): number => names.get(id) as number;
  ops.splice(0, ops.length, ...kept.map((op) => ({ ...op, inputs: op.inputs.map(named), output: named(op.output) })));
  return named(result);
}

/**
 * A function of tensors as a function of arrays, which the engine computes at once on the calling thread: for debugging, tests, and what
 * stands outside of a model. It is traced once for each list of shapes. Weights that it reads have the values of the moment.
 * @param fn gives a tensor, or a list of them
 * @example
 * const affine = ops.compile((x: Tensor, w: Tensor, b: Tensor) => ops.add(ops.matmul(x, w), b));
 * affine([[1, 2]], [[1, 0], [0, 1]], [10, 20]).toArray(); // [[11, 22]]
 */
export function compile<A extends Tensor[], R extends TensorLike | readonly TensorLike[]>(
  fn: (...args: A) => R,
): (...args: { [K in keyof A]: Given }) => Compiled<R> {
  if (typeof fn !== 'function') throw typeError(`ops.compile takes a function of tensors. Received: ${show(fn)}`);
  return compileTensors(fn as unknown as (...args: Tensor[]) => unknown) as (...args: { [K in keyof A]: Given }) => Compiled<R>;
}

/** As `compile`, without its types. */
export function compileTensors(fn: (...args: Tensor[]) => unknown): (...args: unknown[]) => NDArray | NDArray[] {
  const traces = new Map<string, Traced>();
  return (...args) => {
    const given = args.map((a) => (typeof a === 'number' ? new NDArray(new Float32Array([a]), []) : array(a as TypedArray)));
    for (const [i, { shape }] of given.entries())
      if (sizeOf(shape) === 0) throw new ValueError(`ops.compile: argument ${i + 1} is empty.`, 'ERR_EMPTY');
    const key = JSON.stringify(given.map(({ shape }) => shape));
    let traced = traces.get(key);
    if (!traced) {
      traced = trace(
        fn,
        given.map(({ shape }) => shape),
      );
      traces.set(key, traced);
    }
    const x = new Float32Array(
      Math.max(
        1,
        given.reduce((n, { data }) => n + data.length, 0),
      ),
    );
    let at = 0;
    for (const { data } of given) {
      x.set(floats(data), at);
      at += data.length;
    }
    const out = traced.run(x, 1);
    at = 0;
    const arrays = traced.shapes.map((shape) => {
      const size = sizeOf(shape);
      at += size;
      return new NDArray(out.slice(at - size, at), [...shape]);
    });
    return traced.list ? arrays : arrays[0];
  };
}
