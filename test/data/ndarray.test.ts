import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { array, checkWeightArray, NDArray } from '../../lib/data/ndarray.js';

const six = () => new NDArray(new Float32Array([1, 2, 3, 4, 5, 6]), [2, 3]);

describe('NDArray', () => {
  it('reads elements by index, from either end', () => {
    const a = six();
    expect([a.at(0, 0), a.at(1, 0), a.at(1, -1), a.at(-2, -3)]).toEqual([1, 4, 6, 1]);
    expect(new NDArray(BigInt64Array.of(7n), [1]).at(0)).toBe(7n);
    expect(array(5).at()).toBe(5);
  });

  it.each([[[2, 0]], [[0, 3]], [[-3, 0]], [[0, -4]], [[0.5, 0]], [[Number.NaN, 0]], [[0]], [[0, 0, 0]], [[]]])(
    'refuses the index %j',
    (index) => {
      expect(() => six().at(...index)).toThrow(
        expect.objectContaining({ name: 'ValueError', message: expect.stringContaining('[2, 3]') }),
      );
    },
  );

  it('counts', () => {
    expect([six().size, six().length, six().dtype]).toEqual([6, 2, 'float32']);
    expect([array(5).size, array(5).length]).toEqual([1, 1]);
    expect(array([[], []]).shape).toEqual([2, 0]);
    expect(array([[], []]).toArray()).toEqual([[], []]);
  });

  it('slices rows without a copy, and clamps as arrays do', () => {
    const a = six();
    const row = a.slice(1, 2);
    expect(row.shape).toEqual([1, 3]);
    row.data[0] = 40;
    expect(a.at(1, 0)).toBe(40);
    const ten = array(Float32Array.from({ length: 10 }, (_, i) => i));
    for (const [from, to] of [
      [0, 3],
      [-3, 10],
      [-3, -1],
      [4, 2],
      [-99, 99],
      [10, 20],
      [2.9, 4.9],
    ] as const)
      expect(Array.from(ten.slice(from, to).data)).toEqual(Array.from(ten.data.slice(from, to)));
    expect(ten.slice(8).toArray()).toEqual([8, 9]);
    expect(() => array(1).slice(0, 1)).toThrow(/no rows/);
  });

  it('iterates over rows as views, over numbers where there is one axis', () => {
    const a = six();
    const rows = [...a] as NDArray[];
    expect(rows.map((r) => r.toArray())).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    rows[1].data[2] = 60;
    expect(a.at(1, 2)).toBe(60);
    expect([...array([1, 2])]).toEqual([1, 2]);
    expect(() => [...array(1)]).toThrow(/single number/);
  });

  it('cannot be made of a shape that does not fit, and its shape cannot be changed', () => {
    expect(() => new NDArray(new Float32Array(5), [2, 3])).toThrow(/needs 6 elements, its data has 5/);
    expect(() => new NDArray(new Float32Array(6), [2, -3])).toThrow(/whole numbers/);
    expect(() => new NDArray([1, 2] as never, [2])).toThrow(TypeError);
    expect(() => {
      (six().shape as number[])[0] = 7;
    }).toThrow(TypeError);
  });

  it('round-trips nested arrays of any shape', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });
    const cases = shapes.chain((shape) => {
      const size = shape.reduce((n, d) => n * d, 1);
      return fc.tuple(fc.constant(shape), fc.array(fc.float(), { minLength: size, maxLength: size }));
    });
    fc.assert(
      fc.property(cases, ([shape, values]) => {
        const nest = (flat: unknown[], sizes: number[]): unknown[] => {
          if (sizes.length === 0) return flat;
          const [n, ...rest] = [...sizes].reverse();
          const grouped = Array.from({ length: flat.length / n }, (_, i) => flat.slice(i * n, (i + 1) * n));
          return nest(grouped, rest.reverse());
        };
        // Innermost first; one group is left at the outside.
        const nested = nest(values, shape)[0] as unknown[];
        const a = array(nested as never);
        expect(a.shape).toEqual(shape);
        expect(Array.from(a.data)).toEqual(values);
        expect(a.toArray()).toEqual(nested);
        expect(array(a.toArray() as never).data).toEqual(a.data);
      }),
      { numRuns: 60 },
    );
  });
});

