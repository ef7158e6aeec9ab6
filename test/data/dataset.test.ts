import { Readable } from 'node:stream';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BatchStream, isDataset } from '../../lib/data/dataset.js';
import { array } from '../../lib/data/ndarray.js';

const x = (n = 0) =>
  array([
    [n, n],
    [n, n],
  ]);
const y = () => array([[0], [1]]);
const batch = (n: number) => [x(n), y()];

/** Numbers of the batches of an epoch, or of its first few. */
async function epoch(stream: BatchStream, most = 100): Promise<number[]> {
  await stream.begin();
  const seen: number[] = [];
  while (seen.length < most) {
    const b = await stream.next();
    if (!b) break;
    expect(b.index).toBe(seen.length);
    seen.push((b.x as ReturnType<typeof x>).at(0, 0));
  }
  return seen;
}

function* three() {
  for (let i = 0; i < 3; i++) yield batch(i);
}
async function* threeLater() {
  for (let i = 0; i < 3; i++) {
    await setImmediate();
    yield batch(i);
  }
}

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  await setTimeout(5);
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

describe('isDataset', () => {
  class Tensor {
    dataSync() {}
    *[Symbol.iterator]() {}
  }
  it.each<[string, unknown, boolean]>([
    ['a generator function', three, true],
    ['an async generator function', threeLater, true],
    ['a generator', three(), true],
    ['an async generator', threeLater(), true],
    ['a set of batches', new Set([batch(0)]), true],
    ['an object with an iterator', { [Symbol.iterator]: three }, true],
    ['an object with an async iterator', { [Symbol.asyncIterator]: threeLater }, true],
    ['a bare iterator', { next: () => ({ done: true, value: undefined }) }, true],
    ['a stream', Readable.from([batch(0)]), true],
    ['a list of batches of NDArrays', [batch(0), batch(1)], true],
    ['a list of { xs, ys }', [{ xs: x(), ys: y() }], true],
    ['a list of typed batches that are no rectangle', [[new Float32Array(4), new Uint8Array(2)]], true],
    ['a typed array', new Float32Array(4), false],
    ['an NDArray', x(), false],
    ['a scijs ndarray', { data: new Float32Array(4), shape: [4], stride: [1], offset: 0 }, false],
    [
      'nested arrays',
      [
        [1, 2],
        [3, 4],
      ],
      false,
    ],
    [
      'nested arrays of pairs of arrays',
      [
        [[1], [2]],
        [[3], [4]],
      ],
      false,
    ],
    ['numbers', [1, 2], false],
    ['an empty list', [], false],
    ['[x, y]', [x(), y()], false],
    [
      '[x, y] of rows',
      [
        [Float32Array.of(1, 2), Float32Array.of(1, 2)],
        [0, 1],
      ],
      false,
    ],
    ['[array]', [x()], false],
    ['rows as typed arrays', [Float32Array.of(1), Float32Array.of(2)], false],
    ['steps as typed arrays', [[Float32Array.of(1, 2), Float32Array.of(3, 4)]], false],
    ['a dictionary', { pixels: x() }, false],
    ['a tensor of TensorFlow.js', new Tensor(), false],
    ['a string', 'abc', false],
    ['null', null, false],
    ['undefined', undefined, false],
    ['a number', 7, false],
  ])('%s', (_, value, expected) => {
    expect(isDataset(value)).toBe(expected);
  });
});

describe('BatchStream: epochs', () => {
  it.each<[string, unknown]>([
    ['a generator function', three],
    ['an async generator function', threeLater],
    ['a function that gives a list', () => [batch(0), batch(1), batch(2)]],
    ['a function that gives a promise', async () => three()],
    ['a list', [batch(0), batch(1), batch(2)]],
    ['a set', new Set([batch(0), batch(1), batch(2)])],
    ['an iterable', { [Symbol.iterator]: three }],
    ['an async iterable', { [Symbol.asyncIterator]: threeLater }],
    [
      'an iterable of promises',
      {
        *[Symbol.iterator]() {
          for (const b of three()) yield Promise.resolve(b);
        },
      },
    ],
  ])('%s is read anew each epoch', async (_, source) => {
    const stream = new BatchStream(source, 'x');
    expect(await epoch(stream)).toEqual([0, 1, 2]);
    expect(await stream.next()).toBeNull();
    expect(await epoch(stream, 2)).toEqual([0, 1]);
    expect(await epoch(stream)).toEqual([0, 1, 2]);
    await stream.close();
  });

  it.each<[string, () => unknown]>([
    ['a generator', three],
    ['an async generator', threeLater],
    [
      'a bare iterator',
      () => {
        const it = three();
        return { next: () => it.next() };
      },
    ],
    [
      'a bare iterator of promises',
      () => {
        const it = three();
        return { next: async () => it.next() };
      },
    ],
  ])('%s goes on where it stands, and once dry stays dry', async (_, make) => {
    const stream = new BatchStream(make(), 'x');
    expect(await epoch(stream, 2)).toEqual([0, 1]);
    expect(await epoch(stream)).toEqual([2]);
    expect(await epoch(stream)).toEqual([]);
    expect(await epoch(stream)).toEqual([]);
    await stream.close();
  });

  it('a stream of objects is read once', async () => {
    const stream = new BatchStream(Readable.from([batch(0), batch(1)]), 'x');
    expect(await epoch(stream)).toEqual([0, 1]);
    expect(await epoch(stream)).toEqual([]);
    await stream.close();
  });
});

