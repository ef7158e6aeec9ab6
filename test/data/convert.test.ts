import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toTensor } from '../../lib/data/convert.js';
import { isDataset } from '../../lib/data/is_dataset.js';
import { array } from '../../lib/data/ndarray.js';

const error = (run: () => unknown): Error & { code: string } => {
  try {
    run();
  } catch (e) {
    return e as Error & { code: string };
  }
  throw new Error('nothing was thrown');
};

describe('toTensor: forms', () => {
  it('reads nested arrays, typed arrays and NDArrays', () => {
    expect(
      toTensor(
        'x',
        [
          [1, 2],
          [3, 4],
        ],
        { sampleShape: [2] },
      ),
    ).toEqual({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] });
    expect(toTensor('x', new Uint8Array(12), { sampleShape: [2, 3] }).shape).toEqual([2, 2, 3]);
    expect(toTensor('x', new Uint8Array(12)).shape).toEqual([12]);
    expect(toTensor('x', array(new Int16Array(6), [3, 2]), { sampleShape: [2] }).shape).toEqual([3, 2]);
    expect(toTensor('x', { data: [1, 2, 3, 4], shape: [2, 2] }).data).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(toTensor('y', BigInt64Array.of(1n, 2n), { sampleShape: [] }).shape).toEqual([2]);
    expect(toTensor('x', [[true, Number.NaN]]).data).toEqual(Float32Array.of(1, Number.NaN));
  });

  it('never copies or widens an array as a whole', () => {
    for (const type of [
      Uint8Array,
      Int8Array,
      Uint16Array,
      Int16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
      Uint8ClampedArray,
      BigInt64Array,
    ]) {
      const data = new type(6);
      expect(toTensor('x', data, { sampleShape: [3] }).data).toBe(data);
      expect(toTensor('x', { data, shape: [2, 3] }, { sampleShape: [3] }).data).toBe(data);
    }
  });

  it('stacks rows that are typed arrays or NDArrays in their own type', () => {
    const rows = [Uint8Array.of(1, 2), Uint8Array.of(3, 4), Uint8Array.of(5, 6)];
    expect(toTensor('x', rows, { sampleShape: [2] })).toEqual({ data: Uint8Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] });
    expect(
      toTensor(
        'x',
        rows.map((r) => array(r, [2, 1])),
      ).shape,
    ).toEqual([3, 2, 1]);
    expect(error(() => toTensor('x', [Uint8Array.of(1), Int8Array.of(1)]))).toMatchObject({ code: 'ERR_DTYPE' });
    expect(error(() => toTensor('x', [Uint8Array.of(1), Uint8Array.of(1, 2)])).message).toMatch(
      /ragged.*\[1\] has shape \[2\].*\[1\]/,
    );
    expect(error(() => toTensor('x', [Uint8Array.of(1), [1]])).message).toMatch(/\[1\]/);
  });
});

