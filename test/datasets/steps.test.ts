// Each step of a dataset, held against the same done with plain lists; each also begun in the middle, as a checkpoint does.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NDArray } from '../../lib/data/ndarray.js';
import type { Dataset } from '../../lib/datasets/dataset.js';
import { data, setRandomSeed } from '../../lib/index.js';
import { failure, plain } from './support.js';

const range = (n: number, from = 0) => Array.from({ length: n }, (_, i) => from + i);
const rows = (n: number) => data.fromArrays(Float32Array.from(range(n)));
const list = async (dataset: Dataset<unknown>) => plain(await dataset.toArray()) as unknown[];
const batch = (...values: number[]) => ({ shape: [values.length], data: values });

/** The same rows in blocks of one, since a function of the user's makes them. */
const oneByOne = (n: number) => data.fromGenerator(() => range(n));
const sources: [string, (n: number) => Dataset<number>][] = [
  ['arrays', (n) => rows(n) as Dataset<number>],
  ['a generator', oneByOne],
];

describe.each(sources)('of %s', (_, make) => {
  it('batch, with and without a remainder', async () => {
    expect(await list(make(5).batch(2))).toEqual([batch(0, 1), batch(2, 3), batch(4)]);
    expect(await list(make(5).batch(2, { dropRemainder: true }))).toEqual([batch(0, 1), batch(2, 3)]);
    expect(await list(make(2).batch(5))).toEqual([batch(0, 1)]);
    expect(await list(make(9000).batch(4097))).toEqual([
      batch(...range(4097)),
      batch(...range(4097, 4097)),
      batch(...range(806, 8194)),
    ]);
  });

  it('unbatch gives the rows back', async () => {
    expect(await list(make(7).batch(3).unbatch())).toEqual(range(7));
    expect(await list(make(7).batch(3).unbatch().batch(2))).toEqual(await list(make(7).batch(2)));
  });

  it('map and filter', async () => {
    expect(await list(make(6).map((v) => 10 * v))).toEqual([0, 10, 20, 30, 40, 50]);
    expect(await list(make(6).filter((v) => v % 2 === 1))).toEqual([1, 3, 5]);
    expect(
      await list(
        make(6)
          .map(async (v) => v + 1)
          .filter(async (v) => v > 4),
      ),
    ).toEqual([5, 6]);
  });

  it('calls of map side by side keep the order', async () => {
    let most = 0;
    let running = 0;
    const slow = async (v: number) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, (v * 7) % 5));
      running--;
      return v;
    };
    expect(await list(make(20).map(slow, { numParallelCalls: 4 }))).toEqual(range(20));
    expect(most).toBe(4);
  });

  it('take, skip, shard, repeat', async () => {
    expect(await list(make(6).take(2))).toEqual([0, 1]);
    expect(await list(make(6).take(20))).toEqual(range(6));
    expect(await list(make(6).take(0))).toEqual([]);
    expect(await list(make(6).skip(4))).toEqual([4, 5]);
    expect(await list(make(6).skip(9))).toEqual([]);
    expect(await list(make(7).shard(3, 1))).toEqual([1, 4]);
    expect(await list(make(3).repeat(2))).toEqual([0, 1, 2, 0, 1, 2]);
    expect(await list(make(3).repeat().take(7))).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(await list(make(3).repeat(0))).toEqual([]);
    expect(await list(make(0).repeat().take(3))).toEqual([]);
  });

  it('window: tf.data windows, as batches', async () => {
    expect(await list(make(7).window(3))).toEqual([batch(0, 1, 2), batch(3, 4, 5), batch(6)]);
    // tf.data.Dataset.range(7).window(3, 1, 1, True); .window(3, shift=1, stride=2, drop_remainder=True); .window(2, shift=3)
    expect(await list(make(5).window(3, { shift: 1, dropRemainder: true }))).toEqual([
      batch(0, 1, 2),
      batch(1, 2, 3),
      batch(2, 3, 4),
    ]);
    expect(await list(make(7).window(3, { shift: 1, stride: 2, dropRemainder: true }))).toEqual([
      batch(0, 2, 4),
      batch(1, 3, 5),
      batch(2, 4, 6),
    ]);
    expect(await list(make(7).window(2, { shift: 3 }))).toEqual([batch(0, 1), batch(3, 4), batch(6)]);
  });

  it('zip ends with the shorter', async () => {
    expect(await list(make(3).zip(rows(5)))).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    expect(await list(rows(5).zip(make(3)).batch(2))).toEqual([
      [batch(0, 1), batch(0, 1)],
      [batch(2), batch(2)],
    ]);
  });

  it('cache reads its source once', async () => {
    let read = 0;
    const counted = make(5).map((v) => {
      read++;
      return v;
    });
    const cached = counted.cache();
    expect(await list(cached.take(2))).toEqual([0, 1]);
    const before = read;
    expect(await list(cached)).toEqual(range(5));
    expect(await list(cached)).toEqual(range(5));
    expect(read - before).toBe(5);
  });

  it('prefetch gives what there is', async () => {
    expect(await list(make(10).prefetch(3))).toEqual(range(10));
    expect(await list(make(10).prefetch(30).batch(4).prefetch(1))).toEqual(await list(make(10).batch(4)));
  });

  it('shuffle has all elements once, in an order that follows from seed and pass', async () => {
    const shuffled = make(100).shuffle(30, 5);
    const [first, second] = [await list(shuffled), await list(shuffled)];
    expect([...first].sort((a, b) => Number(a) - Number(b))).toEqual(range(100));
    expect([...second].sort((a, b) => Number(a) - Number(b))).toEqual(range(100));
    expect(first).not.toEqual(second);
    const again = make(100).shuffle(30, 5);
    expect([await list(again), await list(again)]).toEqual([first, second]);
    expect(await list(make(100).shuffle(30, 6))).not.toEqual(first);
    const fixed = make(100).shuffle(30, 5, false);
    expect([await list(fixed), await list(fixed)]).toEqual([first, first]);
    // An element cannot come before it has been in the buffer: the k-th is among the first k + 30.
    for (const [k, value] of first.entries()) expect(value).toBeLessThan(k + 30 + 1);
    expect(await list(make(10).shuffle(1, 5))).toEqual(range(10));
  });
});

