// Arrays that numpy and h5py saved, of every element type, against what they hold; and files that lead elsewhere.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NDArray } from '../../lib/data/ndarray.js';
import type { Dataset } from '../../lib/datasets/dataset.js';
import { data } from '../../lib/index.js';
import { expected, failure, fixture } from './support.js';

let folder: string;
let made = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemmfit-arrays-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (bytes: Uint8Array) => {
  const path = join(folder, `${made++}`);
  writeFileSync(path, bytes);
  return path;
};
const at = (name: string) => fixture(`arrays/${name}`);
const kinds = Object.keys(expected.arrays);

const check = async (dataset: Dataset<unknown>, wanted: number[], places = 12) => {
  const batches = (await dataset.batch(16).toArray()) as [NDArray, NDArray][];
  expect(batches.map(([x]) => x.shape)).toEqual([
    [16, 2, 3],
    [16, 2, 3],
    [8, 2, 3],
  ]);
  const values = batches.flatMap(([x]) => Array.from(x.data, Number));
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(wanted[i], places);
  expect(batches.flatMap(([, y]) => Array.from(y.data, Number))).toEqual(Array.from({ length: 40 }, (_, i) => i % 5));
  return batches[0][0].dtype;
};

describe('npy', () => {
  it.each(kinds)('%s', async (kind) => {
    const dataset = data.npy(at(`${kind.replace('>', 'big_')}.npy`), { label: at('y.npy') });
    expect(dataset.length).toBe(40);
    const types: Record<string, string> = {
      f2: 'float32',
      b1: 'uint8',
      u8: 'int64',
      u1: 'uint8',
      fortran: 'float64',
      '>f4': 'float32',
      f8: 'float64',
    };
    const dtype = await check(dataset, expected.arrays[kind]);
    if (types[kind]) expect(dtype).toBe(types[kind]);
  });

  it('several by name, and begun in the middle', async () => {
    const make = () => data.npy({ a: at('f4.npy'), b: at('i1.npy') }).batch(3);
    const all = await make().toArray();
    expect(Object.keys(all[0])).toEqual(['a', 'b']);
    const later = make();
    later.setState({ pass: 0, given: 5, seeds: [] });
    expect(await later.toArray()).toEqual(all.slice(5));
  });

  it.each([
    [() => data.npy('none.npy'), 'ERR_NO_FILE'],
    [() => data.npy(fixture('flowers.csv')), 'ERR_FILE'],
    [() => data.npy(file(readFileSync(at('f4.npy')).subarray(0, 500))), 'ERR_FILE'],
    [() => data.npy(at('f4.npy'), { label: fixture('x.npy') }).toArray(), ''],
    [() => data.npy(3 as never), 'ERR_TYPE'],
    [() => data.npy(at('f4.npy'), { sampleWeight: at('y.npy') }), 'ERR_DATASET'],
  ])('%s', async (run, code) => {
    if (code) expect(await failure(run)).toMatchObject({ code });
    else await run();
  });
});

describe('npz', () => {
  it.each(['stored.npz', 'packed.npz'])('%s', async (name) => {
    const dataset = data.npz(at(name), { x: 'x', label: 'y' });
    await check(dataset, expected.arrays.fortran);
    expect(dataset.length).toBe(40);
    expect(await data.npz(at(name), { x: 'y' }).count()).toBe(40);
  });

  it.each([
    [() => data.npz(at('stored.npz'), { x: 'X' }).toArray(), 'ERR_UNKNOWN_NAME'],
    [() => data.npz('none.npz', { x: 'x' }).toArray(), 'ERR_NO_FILE'],
    [() => data.npz(at('f4.npy'), { x: 'x' }).toArray(), 'ERR_FILE'],
    [() => data.npz(at('stored.npz'), { x: 1 as never }), 'ERR_TYPE'],
  ])('%s', async (run, code) => expect(await failure(run)).toMatchObject({ code }));
});

describe('HDF5', () => {
  it.each(kinds.filter((kind) => kind !== 'f2'))('%s', async (kind) => {
    const dataset = data.hdf5(at('arrays.h5'), { x: `group/${kind}`, label: 'y' });
    await check(dataset, expected.arrays[kind]);
    expect(dataset.length).toBe(40);
  });

  it('is counted and begun in the middle', async () => {
    expect(await data.hdf5(at('arrays.h5'), { x: 'y' }).count()).toBe(40);
    const later = data.hdf5(at('arrays.h5'), { x: 'y' });
    later.setState({ pass: 0, given: 38, seeds: [] });
    expect(await later.toArray()).toEqual([3n, 4n]);
  });

  it.each([
    ['none', 'ERR_UNKNOWN_NAME'],
    ['group', 'ERR_UNKNOWN_NAME'],
    ['text', 'ERR_DTYPE'],
    ['group/f2', 'ERR_DTYPE'],
    ['one', 'ERR_SHAPE'],
    // What leads to other files is never followed.
    ['elsewhere', 'ERR_UNKNOWN_NAME'],
    ['outside', 'ERR_FILE'],
    ['virtual', 'ERR_FILE_REFUSED'],
  ])('%s is refused', async (name, code) => {
    expect(await failure(() => data.hdf5(at('arrays.h5'), { x: name }).toArray())).toMatchObject({ code });
  });

  it('a damaged file is told', async () => {
    const bytes = readFileSync(at('arrays.h5'));
    expect(await failure(() => data.hdf5(file(bytes.subarray(0, 700)), { x: 'y' }).toArray())).toMatchObject({
      code: 'ERR_FILE',
    });
    expect(await failure(() => data.hdf5(fixture('flowers.csv'), { x: 'y' }).toArray())).toMatchObject({ code: 'ERR_FILE' });
    expect(await failure(() => data.hdf5('none.h5', { x: 'y' }).toArray())).toMatchObject({ code: 'ERR_NO_FILE' });
    // A chunk that was packed: its damage must not come out as numbers.
    const packed = Buffer.from(bytes);
    const chunk = packed.indexOf(Buffer.from([0x78, 0x5e]));
    expect(chunk).toBeGreaterThan(0);
    packed.fill(0xaa, chunk + 20, chunk + 60);
    expect(
      await failure(() => Promise.all(['f4', 'i8'].map((kind) => data.hdf5(file(packed), { x: `group/${kind}` }).toArray()))),
    ).toMatchObject({ code: 'ERR_FILE' });
  });
});