describe('toTensor: the shape of a bare typed array', () => {
  it('must be a whole number of samples', () => {
    const e = error(() => toTensor('x', new Float32Array(1000), { sampleShape: [784], name: "input 'pixels'" }));
    expect(e).toMatchObject({ name: 'ValueError', code: 'ERR_SHAPE' });
    expect(e.message).toMatch(/1000.*784.*'pixels'/);
  });
  it('must be known', () => {
    expect(error(() => toTensor('x', new Float32Array(12), { sampleShape: [null, 3] })).message).toMatch(/array\(data/);
  });
});

describe('toTensor: ranks that differ by one', () => {
  const cases: [number[], (number | null)[], number[] | null][] = [
    [[5], [1], [5, 1]],
    [[5], [null], [5, 1]],
    [[5, 1], [], [5]],
    [
      [5, 28, 28],
      [28, 28, 1],
      [5, 28, 28, 1],
    ],
    [
      [5, 28, 28, 1],
      [28, 28],
      [5, 28, 28],
    ],
    [
      [5, 4],
      [4, 1],
      [5, 4, 1],
    ],
    [
      [5, 4],
      [null, 1],
      [5, 4, 1],
    ],
    [[5], [5], null],
    [[5, 3], [], null],
    [[5, 2], [1], null],
    [[5, 1, 4], [4], null],
    [[5, 4, 1, 1], [4], null],
    [[5], [1, 1], null],
    [[5, 3], [4], null],
  ];
  it.each(cases)('%j for samples %j', (shape, sampleShape, expected) => {
    const value = array(new Float32Array(shape.reduce((n, d) => n * d, 1)), shape);
    if (expected) expect(toTensor('x', value, { sampleShape }).shape).toEqual(expected);
    else expect(error(() => toTensor('x', value, { sampleShape }))).toMatchObject({ code: 'ERR_SHAPE' });
  });
  it('follow from the rank alone where no shape is known', () => {
    expect(toTensor('x', [1, 2, 3], { rank: 2 }).shape).toEqual([3, 1]);
    expect(toTensor('x', [[1], [2]], { rank: 1 }).shape).toEqual([2]);
    expect(error(() => toTensor('x', [[1, 2]], { rank: 4 })).message).toMatch(/4 axes.*\[1, 2\]/);
  });
});

describe('toTensor: a list around the only array', () => {
  it('is that array, as Keras writes inputs', () => {
    const a = array(new Float32Array(6), [3, 2]);
    expect(toTensor('x', [a], { sampleShape: [2] })).toEqual({ data: a.data, shape: [3, 2] });
    expect(toTensor('x', [a], {}).shape).toEqual([3, 2]);
    expect(toTensor('x', [new Float32Array(6)], { sampleShape: [2] }).shape).toEqual([3, 2]);
    expect(
      toTensor(
        'x',
        [
          [
            [1, 2],
            [3, 4],
          ],
        ],
        { sampleShape: [2] },
      ).shape,
    ).toEqual([2, 2]);
  });
  it('or one sample, where only that fits', () => {
    expect(toTensor('x', [array([1, 2, 3])], { sampleShape: [3] }).shape).toEqual([1, 3]);
    expect(toTensor('x', [[1, 2, 3]], { sampleShape: [3] }).shape).toEqual([1, 3]);
    expect(error(() => toTensor('x', [[1, 2, 3]], { sampleShape: [1] })).message).toMatch(/\[null, 1\].*\[1, 3\]/);
  });
});

describe('toTensor: messages', () => {
  it('say what was expected, what came, and how to mend it', () => {
    const e = error(() =>
      toTensor("fit: 'x'", array(new Uint8Array(3 * 784), [3, 28, 28]), { sampleShape: [784], name: "input 'pixels'" }),
    );
    expect(e.message).toMatch(
      /^fit: 'x' does not fit input 'pixels': expected shape \[null, 784\]\. Received: \[3, 28, 28\]\..*\[3, 784\]/,
    );
    expect(error(() => toTensor('x', array([1, 2, 3]), { sampleShape: [3] })).message).toMatch(/single sample.*\[1, 3\]/);
    expect(error(() => toTensor('y', [[1, 2]], { sampleShape: [3], hint: 'Do this.' })).message).toMatch(/Do this\.$/);
  });
});

describe('toTensor: what it refuses', () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const half: unknown[] = [[1, 2]];
  half.push(half);
  const sparse = [1, 2, 3];
  delete (sparse as unknown[])[1];
  // An object per level: 3^40 elements if it were followed.
  let shared: unknown[] = [1, 2, 3];
  for (let i = 0; i < 25; i++) shared = [shared, shared, shared];

  const cases: [string, unknown, RegExp, string][] = [
    ['ragged rows', [[1, 2], [3]], /\[1\] has length 1 where \[0\] has length 2/, 'ERR_SHAPE'],
    [
      'ragged rows below',
      [
        [[1], [2]],
        [[3], [4, 5]],
      ],
      /\[1\]\[1\] has length 2 where \[0\]\[0\] has length 1/,
      'ERR_SHAPE',
    ],
    ['rows of different depth', [[1], 2], /\[1\] is the number 2/, 'ERR_SHAPE'],
    ['rows of different depth, deep second', [1, [2]], /\[1\] is an array of length 1/, 'ERR_SHAPE'],
    ['strings', [['a']], /\[0\]\[0\].*Received: "a"/, 'ERR_TYPE'],
    [
      'a string among numbers',
      [
        [1, 2],
        [3, 'x'],
      ],
      /\[1\]\[1\]/,
      'ERR_TYPE',
    ],
    ['null inside', [[1, null]], /\[0\]\[1\].*null/, 'ERR_TYPE'],
    ['undefined inside', [[1, undefined]], /\[0\]\[1\].*undefined/, 'ERR_TYPE'],
    ['objects inside', [[{}]], /\[0\]\[0\]/, 'ERR_TYPE'],
    ['bigints among numbers', [1, 2n], /\[1\]/, 'ERR_TYPE'],
    ['numbers among bigints', [1n, 2], /\[1\].*bigint/, 'ERR_TYPE'],
    ['huge bigints', [2n ** 63n], /64-bit/, 'ERR_OUT_OF_RANGE'],
    ['holes', sparse, /\[1\] is a hole/, 'ERR_VALUE'],
    ['holes for rows', Object.assign([[1]], { length: 2 }), /\[1\] is a hole/, 'ERR_VALUE'],
    ['a nest that is itself', cyclic, /contain itself/, 'ERR_SHAPE'],
    ['a nest that comes back', half, /ragged/, 'ERR_SHAPE'],
    ['a nest of shared rows', shared, /too large/, 'ERR_MEMORY'],
    ['no samples', [], /no samples/, 'ERR_EMPTY'],
    ['no samples, typed', new Float32Array(0), /no samples/, 'ERR_EMPTY'],
    ['no samples, with a shape', { data: new Float32Array(0), shape: [0, 4] }, /no samples/, 'ERR_EMPTY'],
    ['no elements', [[], []], /without elements/, 'ERR_EMPTY'],
    ['null', null, /Received: null/, 'ERR_TYPE'],
    ['undefined', undefined, /Received: undefined/, 'ERR_TYPE'],
    ['a string', 'data.csv', /Received: "data.csv"/, 'ERR_TYPE'],
    ['a number', 5, /Received: 5/, 'ERR_TYPE'],
    ['a map', new Map(), /Received: a Map/, 'ERR_TYPE'],
    ['an ArrayBuffer', new ArrayBuffer(8), /Float32Array/, 'ERR_TYPE'],
    ['a DataView', new DataView(new ArrayBuffer(8)), /typed array/, 'ERR_TYPE'],
    ['BigUint64Array', new BigUint64Array(2), /BigInt64Array/, 'ERR_DTYPE'],
    ['shared memory', new Float32Array(new SharedArrayBuffer(8)), /SharedArrayBuffer.*Copy it first/, 'ERR_BUFFER'],
    [
      'shared memory in an object',
      { data: new Float32Array(new SharedArrayBuffer(8)), shape: [2] },
      /SharedArrayBuffer/,
      'ERR_BUFFER',
    ],
    ['elements that are no numbers', { data: [1, '2'], shape: [2] }, /data\[1\].*"2"/, 'ERR_TYPE'],
    ['a shape that lies', { data: new Float32Array(4), shape: [2, 3] }, /needs 6 elements, its data has 4/, 'ERR_SHAPE'],
    ['a shape of NaN', { data: new Float32Array(4), shape: [Number.NaN] }, /shape/, 'ERR_SHAPE'],
    ['a shape of strings', { data: new Float32Array(4), shape: ['4'] }, /shape/, 'ERR_SHAPE'],
    ['a shape below zero', { data: new Float32Array(4), shape: [-4] }, /shape/, 'ERR_SHAPE'],
    ['a huge shape', { data: new Float32Array(4), shape: [2 ** 40, 2 ** 40], stride: [0, 0] }, /memory/, 'ERR_MEMORY'],
  ];
  it.each(cases)('%s', (_, value, message, code) => {
    const e = error(() => toTensor("fit: 'x'", value, {}));
    expect(e.message).toMatch(message);
    expect(e.message).toMatch(/^fit: 'x'/);
    expect(e.code).toBe(code);
  });

  it('resizable and detached buffers', () => {
    const resizable = new (ArrayBuffer as unknown as new (n: number, o: object) => ArrayBuffer)(16, { maxByteLength: 32 });
    expect(error(() => toTensor('x', new Float32Array(resizable))).message).toMatch(/resizable.*slice/);
    const gone = new Float32Array(4);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    expect(error(() => toTensor('x', gone))).toMatchObject({ code: 'ERR_BUFFER' });
    expect(error(() => toTensor('x', { data: gone, shape: [4] })).message).toMatch(/detached/);
  });

  it('tensors of TensorFlow.js, with the way to pass them', () => {
    class Tensor {
      shape = [2];
      dataSync() {
        return new Float32Array(2);
      }
    }
    expect(error(() => toTensor('x', new Tensor())).message).toMatch(/array\(tensor\.dataSync\(\), tensor\.shape\)/);
  });

  it('anything else, always as a ValueError or TypeError with a code', () => {
    const anything = fc.anything({
      withTypedArray: true,
      withBigInt: true,
      withSparseArray: true,
      withNullPrototype: true,
      maxDepth: 4,
    });
    fc.assert(
      fc.property(
        anything,
        fc.option(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }), { nil: undefined }),
        (value, sampleShape) => {
          try {
            const t = toTensor('x', value, { sampleShape });
            expect(t.data.length).toBe(t.shape.reduce((n, d) => n * d, 1));
            if (sampleShape) expect(t.shape.slice(1)).toEqual(sampleShape);
          } catch (e) {
            if ((e as Error).name === 'AssertionError') throw e;
            expect(['ValueError', 'TypeError']).toContain((e as Error).name);
            expect((e as { code?: string }).code).toMatch(/^ERR_/);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });
});

// No timings are asserted: what is not refused at once takes minutes, or all memory.
describe('few bytes that describe much are refused at once', () => {
  const sparse = (...first: unknown[]) => Object.assign(new Array(2 ** 32 - 1), first);
  const cases: [string, unknown, string][] = [
    ['a shape with a length alone', { data: [1], shape: { length: 5e7 } }, 'ERR_SHAPE'],
    ['a shape of no number of axes', { data: [1], shape: { length: Number.NaN } }, 'ERR_SHAPE'],
    ['a typed shape', { data: new Float32Array(1), shape: new Float64Array(5e6) }, 'ERR_SHAPE'],
    ['strides of 0', { data: new Float32Array(4), shape: [1e8, 4], stride: [0, 1] }, 'ERR_MEMORY'],
    ['strides of 0 along all axes', { data: [1], shape: [2 ** 30, 4], stride: [0, 0] }, 'ERR_MEMORY'],
    ['strides with a length alone', { data: [1], shape: [1, 4], stride: { length: 5e7 } }, 'ERR_TYPE'],
    ['an empty sparse array', sparse(), 'ERR_VALUE'],
    ['a sparse array', sparse(1, 2), 'ERR_VALUE'],
    ['sparse rows', sparse([1, 2]), 'ERR_VALUE'],
    ['a sparse row', [sparse(1)], 'ERR_VALUE'],
    ['sparse rows that are typed', sparse(new Float32Array(2)), 'ERR_VALUE'],
    ['sparse data', { data: sparse(1), shape: [2 ** 32 - 1, 1] }, 'ERR_TYPE'],
  ];
  it.each(cases)('%s', (_, value, code) => {
    expect(error(() => toTensor('x', value, {})).code).toBe(code);
    expect(error(() => array(value as never)).code).toBe(code);
  });
  it('a sparse array is no list of batches', () => {
    expect(isDataset(sparse())).toBe(false);
  });
});
