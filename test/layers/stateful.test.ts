import { describe, expect, it } from 'vitest';
import { array, callbacks, layers, type NDArray, Sequential, sequential, setRandomSeed } from '../../lib/index.js';
import type { Layer } from '../../lib/layers/layer.js';
import { throwing } from './helpers.js';

const wave = (...shape: number[]) =>
  array(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(1 + i * i * 0.7)),
    shape,
  );
/** Steps [from, to) of [samples, steps, features]. */
function steps(x: NDArray, from: number, to: number): NDArray {
  const [samples, all, features] = x.shape;
  const data = new Float32Array(samples * (to - from) * features);
  for (let r = 0; r < samples; r++)
    data.set(
      (x.data as Float32Array).subarray((r * all + from) * features, (r * all + to) * features),
      r * (to - from) * features,
    );
  return array(data, [samples, to - from, features]);
}
const numbers = (a: NDArray) => Array.from(a.data as Float32Array);
function expectClose(got: readonly number[], want: readonly number[]) {
  expect(got.length).toBe(want.length);
  got.forEach((v, i) => {
    expect(v).toBeCloseTo(want[i], 5);
  });
}
/** Trains without changing a weight. */
const still = { optimizer: { className: 'SGD', config: { learningRate: 0 } }, loss: 'mse' };

const kinds: Record<string, (stateful: boolean) => Layer> = {
  SimpleRNN: (stateful) => layers.simpleRNN({ units: 3, stateful, inputShape: [null, 2] }),
  LSTM: (stateful) => layers.lstm({ units: 3, stateful, inputShape: [null, 2] }),
  GRU: (stateful) => layers.gru({ units: 3, stateful, returnSequences: true, inputShape: [null, 2] }),
  'RNN of two cells': (stateful) =>
    layers.rnn({ cell: [new layers.LSTMCell({ units: 3 }), new layers.GRUCell({ units: 2 })], stateful, inputShape: [null, 2] }),
};

describe.each(Object.entries(kinds))('a stateful %s', (_, layer) => {
  const x = wave(4, 6, 2);
  /** What the second half of the sequence gives after the first, by a layer that sees it whole. */
  function pair() {
    const whole = sequential([layer(false)]);
    const halves = sequential([layer(true)]);
    halves.setWeights(whole.getWeights());
    halves.compile(still);
    const all = whole.predictSync(x);
    const want = all.shape.length === 3 ? steps(all, 3, 6) : all;
    return { halves, want: numbers(want), y: wave(...want.shape), first: steps(x, 0, 3), second: steps(x, 3, 6) };
  }

  it('predicts a sequence in two halves', async () => {
    const { halves, want, first, second } = pair();
    const begun = numbers(await halves.predict(first, { verbose: 0 }));
    expectClose(numbers(await halves.predict(second, { verbose: 0 })), want);
    halves.resetStates();
    expect(numbers(await halves.predict(first, { verbose: 0 }))).toEqual(begun);
    expectClose(numbers(halves.predictSync(second)), want);
  });

  it('goes on from what it trained, evaluated or saw one by one', async () => {
    const { halves, want, y, first, second } = pair();
    const begin: (() => Promise<unknown>)[] = [
      () => halves.fit(first, y, { verbose: 0, shuffle: false }),
      () => halves.evaluate(first, y, { verbose: 0 }),
      () => halves.trainOnBatch(first, y),
      () => halves.testOnBatch(first, y),
      () => halves.predictOnBatch(first),
    ];
    const loss = want.reduce((sum, v, i) => sum + (v - numbers(y)[i]) ** 2, 0) / want.length;
    for (const run of begin) {
      halves.resetStates();
      await run();
      expectClose(numbers(halves.predictSync(second)), want);
      halves.resetStates();
      await run();
      expect(await halves.evaluate(second, y, { verbose: 0 })).toBeCloseTo(loss, 5);
      halves.resetStates();
      await run();
      expect((await halves.fit(second, y, { verbose: 0, shuffle: false })).history.loss[0]).toBeCloseTo(loss, 5);
    }
  });
});

/** A stateful SimpleRNN over one feature, by hand: its output after each batch. */
class ByHand {
  h: number[][];
  constructor(
    readonly weights: readonly NDArray[],
    samples: number,
  ) {
    this.h = Array.from({ length: samples }, () => [0, 0]);
  }
  batch(x: NDArray, first: number): number[] {
    const [w, u, b] = this.weights.map(numbers);
    const [, all] = x.shape;
    this.h.forEach((h, r) => {
      for (let t = 0; t < all; t++) {
        const v = (x.data as Float32Array)[(first + r) * all + t];
        this.h[r] = [0, 1].map((j) => Math.tanh(v * w[j] + h[0] * u[j] + h[1] * u[2 + j] + b[j]));
        h = this.h[r];
      }
    });
    return this.h.flat();
  }
}