describe('BatchStream: forms of a batch', () => {
  const read = async (value: unknown, labels = true) => {
    const stream = new BatchStream(() => [value], 'x', { labels });
    await stream.begin();
    const b = await stream.next();
    return b && [b.x, b.y, b.weights];
  };
  it.each<[string, unknown, unknown[]]>([
    ['[x, y, w]', ['X', 'Y', 'W'], ['X', 'Y', 'W']],
    ['[x, y]', ['X', 'Y'], ['X', 'Y', null]],
    ['[x]', ['X'], ['X', null, null]],
    ['{ xs, ys }', { xs: 'X', ys: 'Y' }, ['X', 'Y', null]],
    ['{ xs, ys, weights }', { xs: 'X', ys: 'Y', weights: 'W' }, ['X', 'Y', 'W']],
  ])('%s', async (_, form, expected) => {
    const parts = { X: x(), Y: y(), W: array([1, 1]) } as Record<string, unknown>;
    const put = (v: unknown): unknown =>
      typeof v === 'string'
        ? parts[v]
        : Array.isArray(v)
          ? v.map(put)
          : Object.fromEntries(Object.entries(v as object).map(([k, i]) => [k, put(i)]));
    expect(await read(put(form))).toEqual(expected.map((v) => (v === null ? null : parts[v as string])));
  });

  it('nested arrays: [x, y] where labels are expected, samples where not', async () => {
    expect(
      await read([
        [[1], [2]],
        [0, 1],
      ]),
    ).toEqual([[[1], [2]], [0, 1], null]);
    expect(
      await read([
        [1, 2],
        [3, 4],
      ]),
    ).toEqual([[1, 2], [3, 4], null]);
    expect(
      await read(
        [
          [1, 2],
          [3, 4],
        ],
        false,
      ),
    ).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      null,
      null,
    ]);
    expect(
      await read(
        [
          [[1], [2]],
          [0, 1],
        ],
        false,
      ),
    ).toEqual([[[1], [2]], [0, 1], null]);
    expect(await read([[1, 2]], false)).toEqual([[[1, 2]], null, null]);
    expect(await read([1, 2, 3])).toEqual([[1, 2, 3], null, null]);
  });

  it('x alone', async () => {
    const a = x();
    expect(await read(a)).toEqual([a, null, null]);
    expect(await read({ pixels: a })).toEqual([{ pixels: a }, null, null]);
  });

  it.each([[null], [undefined], [3], ['abc'], [{ xs: x(), yz: y() }]])('refuses %j', async (value) => {
    await expect(read(value)).rejects.toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_DATASET', message: expect.stringMatching(/^x, batch 0: /) }),
    );
  });
});

describe('BatchStream: errors', () => {
  const failing = {
    sync: function* () {
      yield batch(0);
      throw new RangeError('disk on fire');
    },
    async: async function* () {
      yield batch(0);
      throw new RangeError('disk on fire');
    },
    rejecting: function* () {
      yield batch(0);
      yield Promise.reject(new RangeError('disk on fire'));
    },
  };
  it.each(Object.entries(failing))('of a source (%s) come at their batch, with the cause', async (_, source) => {
    const stream = new BatchStream(source, 'x');
    await stream.begin();
    // Time for the look-ahead to meet the error before anyone asks for it.
    await setTimeout(5);
    expect(await stream.next()).not.toBeNull();
    await expect(stream.next()).rejects.toThrow(
      expect.objectContaining({
        name: 'RuntimeError',
        code: 'ERR_DATASET',
        message: 'x: the dataset failed at batch 1: disk on fire',
        cause: expect.any(RangeError),
      }),
    );
    expect(await stream.next()).toBeNull();
    await stream.close();
  });

  it('that nobody asks for do not become unhandled rejections', async () => {
    const stream = new BatchStream(failing.async, 'x');
    await stream.begin();
    await setTimeout(5);
    await stream.close();
  });

  it('of the function itself', async () => {
    const stream = new BatchStream(() => {
      throw new Error('no such file');
    }, 'x');
    await expect(stream.begin()).rejects.toThrow(/could not be opened: no such file/);
    await expect(new BatchStream(() => 5, 'x').begin()).rejects.toThrow(/must return an iterable.*5/);
    await expect(new BatchStream(() => x(), 'x').begin()).rejects.toThrow(/must return an iterable/);
    await expect(new BatchStream(() => null, 'x').begin()).rejects.toThrow(/must return an iterable/);
    await expect(new BatchStream(class {}, 'x').begin()).rejects.toThrow(/class/i);
  });

  it('of iterators that do not keep to the protocol', async () => {
    const stream = new BatchStream({ next: () => 5 }, 'x');
    await expect(stream.next()).rejects.toThrow(/\{ value, done \}/);
    await expect(
      new BatchStream({ [Symbol.asyncIterator]: () => ({ next: async () => undefined }) }, 'x').next(),
    ).rejects.toThrow(/value, done/);
  });

  it('an abort passes as it is', async () => {
    const abort = new DOMException('stopped', 'AbortError');
    const stream = new BatchStream(() => {
      throw abort;
    }, 'x');
    await expect(stream.begin()).rejects.toBe(abort);
  });
});

