import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { array, layers, type Sequential, sequential } from '../../lib/index.js';

const x = array(
  Float32Array.from({ length: 8 }, (_, i) => Math.sin(i)),
  [4, 2],
);
const y = array(
  Float32Array.from({ length: 4 }, (_, i) => Math.cos(i)),
  [4, 1],
);

function make(): Sequential {
  const model = sequential([layers.dense({ units: 1, inputShape: [2] })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  return model;
}

/** What a source is to do after its second batch. */
type Then = 'end' | 'go on' | 'fail' | 'hang';
/** How often it was opened, asked and closed; a source that ended or failed is closed by that. */
interface Log {
  opened: number;
  given: number;
  closed: number;
}
const never = () => new Promise<never>(() => {});
const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

function* sync(log: Log, then: Then): Generator<unknown> {
  log.opened++;
  try {
    for (let i = 0; i < 2 || then === 'go on' || i < 200; i++) {
      if (i === 2 && then === 'end') return;
      if (i === 2 && then === 'fail') throw new RangeError('disk on fire');
      if (i === 2 && then === 'hang') yield never();
      log.given++;
      yield [x, y];
    }
  } finally {
    log.closed++;
  }
}
async function* later(log: Log, then: Then): AsyncGenerator<unknown> {
  log.opened++;
  try {
    for (let i = 0; i < 200; i++) {
      await tick();
      if (i === 2 && then === 'end') return;
      if (i === 2 && then === 'fail') throw new RangeError('disk on fire');
      if (i === 2 && then === 'hang') await never();
      log.given++;
      yield [x, y];
    }
  } finally {
    log.closed++;
  }
}
function nodeStream(log: Log, then: Then): Readable {
  // The stream itself counts as what is opened and closed.
  const inner = {
    opened: 0,
    closed: 0,
    get given() {
      return log.given;
    },
    set given(n) {
      log.given = n;
    },
  };
  const stream = Readable.from(later(inner, then), { highWaterMark: 1 });
  log.opened++;
  stream.on('close', () => log.closed++);
  return stream;
}
function webStream(log: Log, then: Then): ReadableStream<unknown> {
  log.opened++;
  let i = 0;
  return new ReadableStream<unknown>({
    async pull(controller) {
      await tick();
      if (i === 2 && then === 'hang') await never();
      if (i === 2 && then !== 'go on') log.closed++;
      if (i === 2 && then === 'end') return controller.close();
      if (i === 2 && then === 'fail') throw new RangeError('disk on fire');
      i++;
      log.given++;
      controller.enqueue([x, y]);
    },
    cancel() {
      log.closed++;
    },
  });
}

const generator = { sync, later };
/** Made by us: a source each epoch. */
const made: [string, (log: Log, then: Then) => unknown][] = [
  ['a generator function', (log, then) => () => sync(log, then)],
  ['an iterable', (log, then) => ({ [Symbol.iterator]: () => sync(log, then) })],
  ['an async generator function', (log, then) => () => later(log, then)],
  ['an async iterable', (log, then) => ({ [Symbol.asyncIterator]: () => later(log, then) })],
  ['a function that promises an iterator', (log, then) => async () => later(log, then)],
  ['a function that opens a Node stream', (log, then) => () => nodeStream(log, then)],
  ['a function that opens a Web stream', (log, then) => () => webStream(log, then)],
];
/** The user's own. */
const own: [string, (log: Log, then: Then) => unknown][] = [
  ['a generator object', generator.sync],
  ['an async generator object', generator.later],
  ['a Node stream', nodeStream],
  ['a Web stream', webStream],
];

interface Ways {
  /** Of batches an epoch. */
  steps?: number;
  signal?: AbortSignal;
  callbacks?: object;
}
/** Who reads it, and the hook that is called after its batches. */
const readers: [string, string, (model: Sequential, source: unknown, ways: Ways) => Promise<unknown>][] = [
  [
    'fit',
    'onTrainBatchEnd',
    (model, source, { steps, ...rest }) =>
      model.fit(source as never, null, { verbose: 0, epochs: 2, stepsPerEpoch: steps ?? null, ...rest }),
  ],
  [
    'validation',
    'onTestBatchEnd',
    (model, source, { steps, ...rest }) =>
      model.fit(x, y, { verbose: 0, epochs: 2, validationData: source as never, validationSteps: steps ?? null, ...rest }),
  ],
  [
    'evaluate',
    'onTestBatchEnd',
    (model, source, { steps, signal: _, ...rest }) =>
      model.evaluate(source as never, null, { verbose: 0, steps: steps ?? null, ...rest }),
  ],
  [
    'predict',
    'onPredictBatchEnd',
    (model, source, { steps, signal: _, ...rest }) =>
      model.predict(source as never, { verbose: 0, steps: steps ?? null, ...rest }),
  ],
];

/** What a promise comes to, within two seconds. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, 2000, 'hangs')));
  const settled = promise.then(
    () => 'ok',
    (error) => error,
  );
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
}
async function worksOn(model: Sequential): Promise<void> {
  expect((await model.fit(x, y, { verbose: 0, epochs: 2 })).history.loss).toHaveLength(2);
  expect((await model.predict(x, { verbose: 0 })).shape).toEqual([4, 1]);
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 10));

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  await settle();
  process.off('unhandledRejection', note);
  vi.restoreAllMocks();
  expect(unhandled).toEqual([]);
});

describe.each(readers)('%s', (reader, hook, read) => {
  const fits = reader === 'fit' || reader === 'validation';

  describe.each(made)('of %s closes what it opened', (_, open) => {
    it.each<[string, Then, (model: Sequential) => Ways, unknown]>([
      ['that ends', 'end', () => ({}), 'ok'],
      ['that is left early', 'go on', () => ({ steps: 3 }), 'ok'],
      [
        'where a hook throws',
        'go on',
        () => ({ callbacks: { [hook]: () => Promise.reject(new RangeError('no')) } }),
        { message: 'no' },
      ],
      ['that fails', 'fail', () => ({}), { code: 'ERR_DATASET', message: /disk on fire/ }],
      [
        'that is stopped',
        'go on',
        (model) => ({
          callbacks: {
            [hook]: () => {
              model.stopTraining = model.stopEvaluating = model.stopPredicting = true;
            },
          },
        }),
        'ok',
      ],
    ])('%s', async (__, then, ways, expected) => {
      const log = { opened: 0, given: 0, closed: 0 };
      const model = make();
      const got = await outcome(read(model, open(log, then), ways(model)));
      if (expected === 'ok') expect(got).toBe('ok');
      else {
        const { message, ...rest } = expected as { message: string | RegExp };
        expect(got).toMatchObject(rest);
        expect((got as Error).message).toMatch(message);
      }
      await settle();
      expect(log.opened).toBeGreaterThan(0);
      expect(log.closed).toBe(log.opened);
      await worksOn(model);
    });

    if (fits)
      it('that is aborted, at once', async () => {
        const log = { opened: 0, given: 0, closed: 0 };
        const model = make();
        const controller = new AbortController();
        const callbacks = { [hook]: () => controller.abort() };
        const got = await outcome(read(model, open(log, 'go on'), { signal: controller.signal, callbacks }));
        expect(got).toMatchObject({ name: 'AbortError' });
        await settle();
        expect(log.opened).toBe(1);
        expect(log.closed).toBe(1);
        await worksOn(model);
      });

    if (fits)
      it('that never answers is left behind by an abort', async () => {
        const model = make();
        const signal = AbortSignal.timeout(300);
        const log = { opened: 0, given: 0, closed: 0 };
        expect(await outcome(read(model, open(log, 'hang'), { signal }))).toMatchObject({ name: 'TimeoutError' });
        expect(log.given).toBe(2);
        await worksOn(model);
      });
  });

  describe.each(own)('of %s leaves it open', (kind, open) => {
    it('and the next goes on in it', async () => {
      const log = { opened: 0, given: 0, closed: 0 };
      const model = make();
      const source = open(log, 'go on');
      const epochs = fits ? 2 : 1;
      expect(await outcome(read(model, source, { steps: 3 }))).toBe('ok');
      const failing = { [hook]: () => Promise.reject(new RangeError('no')) };
      expect(await outcome(read(model, source, { steps: 2, callbacks: failing }))).toMatchObject({ message: 'no' });
      await settle();
      expect(await outcome(read(model, source, { steps: 1 }))).toBe('ok');
      await settle();
      expect(log.closed).toBe(0);
      // The one that the failed call read ahead was there for the next. A stream reads ahead of whoever reads it.
      const asked = 3 * epochs + 1 + epochs;
      if (kind.includes('generator')) expect(log.given).toBe(asked);
      expect(log.given).toBeGreaterThanOrEqual(asked);
    });

    it('also where it has ended: then there is no batch', async () => {
      const log = { opened: 0, given: 0, closed: 0 };
      const model = make();
      const source = open(log, 'end');
      expect(await outcome(read(model, source, {}))).toBe('ok');
      expect(await outcome(read(model, source, {}))).toMatchObject({ code: 'ERR_EMPTY', name: 'ValueError' });
      await worksOn(model);
    });

    it('also where it fails', async () => {
      const model = make();
      const source = open({ opened: 0, given: 0, closed: 0 }, 'fail');
      const got = await outcome(read(model, source, {}));
      expect(got).toMatchObject({ code: 'ERR_DATASET', cause: expect.any(RangeError) });
      await worksOn(model);
    });

    if (fits)
      it('and an abort does not wait for it', async () => {
        const model = make();
        const log = { opened: 0, given: 0, closed: 0 };
        const source = open(log, 'hang');
        expect(await outcome(read(model, source, { signal: AbortSignal.timeout(300) }))).toMatchObject({ name: 'TimeoutError' });
        expect(log.closed).toBe(0);
        await worksOn(model);
      });
  });

  if (fits)
    it('is released by an abort where a source cannot be opened, and where it cannot be closed', async () => {
      const model = make();
      expect(await outcome(read(model, never, { signal: AbortSignal.timeout(30) }))).toMatchObject({ name: 'TimeoutError' });
      const stuck = { next: () => ({ done: false, value: [x, y] }), return: never };
      const open = { [Symbol.iterator]: () => stuck };
      const signal = AbortSignal.timeout(300);
      expect(await outcome(read(model, open, { steps: 1, signal }))).toMatchObject({ name: 'TimeoutError' });
      await worksOn(model);
    });

  it('goes on where a source cannot be closed in order', async () => {
    const model = make();
    for (const fail of [() => Promise.reject(new Error('stuck')), () => Promise.reject(null)]) {
      const open = { [Symbol.iterator]: () => ({ next: () => ({ done: false, value: [x, y] }), return: fail }) };
      expect(await outcome(read(model, open, { steps: 1 }))).toBe('ok');
    }
    await worksOn(model);
  });

  it.each<[string, () => unknown]>([
    ['no function of it', () => () => 5],
    [
      'a function that throws',
      () => () => {
        throw new RangeError('disk on fire');
      },
    ],
    [
      'an iterable that throws',
      () => ({
        [Symbol.iterator]() {
          throw new RangeError('disk on fire');
        },
      }),
    ],
    ['an iterator that is none', () => ({ [Symbol.iterator]: () => ({}) })],
    ['an iterator that is null', () => ({ [Symbol.iterator]: () => null })],
    ['results that are none', () => () => ({ [Symbol.iterator]: () => ({ next: () => 5 }) })],
    ['a batch that is none', () => () => [5]],
    ['a batch that does not fit', () => () => [[array([[1, 2, 3]]), array([[1]])]]],
  ])('refuses %s with a code, and works on', async (_, open) => {
    const model = make();
    const got = (await outcome((async () => read(model, open(), {}))())) as { code: string };
    expect(got).toBeInstanceOf(Error);
    expect(got.code).toMatch(/^ERR_/);
    await worksOn(model);
  });
});

describe('hooks of batches come in pairs where the data ran out', () => {
  const counting = (calls: string[]) =>
    Object.fromEntries(
      ['TrainBatch', 'TestBatch', 'PredictBatch'].flatMap((what) =>
        ['Begin', 'End'].map((end) => [`on${what}${end}`, (i: number) => void calls.push(`${what}${end} ${i}`)]),
      ),
    );
  const paired = (calls: string[], what: string, count: number) =>
    expect(calls.filter((c) => c.startsWith(what))).toEqual(
      Array.from({ length: count }, (_, i) => [`${what}Begin ${i}`, `${what}End ${i}`]).flat(),
    );

  it.each<[string, unknown]>([
    [
      'a function',
      () => [
        [x, y],
        [x, y],
      ],
    ],
    ['a generator object', null],
  ])('%s', async (_, given) => {
    const source = () => given ?? sync({ opened: 0, given: 0, closed: 0 }, 'end');
    for (const [reader, , read] of readers) {
      const calls: string[] = [];
      const what = { fit: 'TrainBatch', validation: 'TestBatch', evaluate: 'TestBatch', predict: 'PredictBatch' }[
        reader
      ] as string;
      const callbacks = counting(calls);
      await read(make(), source(), { steps: 3, callbacks });
      if (reader === 'validation' && given) paired(calls.slice(0, calls.length / 2), what, 2);
      else paired(calls, what, 2);
    }
  });

  it('arrays', async () => {
    const calls: string[] = [];
    await make().fit(x, y, { verbose: 0, batchSize: 2, stepsPerEpoch: 3, shuffle: false, callbacks: counting(calls) });
    paired(calls, 'TrainBatch', 2);
  });
});

describe('validation that can be read once', () => {
  it.each(own)('%s: all losses, one val_loss, one warning', async (_, open) => {
    const { history, epoch } = await make().fit(x, y, {
      verbose: 0,
      epochs: 4,
      validationData: open({ opened: 0, given: 0, closed: 0 }, 'end') as never,
    });
    expect(epoch).toHaveLength(4);
    expect(history.loss).toHaveLength(4);
    expect(history.val_loss).toHaveLength(1);
    expect(process.emitWarning).toHaveBeenCalledTimes(1);
  });

  it('without a batch from the first on is an error', async () => {
    for (const validationData of [() => [], (function* () {})(), async function* () {}])
      expect(await outcome(make().fit(x, y, { verbose: 0, validationData }))).toMatchObject({ code: 'ERR_EMPTY' });
  });
});