describe('the states', () => {
  const made = () => {
    setRandomSeed(4);
    const model = sequential([
      layers.simpleRNN({ units: 2, stateful: true, biasInitializer: 'ones', inputShape: [3, 1], name: 'memory' }),
    ]);
    model.compile(still);
    return model;
  };
  const [x, y] = [wave(6, 3, 1), wave(6, 2)];
  const meanSquare = (a: readonly number[], from: number) =>
    a.reduce((sum, v, i) => sum + (v - numbers(y)[from * 2 + i]) ** 2, 0) / a.length;

  it('go on through epochs, validation, evaluation and compile, as unrolled by hand', async () => {
    const model = made();
    const hand = new ByHand(model.getWeights(), 2);
    const epoch = () => [0, 2, 4].reduce((sum, r) => sum + meanSquare(hand.batch(x, r), r), 0) / 3;
    const { history } = await model.fit(x, y, { epochs: 2, batchSize: 2, shuffle: false, verbose: 0, validationData: [x, y] });
    const want = [epoch(), epoch(), epoch(), epoch()];
    expectClose([history.loss[0], history.val_loss[0], history.loss[1], history.val_loss[1]], want);
    model.compile(still);
    expect(await model.evaluate(x, y, { batchSize: 2, verbose: 0 })).toBeCloseTo(epoch(), 5);
    const three = [0, 2, 4].flatMap((r) => hand.batch(x, r));
    expectClose(numbers(await model.predict(x, { batchSize: 2, verbose: 0 })), three);
  });

  it('may be reset by a callback, so that epochs are alike', async () => {
    const model = made();
    const reset = new callbacks.LambdaCallback({ onEpochBegin: () => model.resetStates() });
    const { history } = await model.fit(x, y, { epochs: 3, batchSize: 2, shuffle: false, verbose: 0, callbacks: [reset] });
    expect(new Set(history.loss).size).toBe(1);
    const without = await model.fit(x, y, { epochs: 2, batchSize: 2, shuffle: false, verbose: 0 });
    expect(without.history.loss[0]).not.toBe(history.loss[0]);
  });

  it('are for one batch size, until they are reset', async () => {
    const model = made();
    const whole = numbers(model.predictSync(x));
    await expect(model.predict(steps(wave(4, 3, 1), 0, 3), { verbose: 0 })).rejects.toEqual(
      throwing('ERR_STATEFUL', /layer 'memory' is stateful.*\[4, 2\] instead of \[6, 2\].*resetStates/),
    );
    expect(() => model.predictSync(wave(1, 3, 1))).toThrow(throwing('ERR_STATEFUL', /memory/));
    await expect(model.trainOnBatch(wave(2, 3, 1), wave(2, 2))).rejects.toEqual(throwing('ERR_STATEFUL', /memory/));
    // What was refused has left the states alone.
    const again = made();
    again.predictSync(x);
    expect(numbers(model.predictSync(x))).toEqual(numbers(again.predictSync(x)));
    model.resetStates();
    expectClose(numbers(model.predictSync(wave(1, 3, 1))), whole.slice(0, 2));
  });

  it('bind validation to the batch size of training, before it begins', async () => {
    const model = made();
    await expect(
      model.fit(x, y, { batchSize: 3, verbose: 0, validationData: [wave(4, 3, 1), wave(4, 2)], validationBatchSize: 2 }),
    ).rejects.toEqual(throwing('ERR_STATEFUL', /of 2 to validate on, of 3 to train on/));
    await expect(model.fit(x, y, { batchSize: 2, verbose: 0, validationSplit: 1 / 3 })).resolves.toBeTruthy();
  });

  it('are those of a layer, whichever model runs it', () => {
    const inner = made();
    const outer = sequential([inner as never, layers.activation({ activation: 'linear' })]);
    outer.build([null, 3, 1]);
    const first = numbers(inner.predictSync(x));
    const other = made();
    other.predictSync(x);
    expect(numbers(outer.predictSync(x))).toEqual(numbers(other.predictSync(x)));
    outer.resetStates();
    expect(numbers(inner.predictSync(x))).toEqual(first);
  });

  it('of both directions are kept', () => {
    const layer = (stateful: boolean) => layers.bidirectional({ layer: layers.lstm({ units: 2, stateful }), inputShape: [3, 1] });
    const [plain, stateful] = [false, true].map((s) => new Sequential([layer(s)]));
    stateful.setWeights(plain.getWeights());
    const begun = numbers(plain.predictSync(x));
    expect(numbers(stateful.predictSync(x))).toEqual(begun);
    const next = numbers(stateful.predictSync(x));
    // Each half of the output comes from a direction of its own.
    for (const half of [0, 1]) expect(next.some((v, i) => (i % 4) >> 1 === half && Math.abs(v - begun[i]) > 1e-3)).toBe(true);
    stateful.resetStates();
    expect(numbers(stateful.predictSync(x))).toEqual(begun);
  });
});