it('shuffle draws each order alike, where the buffer has all', async () => {
  const counts = new Map<string, number>();
  const shuffled = rows(3).shuffle(3, 11);
  for (let i = 0; i < 3000; i++) {
    const order = (await list(shuffled)).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(100);
});

it('setRandomSeed settles orders that have no seed', async () => {
  setRandomSeed(3);
  const a = await list(rows(20).shuffle(20));
  setRandomSeed(3);
  expect(await list(rows(20).shuffle(20))).toEqual(a);
});

it('a source that fails gives what came before it', async () => {
  const seen: number[] = [];
  const dataset = rows(5).map((v) => {
    if (v === 3) throw new Error('three');
    return v;
  });
  const { message } = await failure(async () => {
    for await (const v of dataset) seen.push(v as number);
  });
  expect(message).toBe('three');
  expect(seen).toEqual([0, 1, 2]);
});

it('a reading that is left closes its source', async () => {
  const events: string[] = [];
  const dataset = data.fromGenerator(function* () {
    try {
      for (let i = 0; ; i++) yield i;
    } finally {
      events.push('closed');
    }
  });
  for await (const v of dataset
    .map((value) => value)
    .prefetch(2)
    .batch(2))
    if (v.data[0] === 4) break;
  expect(events).toEqual(['closed']);
});

it('what is asked for at once comes in its order', async () => {
  const iterator = oneByOne(5)[Symbol.asyncIterator]();
  const results = await Promise.all(range(7).map(() => iterator.next()));
  expect(results.map(({ value }) => value)).toEqual([0, 1, 2, 3, 4, undefined, undefined]);
});

describe('structures', () => {
  it('columns by name, y and weights become arrays with the rows first', async () => {
    const elements = data.fromArrays(
      { a: [1, 2, 3], b: new NDArray(new Uint8Array(6), [3, 2]), c: ['x', 'y', 'z'] },
      [0, 1, 0],
      new Float32Array([1, 2, 3]),
    );
    expect(plain(await elements.take(1).toArray())).toEqual([[{ a: 1, b: { shape: [2], data: [0, 0] }, c: 'x' }, 0, 1]]);
    const [first] = await elements.batch(2).toArray();
    expect(plain(first)).toEqual([
      { a: batch(1, 2), b: { shape: [2, 2], data: [0, 0, 0, 0] }, c: ['x', 'y'] },
      batch(0, 1),
      batch(1, 2),
    ]);
    expect((first[0].b as NDArray).dtype).toBe('uint8');
  });

  it('pack puts the columns side by side', async () => {
    const table = data.fromArrays({ a: [1, 2, 3], b: new NDArray(new Uint8Array([4, 5, 6, 7, 8, 9]), [3, 2]) }, [0, 1, 0]);
    expect(plain(await table.pack().batch(3).toArray())).toEqual([
      [{ shape: [3, 3], data: [1, 4, 5, 2, 6, 7, 3, 8, 9] }, batch(0, 1, 0)],
    ]);
    expect(plain(await table.pack(['b']).take(1).toArray())).toEqual([[{ shape: [2], data: [4, 5] }, 0]]);
    expect(await failure(() => table.pack(['z']).toArray())).toMatchObject({ code: 'ERR_UNKNOWN_NAME' });
    const text = data.fromArrays({ a: ['x'] });
    expect((await failure(() => text.pack().toArray())).message).toContain("column 'a' is text");
  });

  it('elements of other kinds than the first are refused', async () => {
    const mixed = data.fromGenerator(() => [
      [[1, 2], 0],
      [[1, 2, 3], 0],
    ]);
    expect(await failure(() => mixed.batch(2).toArray())).toMatchObject({ code: 'ERR_SHAPE' });
    const lacking = data.fromGenerator(() => [{ a: 1 }, { b: 1 }]);
    expect((await failure(() => lacking.batch(2).toArray())).message).toContain("has no 'a'");
    expect(
      await failure(() =>
        data
          .fromGenerator(() => [[1, 2, 3, 4]])
          .batch(1)
          .toArray(),
      ),
    ).toMatchObject({ code: 'ERR_DATASET' });
  });

  it('arrays of different lengths are refused', async () => {
    expect(await failure(() => data.fromArrays([1, 2], [1]))).toMatchObject({ code: 'ERR_LENGTHS' });
  });
});

describe('length', () => {
  it('is known where it can be', () => {
    const n = (dataset: Dataset<unknown>) => dataset.length;
    expect(n(rows(10))).toBe(10);
    expect(n(rows(10).batch(3))).toBe(4);
    expect(n(rows(10).batch(3, { dropRemainder: true }))).toBe(3);
    expect(n(rows(10).shuffle(3).map(String).repeat(2).skip(4).prefetch(1).cache())).toBe(16);
    expect(n(rows(10).repeat())).toBe(Number.POSITIVE_INFINITY);
    expect(n(rows(10).repeat().take(3))).toBe(3);
    expect(n(rows(10).filter(() => true))).toBe(null);
    expect(n(oneByOne(3))).toBe(null);
    expect(n(data.fromGenerator(() => [1], { length: 1 }))).toBe(1);
    expect(n(rows(10).shard(3, 0))).toBe(4);
    expect(n(rows(10).zip(rows(4)))).toBe(4);
    expect(n(rows(10).split({ validation: 0.3, by: 'last' }).validation)).toBe(3);
  });

  it('is what comes, and counted where it is not known', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 50 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        async (count, size, shift, stride, dropRemainder) => {
          const windows = rows(count).window(size, { shift, stride, dropRemainder });
          expect((await windows.toArray()).length).toBe(windows.length);
          expect(await windows.filter(() => true).count()).toBe(windows.length);
          const shard = rows(count).shard(size, size - 1);
          expect((await shard.toArray()).length).toBe(shard.length);
        },
      ),
    ));
});

