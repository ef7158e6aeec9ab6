import { describe, expect, it } from 'vitest';
import { array, layers, modelFromJSON, type NDArray, sequential } from '../../lib/index.js';
import units from '../parity/units/normalization_adapt.json';
import { throwing } from './helpers.js';

const tensor = (t: { shape: number[]; data: number[] }) => array(Float32Array.from(t.data), t.shape);
const x = tensor(units.x);
const close = (got: NDArray, want: { shape: number[]; data: number[] }) => {
  expect(got.shape).toEqual(want.shape);
  want.data.forEach((v, i) => {
    expect(Math.abs(got.data[i] - v) / Math.max(1, Math.abs(v))).toBeLessThan(5e-6);
  });
};
const values = (layer: { getWeights(): NDArray[] }) => layer.getWeights().map((w) => Array.from(w.data));

describe('as Keras does', () => {
  it.each(units.adapted.map((c) => [`${c.name}, axis ${JSON.stringify(c.axis)}, invert ${c.invert}`, c] as const))(
    'adapts to %s',
    async (_, c) => {
      const batches = c.batches.map(tensor);
      const sources: Record<string, unknown> = {
        generator: (function* () {
          yield* batches;
        })(),
        function: () => batches.map((b) => [b, array(new Float32Array(b.shape[0]))]),
        list: batches,
        async: (async function* () {
          for (const b of batches) yield { xs: b };
        })(),
        ...(batches.length === 1 ? { array: batches[0], nested: batches[0].toArray() } : {}),
      };
      for (const source of Object.values(sources)) {
        const layer = layers.normalization({ axis: c.axis, invert: c.invert });
        await layer.adapt(source as never);
        expect(layer.weights.map((w) => w.name)).toEqual(c.weights.map((w) => w.name));
        for (const [i, w] of layer.getWeights().entries()) close(w, c.weights[i]);
        close(await sequential([layer]).predict(x, { verbose: 0 }), c.y);
      }
    },
  );

  it.each(units.given.map((c) => [`axis ${JSON.stringify(c.axis)}, mean ${JSON.stringify(c.mean)}`, c] as const))(
    'takes mean and variance: %s',
    async (_, c) => {
      const { axis, mean, variance } = c;
      close(await sequential([layers.normalization({ axis, mean, variance })]).predict(x, { verbose: 0 }), c.y);
      const model = modelFromJSON(c.model);
      close(await model.predict(x, { verbose: 0 }), c.y);
      expect(modelFromJSON(model.toJSON()).toJSON()).toEqual(model.toJSON());
    },
  );
});

describe('adapt', () => {
  it('starts anew at each call, and a model that was built sees it', async () => {
    const layer = layers.normalization({ inputShape: [1] });
    const model = sequential([layer]);
    layer.adapt([[1], [3]]);
    expect(values(layer)).toEqual([[2], [1], [0]]);
    expect((await model.predict([[4]], { verbose: 0 })).toArray()).toEqual([[2]]);
    layer.adapt([array([[0]]), array([[4], [8]])]);
    expect((await model.predict([[4]], { verbose: 0 })).toArray()).toEqual([[0]]);
    // Weights as Keras saves them, with the count as an integer.
    layer.setWeights([[10], [4], array(Int32Array.of(0), [])]);
    expect((await model.predict([[4]], { verbose: 0 })).toArray()).toEqual([[-3]]);
  });

  it('is done at once, but for async sources', async () => {
    const layer = layers.normalization();
    expect(layer.adapt(new Set([array([[1]]), array([[3]])]))).toBeUndefined();
    expect(values(layer)[0]).toEqual([2]);
    const later = layer.adapt(async function* () {
      yield [[5], [7]];
    });
    expect(later).toBeInstanceOf(Promise);
    expect(values(layer)[0]).toEqual([2]);
    await later;
    expect(values(layer)[0]).toEqual([6]);
  });

  it('says which batch does not fit and leaves the weights alone; the source is closed', async () => {
    const layer = layers.normalization({ name: 'n' });
    layer.adapt([[1, 2]]);
    let closed = 0;
    const source = function* () {
      try {
        yield [[9, 9]];
        yield [[1, 2, 3]];
      } finally {
        closed++;
      }
    };
    expect(() => layer.adapt(source)).toThrow(throwing('ERR_SHAPE', /adapt of layer 'n': batch 1/));
    await expect(
      layer.adapt(
        (async function* () {
          yield* source();
        })(),
      ),
    ).rejects.toEqual(throwing('ERR_SHAPE', /adapt of layer 'n': batch 1/));
    expect(closed).toBe(2);
    const fails = function* () {
      yield [[9, 9]];
      throw new Error('no disk');
    };
    const cause = expect.objectContaining({ message: 'no disk' });
    expect(() => layer.adapt(fails)).toThrow(expect.objectContaining({ name: 'RuntimeError', code: 'ERR_DATASET', cause }));
    expect(() => layer.adapt({ next: () => null } as never)).toThrow(throwing('ERR_DATASET', /\{ value, done \}/));
    expect(() => layer.adapt([])).toThrow(throwing('ERR_EMPTY', /empty/));
    expect(() => layer.adapt(function* () {})).toThrow(throwing('ERR_EMPTY', /no batches/));
    await expect(layer.adapt((async function* () {})())).rejects.toEqual(throwing('ERR_EMPTY', /no batches/));
    expect(values(layer).slice(0, 2)).toEqual([
      [1, 2],
      [0, 0],
    ]);
  });
});
