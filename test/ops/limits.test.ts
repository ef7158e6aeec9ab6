// What parts of one's own cannot do says so.
import { expect, it } from 'vitest';
import { layers, losses, metrics, ops, sequential, type Tensor } from '../../lib/index.js';

const coded = (code: string) => expect.objectContaining({ code });

it('losses and metrics of the engine are computed in evaluate and fit', () => {
  expect(() => losses.huber().call([[1]], [[2]])).toThrow(coded('ERR_UNSUPPORTED'));
  expect(() => metrics.auc().updateState([[1]], [[2]])).toThrow(coded('ERR_UNSUPPORTED'));
  expect(() => metrics.auc().result()).toThrow(coded('ERR_UNSUPPORTED'));
});

it('shapes that do not go together are told with the op', () => {
  const add = ops.compile((a: Tensor, b: Tensor) => ops.add(a, b));
  expect(() => add([1, 2], [1, 2, 3])).toThrow(
    expect.objectContaining({ code: 'ERR_SHAPE', message: expect.stringContaining('ops.add') }),
  );
  expect(() => ops.compile((a: Tensor) => ops.reshape(a, [4]))([1, 2, 3])).toThrow(coded('ERR_SHAPE'));
  expect(() => ops.compile((a: Tensor) => ops.sum(a, { axis: 3 }))([1, 2, 3])).toThrow(coded('ERR_OUT_OF_RANGE'));
  expect(() => ops.add('a' as never, 1)).toThrow(coded('ERR_TYPE'));
});

it('a constant of one number has the shape that it was given', () => {
  expect(
    ops
      .compile((a: Tensor) => ops.add(ops.zeros([2, 3]), a))([1, 2, 3])
      .toArray(),
  ).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
  expect(
    ops
      .compile((a: Tensor) => ops.multiply(ops.full([2, 1], 3), a))([1, 2])
      .toArray(),
  ).toEqual([
    [3, 6],
    [3, 6],
  ]);
});

it('an index outside of its axis ends the run, and the function works as before', () => {
  const pick = ops.compile((a: Tensor, i: Tensor) => ops.take(a, i, 0));
  expect(() => pick([1, 2, 3], [5])).toThrow(coded('ERR_INDEX'));
  expect(pick([1, 2, 3], [2]).toArray()).toEqual([3]);
});

it('a loss with several numbers for the whole batch is refused, and the model can be compiled anew', async () => {
  const model = sequential([layers.dense({ units: 2, inputShape: [3] })]);
  const x = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const y = [
    [1, 0],
    [0, 1],
  ];
  model.compile({ optimizer: 'sgd', loss: (t: Tensor, p: Tensor) => ops.mean(ops.square(ops.subtract(t, p)), 0) });
  await expect(model.fit(x, y, { verbose: 0 })).rejects.toThrow(coded('ERR_SHAPE'));
  model.compile({ optimizer: 'sgd', loss: (t: Tensor, p: Tensor) => ops.mean(ops.square(ops.subtract(t, p))) });
  expect((await model.fit(x, y, { verbose: 0 })).history.loss).toHaveLength(1);
});

it('labels that are missing need a loss of the engine', async () => {
  const model = sequential([layers.dense({ units: 1, inputShape: [2] })]);
  const compile = () =>
    model.compile({ optimizer: 'sgd', loss: (t: Tensor, p: Tensor) => ops.square(ops.subtract(t, p)), missingTargets: 'ignore' });
  expect(compile).toThrow(coded('ERR_UNSUPPORTED'));
});
