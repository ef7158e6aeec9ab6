import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { BatchStream, eachBatch } from '../../lib/data/dataset.js';
import { array, type NDArray } from '../../lib/data/ndarray.js';

const batch = (n: number) => [array([[n]]), array([[0]])];
const number = (b: { x: unknown } | null) => b && (b.x as NDArray).at(0, 0);

/** Numbers of the next batches, with a stream of its own. */
async function take(source: unknown, count: number, wanted?: number): Promise<unknown[]> {
  const stream = new BatchStream(source, 'x');
  await stream.begin(wanted);
  const seen = [];
  for (let i = 0; i < count; i++) seen.push(number(await stream.next()));
  await stream.close();
  return seen;
}

const kinds: [string, (closed: () => void) => unknown][] = [
  [
    'a generator object',
    (closed) =>
      (function* () {
        try {
          for (let i = 0; ; i++) yield batch(i);
        } finally {
          closed();
        }
      })(),
  ],
  [
    'an async generator object',
    (closed) =>
      (async function* () {
        try {
          for (let i = 0; ; i++) {
            await setImmediate();
            yield batch(i);
          }
        } finally {
          closed();
        }
      })(),
  ],
  [
    'an iterator',
    (closed) => {
      let i = 0;
      return {
        next: () => ({ done: false, value: batch(i++) }),
        return: () => {
          closed();
          return { done: true };
        },
      };
    },
  ],
  [
    'a Node stream',
    (closed) =>
      Readable.from(
        (function* () {
          for (let i = 0; ; i++) yield batch(i);
        })(),
      ).on('close', closed),
  ],
  [
    'a Web stream',
    (closed) => {
      let i = 0;
      return new ReadableStream({ pull: (c) => c.enqueue(batch(i++)), cancel: closed });
    },
  ],
];

describe('a source of the user', () => {
  it.each(kinds)('%s is left open, and the next who reads goes on', async (_, make) => {
    let closed = 0;
    const source = make(() => closed++);
    expect(await take(source, 3)).toEqual([0, 1, 2]);
    expect(await take(source, 2, 2)).toEqual([3, 4]);
    await setTimeout(5);
    expect(await take(source, 1)).toEqual([5]);
    expect(closed).toBe(0);
  });

  it.each(kinds)('%s is asked for no more than is wanted, so that its maker can read on', async (_, make) => {
    const source = make(() => {}) as AsyncIterable<unknown[]> & Iterator<unknown[]>;
    expect(await take(source, 3, 3)).toEqual([0, 1, 2]);
    await setTimeout(5);
    const it = (source[Symbol.asyncIterator]?.() ?? source) as AsyncIterator<unknown[]>;
    expect((await it.next()).value[0].at(0, 0)).toBe(3);
  });

  it.each(kinds)('%s serves two readers side by side', async (_, make) => {
    const source = make(() => {});
    const [one, other] = [new BatchStream(source, 'x'), new BatchStream(source, 'y')];
    await one.begin();
    await other.begin();
    const seen = [await one.next(), await other.next(), ...(await Promise.all([one.next(), other.next()]))];
    await other.close();
    seen.push(await one.next());
    await one.close();
    expect(seen.map(number).sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it('keeps the batch that came after its reader had gone', async () => {
    let answer: (n: number) => void = () => {};
    const source = {
      next: () => new Promise((resolve) => (answer = (n) => resolve({ done: false, value: batch(n) }))),
    };
    const stream = new BatchStream(source, 'x');
    const waiting = stream.next();
    await setImmediate();
    await stream.close();
    expect(await waiting).toBeNull();
    const next = take(source, 1);
    answer(7);
    expect(await next).toEqual([7]);
  });

  it('that is a stream may fail when nobody reads it: whoever reads it next is told', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const stream = new Readable({ objectMode: true, read() {} });
    stream.push(batch(0));
    expect(await take(stream, 1)).toEqual([0]);
    stream.destroy(new RangeError('disk on fire'));
    await setTimeout(5);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('disk on fire'), expect.anything());
    await expect(take(stream, 1)).rejects.toThrow('disk on fire');
    warn.mockRestore();
  });

  it('is left open by adapt where that fails', () => {
    let closed = false;
    const source = kinds[0][1](() => {
      closed = true;
    });
    const fail = () => {
      throw new Error('no');
    };
    expect(() => eachBatch('adapt', source, fail, () => {})).toThrow('no');
    expect(closed).toBe(false);
  });
});

describe('a source of ours', () => {
  it('is closed where a promise in it fails', async () => {
    let closed = 0;
    const stream = new BatchStream(function* () {
      try {
        yield Promise.reject(new Error('disk on fire'));
      } finally {
        closed++;
      }
    }, 'x');
    await expect(stream.next()).rejects.toThrow('disk on fire');
    await stream.close();
    expect(closed).toBe(1);
  });

  it('that is never made does not hold up who closes it, and is closed when it comes', async () => {
    let made: (source: unknown) => void = () => {};
    let closed = 0;
    const stream = new BatchStream(() => new Promise((resolve) => (made = resolve)), 'x');
    const beginning = stream.begin();
    await setImmediate();
    await stream.close();
    await beginning;
    expect(await stream.next()).toBeNull();
    made({ [Symbol.iterator]: () => ({ next: () => ({ done: true }), return: () => ({ done: closed++ }) }) });
    await setTimeout(5);
    expect(closed).toBe(1);
  });

  it('whose cleaning up never ends holds nobody up who closes it once more', async () => {
    const never = new Promise<never>(() => {});
    const iterator = { next: () => ({ done: false, value: batch(0) }), return: () => never };
    const stream = new BatchStream({ [Symbol.iterator]: () => iterator }, 'x');
    await stream.next();
    const closing = stream.close();
    await setImmediate();
    await stream.close();
    await closing;
  });
});

describe('one buffer that an async source fills again and again', () => {
  const forms: [string, (b: Float32Array) => unknown, (x: unknown) => number][] = [
    ['a typed array', (b) => b, (x) => (x as Float32Array)[0]],
    ['a Buffer', (b) => Buffer.from(b.buffer), (x) => new Float32Array(new Uint8Array(x as Buffer).buffer)[0]],
    ['an NDArray', (b) => array(b, [2, 2]), (x) => (x as NDArray).at(0, 0)],
    [
      'a view with strides',
      (b) => ({ data: b, shape: [1, 2], stride: [2, 2], offset: 0 }),
      (x) => ((x as NDArray).toArray() as number[][])[0][0],
    ],
    ['a dictionary', (b) => ({ pixels: b }), (x) => (x as { pixels: Float32Array }).pixels[0]],
  ];
  it.each(forms)('is copied before more is asked for: %s', async (_, form, first) => {
    const buffer = new Float32Array(4);
    const rows = [[0, 0]];
    const stream = new BatchStream(async function* () {
      for (let i = 0; i < 4; i++) {
        buffer.fill(i);
        rows[0][0] = i;
        yield { xs: form(buffer), ys: rows };
      }
    }, 'x');
    const seen: unknown[] = [];
    for (let b = await stream.next(); b; b = await stream.next()) {
      await setTimeout(2);
      seen.push([first(b.x), (b.y as number[][])[0][0]]);
    }
    expect(seen).toEqual([0, 1, 2, 3].map((i) => [i, i]));
  });
});
