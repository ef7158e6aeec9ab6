// Arrays that go through the HDF5 library in parts, and stand in files as they are.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layers } from '../../lib/layers/index.js';
import { loadModel } from '../../lib/load_model.js';
import { readHdf5 } from '../../lib/saving/hdf5/hdf5.js';
import { partsOf } from '../../lib/saving/hdf5/parts.mjs';
import { emptyGroup, type Hdf5Array, type Hdf5Group } from '../../lib/saving/hdf5/tree.js';
import { readLimits } from '../../lib/saving/limits.js';
import { sequential } from '../../lib/sequential.js';
import { bits, hdf5Of, temporaryFolder } from './support.js';

const folder = temporaryFolder();
const limits = readLimits('test', {});

it('the parts of an array are all of it, in its order', () => {
  const shape = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 300_000 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(shape, fc.constantFrom(1, 2, 4, 8), (dims, size) => {
      const total = dims.reduce((n, d) => n * d, size);
      fc.pre(total < 2 ** 28);
      const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((n, d) => n * d, size));
      let done = 0;
      for (const { offset, count, bytes } of partsOf(dims, size)) {
        expect(offset.reduce((n, o, axis) => n + Number(o) * strides[axis], 0)).toBe(done);
        expect(count.reduce<number>((n, c) => n * Number(c), size)).toBe(bytes);
        expect(bytes).toBeLessThanOrEqual(4 * 2 ** 20);
        done += bytes;
      }
      expect(done).toBe(total);
    }),
    { numRuns: 300, seed: 1 },
  );
});

const KINDS = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
} as const;

function arrayOf(dtype: keyof typeof KINDS, shape: number[]): Hdf5Array {
  const count = shape.reduce((n, d) => n * d, 1);
  const data = new KINDS[dtype](count);
  for (let i = 0; i < count; i++) data[i] = dtype === 'int64' ? BigInt(i * i) : (i * 7) % 251;
  return { dtype, shape, data, attributes: new Map([['name', 'a']]) };
}

describe('HDF5 files with large arrays', () => {
  const given = (): Hdf5Group => {
    const root = emptyGroup();
    const inner = emptyGroup();
    root.attributes.set('version', '3');
    root.groups.set('inner', inner);
    root.arrays.set('rows', arrayOf('float32', [1100, 1000]));
    root.arrays.set('line', arrayOf('float64', [300_000]));
    inner.arrays.set('few', arrayOf('float32', [3]));
    inner.arrays.set('deep', arrayOf('int32', [2, 3, 100_000, 2]));
    inner.arrays.set('whole', arrayOf('int64', [200_001]));
    inner.arrays.set('bytes', arrayOf('uint8', [5, 1_200_000]));
    return root;
  };
  it.each([
    ['in memory of the caller', false, 0],
    ['in memory of its own', true, 0],
    ['where its numbers cannot be read in place', true, 1],
    ['the same, of the caller', false, 3],
  ])('are read as they were written: %s', async (_, own, shift) => {
    const file = await hdf5Of(given());
    const bytes = new Uint8Array(file.length + shift).subarray(shift);
    bytes.set(file);
    const read = await readHdf5('test', bytes, limits, own);
    expect(bytes.byteLength).toBe(own ? 0 : file.length);
    const right = given();
    const compare = (a: Hdf5Group, b: Hdf5Group) => {
      expect([...a.arrays.keys()].sort()).toEqual([...b.arrays.keys()].sort());
      for (const [name, array] of b.arrays) {
        const got = a.arrays.get(name) as Hdf5Array;
        expect([name, got.dtype, got.shape, got.attributes]).toEqual([name, array.dtype, array.shape, array.attributes]);
        const bytesOf = (view: unknown) => {
          const { buffer, byteOffset, byteLength } = view as Float32Array;
          return Buffer.from(buffer, byteOffset, byteLength);
        };
        expect(got.data.constructor).toBe(array.data.constructor);
        expect(Buffer.compare(bytesOf(got.data), bytesOf(array.data))).toBe(0);
      }
      for (const [name, child] of b.groups) compare(a.groups.get(name) as Hdf5Group, child);
    };
    compare(read, right);
  });
});

it.each(['keras', 'h5', 'weights.h5', 'npz', 'safetensors'])(
  'a model with large weights goes through .%s, a file and bytes',
  async (ending) => {
    const make = () => sequential([layers.dense({ units: 700, inputShape: [701] }), layers.dense({ units: 3 })]);
    const model = make();
    const path = join(folder, `m.${ending}`);
    const whole = /^(keras|h5)$/.test(ending);
    await (whole ? model.save(path) : model.saveWeights(path));
    const bytes = await model.toBuffer(ending as 'keras');
    const right = bits(model);
    const copy = new Uint8Array(bytes);
    for (const from of [path, bytes] as const) {
      if (whole) expect(bits(await loadModel(from))).toEqual(right);
      else {
        const other = make();
        await other.loadWeights(from);
        expect(bits(other)).toEqual(right);
      }
    }
    // What the caller gave is the caller's.
    expect(Buffer.compare(bytes, copy)).toBe(0);
    writeFileSync(path, bytes);
    // The model still has what was saved.
    expect(bits(model)).toEqual(right);
  },
);
