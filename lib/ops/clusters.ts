import type { SpecValue } from '../engine/spec.js';
import { numberOf } from './as_tensor.js';
import { inputsOf, type Tensor } from './tensor.js';

/** Ops that work element by element and are computed as one: `steps` in their order, the last one is the output; `inputs` is what they read. */
export interface Cluster {
  readonly output: Tensor;
  readonly steps: readonly Tensor[];
  readonly inputs: readonly Tensor[];
}

/** Whether elementwise code computes a tensor: a single number, or an op of elements. */
export const isInstruction = (t: Tensor): boolean => numberOf(t) !== null || isElement(t);

/** A tensor as an instruction of elementwise code. @param registers of what it reads */
export function instructionOf(t: Tensor, registers: ReadonlyMap<Tensor, number>): { [key: string]: SpecValue } {
  const number = numberOf(t);
  if (number !== null) return { do: 'constant', value: number };
  const { node } = t;
  if (node.kind !== 'element') throw new Error('internal: no instruction of elementwise code');
  return { do: node.name, of: node.of.map((x) => registers.get(x) as number), ...node.options };
}

/** Registers of one op; a longer chain becomes several. */
const MOST_STEPS = 200;

const isElement = (t: Tensor): boolean => t.node.kind === 'element';
const sameShape = (a: Tensor, b: Tensor): boolean =>
  a.rows === b.rows && a.rank === b.rank && a.shape.every((d, i) => d === b.shape[i] || (a.rows && i === 0));

/**
 * Which elementwise tensors are computed together. One joins the op that reads it where nobody else does and the shapes are the same; a
 * single number joins wherever it is read.
 * @param order each tensor behind those that it reads
 * @returns of the last tensor of each op the op, of those inside it 'inside'
 */
export function clustersOf(order: readonly Tensor[], outputs: readonly Tensor[]): Map<Tensor, Cluster | 'inside'> {
  const readers = new Map<Tensor, Set<Tensor>>();
  for (const t of order) for (const x of inputsOf(t)) readers.set(x, (readers.get(x) ?? new Set()).add(t));
  const rootOf = new Map<Tensor, Tensor>();
  const sizes = new Map<Tensor, number>();
  for (const t of [...order].reverse()) {
    if (!isElement(t)) continue;
    const roots = new Set([...(readers.get(t) ?? [])].map((r) => rootOf.get(r) ?? null));
    const [root] = roots;
    const joins =
      roots.size === 1 && root != null && !outputs.includes(t) && sameShape(t, root) && (sizes.get(root) ?? 0) < MOST_STEPS;
    rootOf.set(t, joins ? root : t);
    sizes.set(rootOf.get(t) as Tensor, (sizes.get(rootOf.get(t) as Tensor) ?? 0) + 1);
  }
  return collected(order, outputs, rootOf, readers);
}

function collected(
  order: readonly Tensor[],
  outputs: readonly Tensor[],
  rootOf: ReadonlyMap<Tensor, Tensor>,
  readers: ReadonlyMap<Tensor, ReadonlySet<Tensor>>,
): Map<Tensor, Cluster | 'inside'> {
  const parts = new Map<Tensor, { steps: Tensor[]; inputs: Set<Tensor> }>();
  const out = new Map<Tensor, Cluster | 'inside'>();
  for (const t of order) {
    const root = rootOf.get(t);
    if (!root) continue;
    const part = parts.get(root) ?? { steps: [], inputs: new Set<Tensor>() };
    parts.set(root, part);
    for (const x of inputsOf(t)) {
      if (rootOf.get(x) === root) continue;
      if (numberOf(x) === null) part.inputs.add(x);
      else if (!part.steps.includes(x)) part.steps.push(x);
    }
    part.steps.push(t);
    if (t !== root) {
      out.set(t, 'inside');
      continue;
    }
    // What has the whole shape comes first: the op may then write over it.
    const inputs = [...part.inputs].sort(
      (a, b) => Number(sameShape(b, root)) - Number(sameShape(a, root)) || Number(b.rows) - Number(a.rows),
    );
    out.set(root, { output: root, steps: part.steps, inputs });
  }
  // Numbers that only such ops read are none of the program's.
  for (const t of order)
    if (numberOf(t) !== null && !outputs.includes(t) && [...(readers.get(t) ?? [])].every((r) => rootOf.has(r)))
      out.set(t, 'inside');
  return out;
}