describe('a state', () => {
  const pipelines: Record<string, (source: Dataset<number>) => Dataset<unknown>> = {
    'a shuffle and batches': (s) => s.shuffle(7, 1).batch(3),
    'two shuffles': (s) =>
      s
        .shuffle(7, 1)
        .map((v) => v + 1)
        .shuffle(5, 2),
    'filter and take': (s) =>
      s
        .filter((v) => v % 3 !== 0)
        .skip(2)
        .take(9),
    'batches and their rows': (s) => s.batch(4).unbatch().batch(3),
    windows: (s) => s.window(4, { shift: 3 }),
    'strided windows': (s) => s.window(4, { shift: 2, stride: 2, dropRemainder: true }),
    repeated: (s) => s.shuffle(30, 4).repeat(3).batch(4),
    'a cache': (s) => s.cache().shuffle(9, 4),
    shards: (s) => s.shard(3, 2),
    'side by side': (s) => s.zip(rows(40).shuffle(8, 3) as Dataset<number>),
    prefetched: (s) => s.map((v) => v, { numParallelCalls: 3 }).prefetch(4),
    'a split': (s) => s.split({ validation: 0.3, seed: 4 }).train.shuffle(4, 1),
    'the last': (s) => s.split({ validation: 0.3, by: 'last' }).validation,
  };
  const cases = sources.flatMap(([source, make]) =>
    Object.entries(pipelines).map(([name, add]) => [name, source, () => add(make(23))] as const),
  );

  it.each(cases)('of %s over %s leads back to where it was, in every pass', async (_, __, make) => {
    const whole = make();
    const passes = [await list(whole), await list(whole)];
    for (const [pass, all] of passes.entries())
      for (const given of new Set([0, 1, Math.floor(all.length / 2), all.length - 1])) {
        const before = make();
        if (pass === 1) await list(before);
        let n = 0;
        for await (const _ of given ? before : []) if (++n === given) break;
        const state = given ? before.getState() : { pass, given: 0, seeds: before.getState().seeds };
        expect(state).toMatchObject({ pass, given });
        const after = make();
        after.setState(JSON.parse(JSON.stringify(state)));
        expect(await list(after)).toEqual(all.slice(given));
        expect(after.getState()).toMatchObject({ pass: pass + 1, given: 0 });
      }
  });

  it('brings the seeds of orders that had none', async () => {
    setRandomSeed(1);
    const a = rows(20).shuffle(20);
    const all = await list(a);
    a.setState({ ...a.getState(), pass: 0 });
    const state = a.getState();
    setRandomSeed(2);
    const b = rows(20).shuffle(20);
    b.setState(state);
    expect(await list(b)).toEqual(all);
  });

  it('of another dataset is refused', async () => {
    for (const state of [
      { pass: 0, given: 0, seeds: [] },
      { pass: -1, given: 0, seeds: [1] },
      null,
      { pass: 0, given: 0.5, seeds: [1] },
    ])
      expect(
        await failure(() =>
          rows(3)
            .shuffle(2, 1)
            .setState(state as never),
        ),
      ).toMatchObject({ code: 'ERR_STATE' });
  });
});

