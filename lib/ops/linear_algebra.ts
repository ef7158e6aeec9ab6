import { show, typeError, ValueError } from '../errors.js';
import { shapeText } from '../shapes.js';
import { asTensor, type TensorLike } from './as_tensor.js';
import { multiply } from './element.js';
import { sum } from './reduction.js';
import { axesOf, broadcastShapes } from './shapes.js';
import { expandDims, reshape, squeeze, transpose } from './shaping.js';
import { Tensor } from './tensor.js';

/**
 * Products of the matrices in the last two axes; those before go together by broadcasting. A vector is a row on the left, and a column on
 * the right.
 */
export function matmul(x1: TensorLike, x2: TensorLike): Tensor {
  const a = asTensor('ops.matmul', x1);
  const b = asTensor('ops.matmul', x2);
  const vector = (t: Tensor) => t.rank - (t.rows ? 1 : 0) === 1;
  if (a.rank === 0 || b.rank === 0) throw new ValueError('ops.matmul takes no single numbers; use ops.multiply.', 'ERR_SHAPE');
  if (!a.rows && !b.rows && vector(a) && vector(b)) return sum(multiply(a, b));
  if (!a.rows && vector(a)) return squeeze(matmul(expandDims(a, 0), b), -2);
  if (vector(b)) {
    if (b.rows)
      throw new ValueError(
        `ops.matmul: ${shapeText(b.shape)} has one axis besides the batch; make it matrices by ops.expandDims.`,
        'ERR_SHAPE',
      );
    return squeeze(matmul(a, expandDims(b, 1)), -1);
  }
  // Samples of one axis: the batch is the rows of one matrix.
  if (a.rows && vector(a) && b.rows)
    throw new ValueError(
      `ops.matmul: ${shapeText(a.shape)} has one axis besides the batch; make it matrices by ops.expandDims.`,
      'ERR_SHAPE',
    );
  if (a.rows && vector(a) && b.rank !== 2)
    throw new ValueError(`ops.matmul: ${shapeText(a.shape)} and ${shapeText(b.shape)} do not go together.`, 'ERR_SHAPE');
  const [k, other] = [a.shape.at(-1), b.shape.at(-2)];
  if (k !== null && other !== null && k !== other)
    throw new ValueError(
      `ops.matmul: shapes ${shapeText(a.shape)} and ${shapeText(b.shape)} do not go together: ${k} is not ${other}.`,
      'ERR_SHAPE',
    );
  const rows = a.rows || b.rows;
  if (a.rows && vector(a)) return contracted(a, b, rows, [a.shape[0], b.shape.at(-1) ?? null]);
  const outer = broadcastShapes(
    'ops.matmul',
    [padded(a, b), padded(b, a)].map((s) => s.slice(0, -2)),
  );
  return contracted(a, b, rows, [...outer, a.shape.at(-2) ?? null, b.shape.at(-1) ?? null]);
}

/** A shape with as many axes as another's has, sizes of 1 put before. */
const padded = (t: Tensor, other: Tensor): (number | null)[] => {
  const missing = Math.max(0, other.rank - t.rank);
  return [...Array<number>(missing).fill(1), ...t.shape];
};

const contracted = (a: Tensor, b: Tensor, rows: boolean, shape: (number | null)[]): Tensor =>
  new Tensor(shape, rows, 'float32', { kind: 'op', spec: { op: 'matmul' }, of: [a, b] });

/** The product over the last axis of x1 and the last but one (of a vector: the only) axis of x2. */
export function dot(x1: TensorLike, x2: TensorLike): Tensor {
  const a = asTensor('ops.dot', x1);
  const b = asTensor('ops.dot', x2);
  if (a.rank === 0 || b.rank === 0) return multiply(a, b);
  return tensordot(a, b, [[-1], [b.rank === 1 ? 0 : -2]]);
}

