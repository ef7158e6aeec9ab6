// Sources that say where they stand: a training goes on in them without reading what it has read, to the bits of one that was not stopped.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NDArray } from '../../lib/data/ndarray.js';
import { layers } from '../../lib/layers/index.js';
import { setRandomSeed } from '../../lib/random.js';
import { type Sequential, sequential } from '../../lib/sequential.js';
import type { FitOptions } from '../../lib/training/fit.js';

let root: string;
let made = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gemmfit-sources-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const PASS = 7;
/** Numbers that hang on all that was drawn before: no count of batches leads back to them. */
class Source {
  at = 0;
  seed = 1;
  given = 0;
  draw(): [NDArray, NDArray] {
    this.given++;
    this.at++;
    const next = () => {
      this.seed = (this.seed * 48271) % 2147483647;
      return this.seed / 2147483647;
    };
    const x = Float32Array.from({ length: 12 }, next);
    return [new NDArray(x, [4, 3]), new NDArray(Float32Array.from({ length: 4 }, next), [4, 1])];
  }
  get dry(): boolean {
    if (this.at < PASS) return false;
    this.at = 0;
    return true;
  }
  getState(): unknown {
    return { at: this.at, seed: BigInt(this.seed), more: Float64Array.of(Number.NaN, this.seed) };
  }
  setState(state: { at: number; seed: bigint; more: Float64Array }): void {
    this.at = state.at;
    this.seed = Number(state.seed);
    expect([...state.more]).toEqual([Number.NaN, this.seed]);
  }
}
class Sync extends Source {
  *[Symbol.iterator]() {
    while (!this.dry) yield this.draw();
  }
}
class Async extends Source {
  async *[Symbol.asyncIterator]() {
    while (!this.dry) {
      yield this.draw();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
class Promised extends Sync {
  override async getState() {
    return super.getState();
  }
}
class Endless extends Sync {
  override get dry() {
    return false;
  }
}
class EndlessAsync extends Async {
  override get dry() {
    return false;
  }
}
/** The user's own iterator: it goes on where it stands, through all epochs. */
class Own extends Source {
  next() {
    return { done: false, value: this.draw() };
  }
}
class OwnAsync extends Source {
  async next() {
    return { done: false, value: this.draw() };
  }
  [Symbol.asyncIterator]() {
    return this;
  }
}
const called = () => {
  const source = new Sync();
  const make = Object.assign(() => source, {
    getState: () => source.getState(),
    setState: (state: never) => source.setState(state),
  });
  return Object.defineProperty(make, 'given', { get: () => source.given }) as typeof make & { given: number };
};

const kinds: Record<string, [make: () => { given: number }, options?: FitOptions]> = {
  'an iterable': [() => new Sync()],
  'an async iterable, which is read ahead': [() => new Async()],
  'an iterable that gives promises of its state': [() => new Promised()],
  'a function': [called],
  'an iterable cut into epochs': [() => new Endless(), { stepsPerEpoch: 5 }],
  'an async iterable cut into epochs': [() => new EndlessAsync(), { stepsPerEpoch: 5 }],
  'an iterator': [() => new Own(), { stepsPerEpoch: 6 }],
  'an async iterator': [() => new OwnAsync(), { stepsPerEpoch: 6 }],
};
const bits = (model: Sequential) => model.getWeights().map((w) => Buffer.from(w.data.buffer).toString('base64'));

async function train(source: unknown, seed: number, folder: string, options: FitOptions) {
  setRandomSeed(seed);
  const model = sequential([
    layers.dense({ units: 4, inputShape: [3], activation: 'relu' }),
    layers.dropout({ rate: 0.2 }),
    layers.dense({ units: 1 }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  const history = await model.fit(source as never, null, {
    epochs: 4,
    verbose: 0,
    checkpoint: { path: folder, every: { steps: 3 } },
    ...options,
  });
  return { history: history.history, epoch: history.epoch, weights: bits(model) };
}
const killedAfter = (batches: number) => {
  let done = 0;
  return {
    onTrainBatchEnd() {
      if (++done === batches) throw new Error('killed');
    },
  };
};

describe.each(Object.entries(kinds))('%s', (_, [make, options]) => {
  it.each([4, 7, 8, 12, 15, 16, 20])('killed after batch %i', async (batches) => {
    const whole = make();
    const expected = await train(whole, 5, join(root, `w${made}`), { ...options });
    const folder = join(root, `k${made++}`);
    const killed = train(make(), 5, folder, { ...options, callbacks: [killedAfter(batches)] });
    await expect(killed).rejects.toThrow('killed');
    const source = make();
    expect(await train(source, 500, folder, { ...options })).toEqual(expected);
    // What was trained before the last checkpoint is not read again.
    expect(source.given).toBeLessThanOrEqual(whole.given - (batches - (batches % 3)) + 3);
  });
});

it('a source that validates, when it is put down in the middle of a validation', async () => {
  const run = async (seed: number, folder: string, stops: boolean) => {
    let reads = 0;
    class Watched extends Sync {
      override draw() {
        if (stops && ++reads === 10) process.emit('SIGTERM', 'SIGTERM');
        return super.draw();
      }
    }
    return train(new Sync(), seed, folder, { validationData: new Watched() as never, handleSignals: ['SIGTERM'] });
  };
  const expected = await run(5, join(root, 'v-whole'), false);
  const folder = join(root, 'v');
  expect((await run(5, folder, true)).epoch).toEqual([0]);
  expect(await run(500, folder, false)).toEqual(expected);
});

it('a source with one of both is refused, and so is another than the checkpoint was written with', async () => {
  const half = Object.assign(new Sync(), { setState: undefined });
  await expect(train(half, 1, join(root, 'half'), {})).rejects.toMatchObject({ code: 'ERR_STATE' });
  const folder = join(root, 'other');
  await train(new Sync(), 1, folder, { epochs: 1 });
  const plain = () => new Sync()[Symbol.iterator]();
  await expect(train(plain, 1, folder, {})).rejects.toMatchObject({ code: 'ERR_CHECKPOINT' });
  const broken = Object.assign(new Sync(), {
    setState: () => {
      throw new Error('no');
    },
  });
  await expect(train(broken, 1, folder, {})).rejects.toMatchObject({ code: 'ERR_CHECKPOINT', cause: { message: 'no' } });
});
