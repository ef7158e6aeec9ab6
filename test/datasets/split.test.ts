// Splits of datasets: every element in one part, the same in each pass, and the shares that were asked for.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../lib/datasets/dataset.js';
import { data } from '../../lib/index.js';
import { expected, failure, fixture } from './support.js';

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const numbers = (n: number) => data.fromArrays(Float64Array.from(range(n))) as Dataset<number>;
const all = async (dataset: Dataset<unknown>) => (await dataset.toArray()) as number[];

describe('by place', () => {
  it.each([true, false])('takes the last, as validationSplit does (length known: %s)', async (isKnown) => {
    const source = isKnown ? numbers(10) : numbers(10).filter(() => true);
    const { train, validation, test } = source.split({ validation: 0.2, test: 0.1, by: 'last' });
    expect(await all(train)).toEqual(range(7));
    expect(await all(validation)).toEqual([7, 8]);
    expect(await all(test)).toEqual([9]);
  });
});

describe('drawn', () => {
  it('has each element once, in its order, and the share of all, give or take one', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 300 }),
        fc.double({ min: 0.01, max: 0.6, noNaN: true }),
        fc.double({ min: 0, max: 0.39, noNaN: true }),
        fc.nat(),
        async (n, validation, test, seed) => {
          const parts = numbers(n).split({ validation, test, seed });
          const [a, b, c] = [await all(parts.train), await all(parts.validation), await all(parts.test)];
          expect([...a, ...b, ...c].sort((p, q) => p - q)).toEqual(range(n));
          for (const part of [a, b, c]) expect(part).toEqual([...part].sort((p, q) => p - q));
          expect(Math.abs(b.length + c.length - n * (validation + test))).toBeLessThan(2);
          expect(await all(parts.validation)).toEqual(b);
          const again = numbers(n).split({ validation, test, seed });
          expect(await all(again.validation)).toEqual(b);
        },
      ),
    ));

  it('gives every element the same chance', async () => {
    const counts = new Array(20).fill(0);
    for (let seed = 0; seed < 2000; seed++)
      for (const i of await all(numbers(20).split({ validation: 0.25, seed }).validation)) counts[i]++;
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(100);
  });
});

describe('stratified', () => {
  const species = expected.flowers.species as string[];
  const table = () => data.csv(fixture('flowers.csv'), { label: 'species', columns: { species: 'string' } });
  const counts = (labels: readonly unknown[]) =>
    ['setosa', 'versicolor', 'virginica'].map((name) => labels.filter((label) => label === name).length);

  it('has each class in each part by its share, as scikit-learn does', async () => {
    const whole = counts(species);
    for (let seed = 0; seed < 10; seed++) {
      const { train, validation, test } = table().split({ validation: 0.2, test: 0.2, by: 'stratified', seed });
      const parts = await Promise.all(
        [train, validation, test].map(async (part) => counts((await part.toArray()).map(([, y]) => y))),
      );
      whole.forEach((count, k) => {
        expect(parts[0][k] + parts[1][k] + parts[2][k]).toBe(count);
        expect(Math.abs(parts[1][k] + parts[2][k] - 0.4 * count)).toBeLessThan(2);
        expect(parts[1][k]).toBeGreaterThan(0);
        expect(parts[2][k]).toBeGreaterThan(0);
      });
    }
  });

  it('goes by numbers and one-hot rows too, and asks for y', async () => {
    const y = range(40).map((i) => Number(i % 4 === 0));
    const by = async (labels: number[] | number[][]) => {
      const { validation } = data.fromArrays(range(40), labels).split({ validation: 0.5, by: 'stratified', seed: 1 });
      return (await validation.toArray()).map(([x]) => x as number);
    };
    const plain = await by(y);
    expect(plain.filter((i) => i % 4 === 0).length).toBe(5);
    expect(plain.length).toBe(20);
    expect((await by(y.map((v) => [v, 1 - v]))).filter((i) => i % 4 === 0).length).toBe(5);
    expect(await failure(() => numbers(4).split({ validation: 0.5, by: 'stratified' }).train.toArray())).toMatchObject({
      code: 'ERR_DATASET',
    });
  });
});

describe('by a column', () => {
  it('keeps rows of one value together', async () => {
    const rows = range(400).map((i) => ({ patient: `p${i % 50}`, value: i }));
    const { train, validation } = data.fromRows(rows).split({ validation: 0.3, by: 'patient', seed: 2 });
    const [a, b] = [await train.toArray(), await validation.toArray()].map((part) => new Set(part.map(({ patient }) => patient)));
    expect(a.size + b.size).toBe(50);
    expect([...a].filter((patient) => b.has(patient))).toEqual([]);
    expect(b.size).toBeGreaterThan(5);
    expect(b.size).toBeLessThan(25);
    expect(await failure(() => data.fromRows(rows).split({ validation: 0.3, by: 'nobody' }).train.toArray())).toMatchObject({
      code: 'ERR_UNKNOWN_NAME',
    });
  });
});