describe('array', () => {
  it('keeps the element type and the memory of a typed array', () => {
    const data = new Uint8Array(12);
    const a = array(data, [3, 4]);
    expect(a.data).toBe(data);
    expect(array(Buffer.from([1, 2])).dtype).toBe('uint8');
    expect(array([1n, -2n]).dtype).toBe('int64');
    expect(array([[true, false]]).toArray()).toEqual([[1, 0]]);
    expect(array(array([1, 2, 3, 4]), [2, 2]).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('converts on request, and refuses what the type cannot hold', () => {
    expect(array([1, 2], null, 'int32').data).toEqual(Int32Array.of(1, 2));
    expect(array(BigInt64Array.of(3n), null, 'float32').data).toEqual(Float32Array.of(3));
    expect(array([3], null, 'int64').data).toEqual(BigInt64Array.of(3n));
    for (const [value, dtype] of [
      [256, 'uint8'],
      [-1, 'uint32'],
      [0.5, 'int8'],
      [Number.NaN, 'int16'],
      [2 ** 31, 'int32'],
    ] as const)
      expect(() => array([0, value], null, dtype)).toThrow(
        expect.objectContaining({ code: 'ERR_OUT_OF_RANGE', message: expect.stringContaining('element 1') }),
      );
    expect(() => array([1], null, 'flaot32' as never)).toThrow(/float32/);
  });

  it('makes strided arrays contiguous', () => {
    // The transpose of [[0, 1, 2], [3, 4, 5]], as scijs describes it.
    const data = Float64Array.of(0, 1, 2, 3, 4, 5);
    expect(array({ data, shape: [3, 2], stride: [1, 3], offset: 0 }).toArray()).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(array({ data, shape: [2, 2], stride: [3, -1], offset: 2 } as never).toArray()).toEqual([
      [2, 1],
      [5, 4],
    ]);
    const tail = array({ data, shape: [2], stride: [1], offset: 4 } as never);
    expect(tail.toArray()).toEqual([4, 5]);
    expect(tail.data.buffer).toBe(data.buffer);
    expect(array({ data, shape: [2, 3], stride: [0, 1], offset: 0 } as never).toArray()).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    for (const bad of [
      { stride: [1, 4], offset: 0 },
      { stride: [-1, 3], offset: 0 },
      { stride: [1], offset: 0 },
      { stride: [1, 3], offset: -1 },
    ])
      expect(() => array({ data, shape: [3, 2], ...bad } as never)).toThrow(/stride|offset/);
  });

  it('agrees with index arithmetic on any strides', () => {
    const axes = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: -6, max: 6 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(axes, (list) => {
        const shape = list.map(([d]) => d);
        const stride = list.map(([, s]) => s);
        const offset = list.reduce((n, [d, s]) => n + (s < 0 ? -(d - 1) * s : 0), 0);
        const data = Float32Array.from({ length: 200 }, (_, i) => i);
        const a = array({ data, shape, stride, offset } as never);
        const index = shape.map(() => 0);
        for (let i = 0; i < a.size; i++) {
          let rest = i;
          for (let k = shape.length - 1; k >= 0; k--) {
            index[k] = rest % shape[k];
            rest = Math.floor(rest / shape[k]);
          }
          expect(a.data[i]).toBe(offset + index.reduce((n, j, k) => n + j * stride[k], 0));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('checkWeightArray', () => {
  it('takes every form of exactly the shape, without a copy where it can', () => {
    const data = Float32Array.of(1, 2, 3, 4);
    expect(checkWeightArray('w', data, [2, 2])).toBe(data);
    expect(checkWeightArray('w', array(data, [2, 2]), [2, 2])).toBe(data);
    expect(
      checkWeightArray(
        'w',
        [
          [1, 2],
          [3, 4],
        ],
        [2, 2],
      ),
    ).toEqual(data);
    expect(checkWeightArray('w', Float64Array.of(1, 2, 3, 4), [2, 2])).toEqual(data);
    expect(checkWeightArray('w', 3, [])).toEqual(Float32Array.of(3));
    expect(checkWeightArray('w', [Number.NaN], [1])[0]).toBeNaN();
  });

  it('names both shapes where they differ', () => {
    expect(() => checkWeightArray("weight 'kernel'", array(new Float32Array(6), [3, 2]), [2, 3])).toThrow(
      expect.objectContaining({ code: 'ERR_SHAPE', message: expect.stringMatching(/'kernel'.*\[2, 3\].*\[3, 2\]/) }),
    );
    expect(() => checkWeightArray('w', new Float32Array(5), [2, 3])).toThrow(/6 elements.*5 elements/);
    expect(() => checkWeightArray('w', [1, 2], [1, 2])).toThrow(/\[1, 2\].*\[2\]/);
    expect(() => checkWeightArray('w', 3, [1])).toThrow(/\[1\].*\[\]/);
    expect(() => checkWeightArray('w', 'zeros', [1])).toThrow(TypeError);
  });
});
