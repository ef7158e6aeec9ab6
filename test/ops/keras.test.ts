// Every op beside Keras's own: what keras.ops gave for the same arrays (make_cases.py).
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NDArray, ops, type Tensor } from '../../lib/index.js';

interface Packed {
  shape: number[];
  data: number[];
}
interface Case {
  name: string;
  inputs: Packed[];
  output: Packed;
}
const { cases } = JSON.parse(readFileSync(new URL('./cases.json', import.meta.url), 'utf8')) as { cases: Case[] };

type Fn = (...tensors: Tensor[]) => Tensor;
const named = ops as unknown as Record<string, Fn>;

/** Ops that take more than tensors. The others go by their name. */
const calls: Record<string, Fn> = {
  where: (c, x, y) => ops.where(ops.greater(c, 0), x, y),
  clip: (x) => ops.clip(x, -0.5, 0.7),
  sum: (x) => ops.sum(x, 1),
  'sum of two axes': (x) => ops.sum(x, { axis: [0, 2], keepdims: true }),
  'mean of all': (x) => ops.mean(x),
  max: (x) => ops.max(x, { axis: -1, keepdims: true }),
  min: (x) => ops.min(x, { axis: 0 }),
  prod: (x) => ops.prod(x, 1),
  var: (x) => ops.var(x, [1, 2]),
  std: (x) => ops.std(x, 2),
  logsumexp: (x) => ops.logsumexp(x, 1),
  norm: (x) => ops.norm(x, { axis: -1 }),
  'norm of all': (x) => ops.norm(x),
  all: (x) => ops.all(ops.greater(x, -1.8), 1),
  any: (x) => ops.any(ops.greater(x, 1.5), 1),
  argmax: (x) => ops.argmax(x, 1),
  argmin: (x) => ops.argmin(x, -1, true),
  cumsum: (x) => ops.cumsum(x, 1),
  cumprod: (x) => ops.cumprod(x, 2),
  sort: (x) => ops.sort(x, 1),
  argsort: (x) => ops.argsort(x, -1),
  'topK values': (x) => ops.topK(x, 3).values,
  'topK indices': (x) => ops.topK(x, 3).indices,
  reshape: (x) => ops.reshape(x, [5, -1]),
  transpose: (x) => ops.transpose(x, [2, 0, 1]),
  'transpose of all': (x) => ops.transpose(x),
  swapaxes: (x) => ops.swapaxes(x, 0, -1),
  moveaxis: (x) => ops.moveaxis(x, 0, 1),
  expandDims: (x) => ops.expandDims(x, 1),
  concatenate: (x, y) => ops.concatenate([x, y], 1),
  stack: (x, y) => ops.stack([x, y], 1),
  split: (x) => ops.split(x, [1, 3], 1)[1],
  unstack: (x) => ops.unstack(x, 1)[2],
  slice: (x) => ops.slice(x, [1, 0, 2], [2, 3, 2]),
  pad: (x) =>
    ops.pad(
      x,
      [
        [1, 2],
        [0, 1],
      ],
      'constant',
      3,
    ),
  'pad reflect': (x) =>
    ops.pad(
      x,
      [
        [0, 0],
        [2, 1],
        [0, 0],
      ],
      'reflect',
    ),
  flip: (x) => ops.flip(x, 1),
  roll: (x) => ops.roll(x, 2, 1),
  tile: (x) => ops.tile(x, [2, 3]),
  repeat: (x) => ops.repeat(x, 2, 1),
  tril: (x) => ops.tril(x, -1),
  triu: (x) => ops.triu(x, 1),
  diagonal: (x) => ops.diagonal(x, 1),
  broadcastTo: (x) => ops.broadcastTo(x, [2, 5, 3]),
  take: (x) =>
    ops.take(
      x,
      [
        [0, 2],
        [-1, 1],
      ],
      1,
    ),
  'take by tensor': (x, i) => ops.take(x, i, 2),
  takeAlongAxis: (x, i) => ops.takeAlongAxis(x, i, 1),
  oneHot: (x) => ops.oneHot(x, 3),
  'matmul of batches': (x, y) => ops.matmul(x, y),
  'matmul of vectors': (x, y) => ops.matmul(x, y),
  tensordot: (x, y) => ops.tensordot(x, y, 2),
  einsum: (x, y) => ops.einsum('bij,bkj->bik', x, y),
  'einsum of heads': (x, y) => ops.einsum('abc,cde->abde', x, y),
  'einsum of one': (x) => ops.einsum('abc->ca', x),
  'einsum outer': (x, y) => ops.einsum('ab,c->abc', x, y),
  normalize: (x) => ops.normalize(x, -1),
};

describe('ops', () => {
  it('there are cases', () => expect(cases.length).toBeGreaterThan(100));
  it.each(cases.map((c) => [c.name, c] as const))('%s', (name, { inputs, output }) => {
    const run = ops.compile((...tensors: Tensor[]) => (calls[name] ?? named[name])(...tensors));
    const made = run(...inputs.map(({ shape, data }) => new NDArray(Float32Array.from(data), shape))) as NDArray;
    expect([...made.shape]).toEqual(output.shape);
    output.data.forEach((v, i) => {
      expect(Math.abs(made.data[i] - v), `${name}[${i}]: ${made.data[i]} and ${v}`).toBeLessThanOrEqual(
        2e-5 * Math.max(1, Math.abs(v)),
      );
    });
  });
});
