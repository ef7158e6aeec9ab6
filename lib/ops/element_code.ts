import type { SpecValue } from '../engine/spec.js';
import { ValueError } from '../errors.js';
import { asTensor, numberOf } from './as_tensor.js';
import { instructionOf, isInstruction } from './clusters.js';
import { add, multiply } from './element.js';
import { inOrder } from './lowering.js';
import { Tensor } from './tensor.js';

/** Elements of a whole weight, one by one: each input is as long as the others, or a single number. */
export interface ElementCode {
  code: SpecValue[];
  /** The registers of the outputs. */
  outputs: number[];
}

/** An argument of elementwise code: the elements of a weight, or a single number. */
export const elements = (index: number): Tensor => new Tensor([null], false, 'float32', { kind: 'input', index });
export const single = (index: number): Tensor => new Tensor([], false, 'float32', { kind: 'input', index });

/** Traced tensors as code of the engine. ValueError where an op is none of single elements. @param inputs how many arguments there are */
export function elementCode(where: string, outputs: readonly Tensor[], inputs: number): ElementCode {
  const registers = new Map<Tensor, number>();
  const code: SpecValue[] = [];
  for (const t of inOrder(outputs)) {
    const { node } = t;
    if (node.kind === 'input') registers.set(t, node.index);
    else if (isInstruction(t)) {
      registers.set(t, inputs + code.length);
      code.push(instructionOf(t, registers));
    } else
      throw new ValueError(
        `${where} may use ops that work element by element, such as ops.add, ops.sqrt or ops.where. Received: ${node.kind === 'op' ? node.spec.op : `a ${node.kind}`}`,
        'ERR_UNSUPPORTED',
      );
  }
  // The last register is what single outputs are read from.
  const last = outputs.length === 1 && registers.get(outputs[0]) !== inputs + code.length - 1;
  if (last) {
    code.push({ do: 'copy', of: [registers.get(outputs[0]) as number] });
    return { code, outputs: [inputs + code.length - 1] };
  }
  return { code, outputs: outputs.map((t) => registers.get(t) as number) };
}

/** What a penalty adds up over the elements: of `ops.sum(f(w))`, or that times a number, f. */
export function summed(where: string, made: unknown): Tensor {
  const t = asTensor(`${where} gives`, made);
  const { node } = t;
  if (node.kind === 'op' && node.spec.op === 'reduce' && node.spec.kind === 'sum' && t.rank === 0) return node.of[0];
  if (node.kind === 'element' && node.name === 'multiply') {
    const [a, b] = node.of;
    if (numberOf(a) !== null) return multiply(a, summed(where, b));
    if (numberOf(b) !== null) return multiply(summed(where, a), b);
  }
  if (node.kind === 'element' && node.name === 'add') {
    const [a, b] = node.of.map((x) => summed(where, x));
    return add(a, b);
  }
  throw new ValueError(
    `${where} must give a sum over the weight's elements, such as ops.multiply(0.01, ops.sum(ops.abs(w))). Received: ${t}`,
    'ERR_UNSUPPORTED',
  );
}