describe('arguments', () => {
  it.each([
    [() => rows(3).batch(0), 'ERR_OUT_OF_RANGE'],
    [() => rows(3).batch(2, { drop: true } as never), 'ERR_UNKNOWN_OPTION'],
    [() => rows(3).take(-1), 'ERR_OUT_OF_RANGE'],
    [() => rows(3).map(3 as never), 'ERR_TYPE'],
    [() => rows(3).shuffle(1.5), 'ERR_TYPE'],
    [() => rows(3).shard(2, 2), 'ERR_OUT_OF_RANGE'],
    [() => rows(3).zip([1] as never), 'ERR_TYPE'],
    [() => rows(3).repeat().toArray(), 'ERR_OUT_OF_RANGE'],
    [() => data.fromGenerator(3 as never), 'ERR_TYPE'],
    [() => data.fromArrays(3 as never), 'ERR_TYPE'],
    [() => rows(3).split({} as never), 'ERR_OUT_OF_RANGE'],
    [() => rows(3).split({ validation: 0.6, test: 0.5 }), 'ERR_OUT_OF_RANGE'],
    [() => rows(3).shuffle(3).split({ validation: 0.5 }), 'ERR_DATASET'],
  ])('%s', async (run, code) => expect(await failure(run)).toMatchObject({ code }));
});