/** The outer product of two vectors. */
export const outer = (x1: TensorLike, x2: TensorLike): Tensor =>
  multiply(expandDims(reshape(x1, [-1]), 1), expandDims(reshape(x2, [-1]), 0));

/** Sums of products over axes of both: the last `axes` of x1 with the first of x2, or the lists that are given. */
export function tensordot(
  x1: TensorLike,
  x2: TensorLike,
  axes: number | readonly [readonly number[], readonly number[]] = 2,
): Tensor {
  const a = asTensor('ops.tensordot', x1);
  const b = asTensor('ops.tensordot', x2);
  const [own, its] =
    typeof axes === 'number'
      ? [a.shape.map((_, i) => i).slice(a.rank - axes), b.shape.map((_, i) => i).slice(0, axes)]
      : [axesOf('ops.tensordot', axes[0], a.rank), axesOf('ops.tensordot', axes[1], b.rank)];
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const left = letters.slice(0, a.rank).split('');
  const right = letters.slice(a.rank, a.rank + b.rank).split('');
  for (const [n, axis] of its.entries()) right[axis] = left[own[n]];
  const kept = [...left.filter((_, i) => !own.includes(i)), ...right.filter((_, i) => !its.includes(i))];
  return einsum(`${left.join('')},${right.join('')}->${kept.join('')}`, a, b);
}

interface Term {
  letters: string[];
  tensor: Tensor;
}

/** Sums of products, as `'bij,bjk->bik'` says it: letters that the result does not have are summed over. Of one operand or two; `...` stands for axes before. */
export function einsum(equation: string, ...operands: TensorLike[]): Tensor {
  const tensors = operands.map((x) => asTensor('ops.einsum', x));
  const [terms, result] = parse(equation, tensors);
  const summed = terms.map((term, i) =>
    sumAlone(term, new Set([...result, ...terms.flatMap((t, j) => (j === i ? [] : t.letters))])),
  );
  if (summed.length === 1) return permuted(summed[0], result);
  return contract(summed[0], summed[1], result);
}

function parse(equation: string, tensors: Tensor[]): [Term[], string[]] {
  if (typeof equation !== 'string')
    throw typeError(`ops.einsum: the first argument is an equation such as 'ij,jk->ik'. Received: ${show(equation)}`);
  const wrong = (why: string) => new ValueError(`ops.einsum: '${equation}' ${why}.`, 'ERR_OUT_OF_RANGE');
  const [inputs, output] = equation.replaceAll(' ', '').split('->');
  const parts = inputs.split(',');
  if (parts.length !== tensors.length) throw wrong(`has ${parts.length} operands, and ${tensors.length} came`);
  if (parts.length > 2) throw wrong('has more than two operands; take two at a time');
  const spare = 'ZYXWVUTSRQPONML'.split('').filter((l) => !equation.includes(l));
  const most = Math.max(0, ...parts.map((p, i) => (p.includes('...') ? tensors[i].rank - (p.length - 3) : 0)));
  const dots = (count: number) => spare.slice(most - count, most).join('');
  const terms = parts.map((part, i) => {
    const letters = part.replace('...', dots(tensors[i].rank - (part.length - 3))).split('');
    if (letters.length !== tensors[i].rank) throw wrong(`names ${letters.length} axes of ${shapeText(tensors[i].shape)}`);
    if (new Set(letters).size < letters.length) throw wrong('names an axis of one operand twice; take the diagonal first');
    return { letters, tensor: tensors[i] };
  });
  const all = terms.flatMap((t) => t.letters);
  const implied = [
    ...dots(most),
    ...[...new Set(all)].filter((l) => all.indexOf(l) === all.lastIndexOf(l) && !dots(most).includes(l)).sort(),
  ];
  const result = output === undefined ? implied : output.replace('...', dots(most)).split('').filter(Boolean);
  if (result.some((l) => !all.includes(l))) throw wrong('has a letter in its result that no operand has');
  return [terms, result];
}