describe('BatchStream: look-ahead', () => {
  const counting = (asked: { now: number; running: number; most: number }) => ({
    [Symbol.asyncIterator]: () => ({
      async next() {
        asked.now++;
        asked.most = Math.max(asked.most, ++asked.running);
        await setTimeout(1);
        asked.running--;
        return { done: false, value: batch(0) };
      },
    }),
  });

  it.each([[0], [1], [2], [5]])('is bounded by %d batches, one request at a time', async (lookAhead) => {
    const asked = { now: 0, running: 0, most: 0 };
    const stream = new BatchStream(counting(asked), 'x', { lookAhead });
    await stream.begin();
    for (let i = 1; i <= 3; i++) {
      await stream.next();
      await vi.waitFor(() => expect(asked.now).toBe(i + lookAhead), { timeout: 10_000 });
      await setTimeout(10);
      expect(asked.now).toBe(i + lookAhead);
    }
    expect(asked.most).toBe(1);
    await stream.close();
    await setTimeout(10);
    expect(asked.now).toBe(3 + lookAhead);
  });

  it('is not done for sync sources', async () => {
    let asked = 0;
    const stream = new BatchStream(function* () {
      for (;;) {
        asked++;
        yield batch(0);
      }
    }, 'x');
    await stream.begin();
    await stream.next();
    await setTimeout(2);
    expect(asked).toBe(1);
    await stream.close();
  });
});

describe('BatchStream: close', () => {
  it.each([['sync'], ['async']])('lets a %s source clean up', async (kind) => {
    let cleaned = 0;
    const source =
      kind === 'sync'
        ? function* () {
            try {
              for (;;) yield batch(0);
            } finally {
              cleaned++;
            }
          }
        : async function* () {
            try {
              for (;;) yield batch(0);
            } finally {
              await setImmediate();
              cleaned++;
            }
          };
    const stream = new BatchStream(source, 'x');
    await stream.begin();
    await stream.next();
    await setTimeout(5);
    await stream.close();
    expect(cleaned).toBe(1);
    expect(await stream.next()).toBeNull();
    await stream.close();
    expect(cleaned).toBe(1);
    // A new epoch of a source that was cut off lets the old one clean up too.
    await stream.begin();
    await stream.next();
    await setTimeout(5);
    await stream.begin();
    expect(cleaned).toBe(2);
    await stream.close();
  });

  it('does not wait for a source that never answers, and wakes who does', async () => {
    // The generator's return() waits for its next(), which never comes.
    const stream = new BatchStream(async function* () {
      await new Promise<never>(() => {});
      yield batch(0);
    }, 'x');
    await stream.begin();
    const waiting = stream.next();
    await setImmediate();
    await stream.close();
    expect(await waiting).toBeNull();
  });

  it('warns where cleaning up fails', async () => {
    const warnings: string[] = [];
    const listen = (w: Error) => warnings.push(w.message);
    process.on('warning', listen);
    const stream = new BatchStream(
      {
        [Symbol.iterator]: () => ({
          next: () => ({ done: false, value: batch(0) }),
          return: () => {
            throw new Error('stuck');
          },
        }),
      },
      'x',
    );
    await stream.next();
    await stream.close();
    await setTimeout(5);
    process.off('warning', listen);
    expect(warnings.join()).toMatch(/stuck/);
  });

  it('is not called on a source that ended by itself', async () => {
    let returned = 0;
    let n = 0;
    const stream = new BatchStream(
      {
        [Symbol.iterator]: () => ({
          next: () => ({ done: n++ > 0, value: batch(0) }),
          return: () => {
            returned++;
            return { done: true, value: undefined };
          },
        }),
      },
      'x',
    );
    expect(await epoch(stream)).toEqual([0]);
    await stream.close();
    expect(returned).toBe(0);
  });
});

describe('BatchStream: construction', () => {
  it.each([[5], [null], ['abc'], [new Float32Array(3)], [{}]])('refuses %j', (source) => {
    expect(() => new BatchStream(source, 'x')).toThrow(TypeError);
  });
});
