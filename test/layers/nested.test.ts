import { describe, expect, it } from 'vitest';
import { layers, modelFromJSON, Sequential, sequential } from '../../lib/index.js';
import { Nested } from '../../lib/layers/nested.js';

const encoder = () =>
  new Sequential({ name: 'encoder', layers: [layers.dense({ units: 3, activation: 'tanh' }), layers.batchNormalization()] });

describe('a model as a layer of another', () => {
  it('has the layers, weights and names of the inner model', async () => {
    const inner = encoder();
    const outer = sequential([inner, layers.dense({ units: 1 })]);
    outer.build([null, 4]);
    expect(outer.layers[0]).toBeInstanceOf(Nested);
    expect((outer.getLayer('encoder') as Nested).model).toBe(inner);
    expect(inner.built).toBe(true);
    expect(outer.weights.map((w) => w.shape.join())).toEqual(['4,3', '3', '3', '3', '3', '3', '3,1', '1']);
    expect(outer.weights.slice(0, 6)).toEqual(inner.weights);
    const before = inner.getWeights()[0].toArray();
    outer.compile({ optimizer: 'sgd', loss: 'mse' });
    await outer.fit(
      Float32Array.from({ length: 40 }, (_, i) => Math.sin(i * i)),
      new Float32Array(10).fill(2),
      { batchSize: 5, verbose: 0 },
    );
    expect(inner.getWeights()[0].toArray()).not.toEqual(before);
    expect((await inner.predict([[1, 2, 3, 4]])).shape).toEqual([1, 3]);
  });

  it('takes its shape from the inner model and hands trainable down', () => {
    const inner = sequential([layers.dense({ units: 2, inputShape: [5] })]);
    const outer = sequential([inner]);
    expect([outer.inputShape, outer.outputShape]).toEqual([
      [null, 5],
      [null, 2],
    ]);
    outer.layers[0].trainable = false;
    expect([inner.layers[0].trainable, outer.trainableWeights.length]).toEqual([false, 0]);
  });

  it('goes into JSON and back, at any depth, and inside a wrapper', () => {
    const outer = sequential([
      layers.timeDistributed({
        layer: new Sequential({ layers: [sequential([layers.dense({ units: 2 })])] }) as never,
        inputShape: [3, 4],
      }),
    ]);
    const json = outer.toJSON();
    const again = modelFromJSON(JSON.stringify(json));
    expect(again.toJSON()).toEqual(json);
    expect(again.outputShape).toEqual([null, 3, 2]);
    again.setWeights(outer.getWeights());
    const x = [Array.from({ length: 3 }, (_, i) => [i, 1, 2, 3])];
    expect(again.predictSync(x).toArray()).toEqual(outer.predictSync(x).toArray());
  });

  it('checks ids against an embedding inside, and says which shape does not fit', async () => {
    const words = sequential([layers.embedding({ inputDim: 5, outputDim: 2 }), layers.flatten()]);
    const outer = sequential([words]);
    outer.build([null, 3]);
    await expect(outer.predict([[0, 1, 7]])).rejects.toThrow(/the id of sample 0.* is 7/);
    const inner = sequential([layers.dense({ units: 2, inputShape: [5] })]);
    expect(() => sequential([layers.dense({ units: 4, inputShape: [3] }), inner])).toThrow(/takes samples of shape \[5\]/);
  });

  it('refuses a model inside itself, one without layers, and one that has changed since', () => {
    const a = sequential([layers.dense({ units: 2, inputShape: [2] })]);
    const b = sequential([a]);
    expect(() => a.add(a)).toThrow(/layer of itself/);
    expect(() => a.add(b)).toThrow(/layer of itself/);
    expect(() => sequential([new Sequential()])).toThrow(/no layers/);
    a.add(layers.dense({ units: 3 }));
    expect(() => b.predictSync([[1, 2]])).toThrow(/other layers now/);
  });
});

it('an argument that is not there is refused, not ignored', () => {
  const list = [layers.dense({ units: 1 })];
  const told = expect.objectContaining({ name: 'TypeError', message: expect.stringContaining('{ name, layers, trainable }') });
  const [make, Class] = [sequential, Sequential] as unknown as [
    (...given: unknown[]) => unknown,
    new (...given: unknown[]) => unknown,
  ];
  expect(() => make(list, { name: 'body' })).toThrow(told);
  expect(() => new Class(list, { name: 'body' })).toThrow(told);
  expect(sequential({ layers: list, name: 'body' }).name).toBe('body');
});