/** What only one operand has, and the result has not, is summed over at once. */
function sumAlone({ letters, tensor }: Term, wanted: ReadonlySet<string>): Term {
  const axes = letters.flatMap((l, i) => (wanted.has(l) ? [] : [i]));
  return axes.length
    ? { letters: letters.filter((l) => wanted.has(l)), tensor: sum(tensor, { axis: axes }) }
    : { letters, tensor };
}

function permuted({ letters, tensor }: Term, order: readonly string[]): Tensor {
  return transpose(
    tensor,
    order.map((l) => letters.indexOf(l)),
  );
}

/** Two operands as one product of matrices: [shared, own, summed] x [shared, summed, own]. */
function contract(a: Term, b: Term, result: readonly string[]): Tensor {
  const shared = result.filter((l) => a.letters.includes(l) && b.letters.includes(l));
  const summed = a.letters.filter((l) => b.letters.includes(l) && !result.includes(l));
  const [left, right] = [a, b].map(({ letters }) => letters.filter((l) => !shared.includes(l) && !summed.includes(l)));
  // The batch comes first, where there is one.
  const batch = [a, b].find((t) => t.tensor.rows)?.letters[0];
  if (batch !== undefined && summed.includes(batch))
    throw new ValueError('ops.einsum: the sum goes over the batch, whose samples are independent.', 'ERR_SHAPE');
  if (batch !== undefined && result[0] !== batch)
    throw new ValueError('ops.einsum: the batch must be the first axis of the result.', 'ERR_SHAPE');
  if (summed.length === 0) return outerOf(a, b, result);
  const size = (letters: readonly string[], t: Term) => letters.map((l) => t.tensor.shape[t.letters.indexOf(l)]);
  const x = grouped(
    permuted(a, [...shared, ...left, ...summed]),
    shared.length,
    left.length,
    summed.length,
    a.tensor.rows && shared[0] !== batch,
  );
  const y = grouped(
    permuted(b, [...shared, ...summed, ...right]),
    shared.length,
    summed.length,
    right.length,
    b.tensor.rows && shared[0] !== batch,
  );
  const made = matmul(x, y);
  const letters = [...shared, ...left, ...right];
  const shape = [...size(shared, a), ...size(left, a), ...size(right, b)];
  const whole = reshape(
    made,
    shape.map((d, i) => (made.rows && i === 0 ? null : d)),
  );
  return permuted({ letters, tensor: whole }, result);
}

/** Axes as [shared..., rows, columns]: groups become one axis each. A batch among the rows stays an axis of its own, and comes first. */
function grouped(t: Tensor, shared: number, rows: number, columns: number, batchInRows: boolean): Tensor {
  const dims = t.shape;
  const one = (from: number, count: number) =>
    dims.slice(from, from + count).reduce<number | null>((n, d) => (n === null || d === null ? null : n * d), 1);
  if (batchInRows) {
    const inner = one(1, rows - 1);
    return reshape(t, [null, ...(rows > 1 ? [inner ?? -1] : []), one(rows, columns) ?? -1]);
  }
  const outer = dims.slice(0, shared).map((d, i) => (t.rows && i === 0 ? null : (d ?? -1)));
  return reshape(t, [...outer, one(shared, rows) ?? -1, one(shared + rows, columns) ?? -1]);
}

/** Nothing is summed: a product element by element. */
function outerOf(a: Term, b: Term, result: readonly string[]): Tensor {
  const spread = (t: Term) => {
    const own = permuted(
      t,
      result.filter((l) => t.letters.includes(l)),
    );
    const missing = result.flatMap((l, i) => (t.letters.includes(l) ? [] : [i]));
    const free = !own.rows && missing[0] === 0 ? missing.slice(1).map((i) => i - 1) : missing;
    const dropsBatch = !own.rows && missing[0] === 0;
    return (dropsBatch ? free : missing).length ? expandDims(own, dropsBatch ? free : missing) : own;
  };
  return multiply(spread(a), spread(b));
}
