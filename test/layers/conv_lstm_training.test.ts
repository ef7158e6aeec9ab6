import { describe, expect, it } from 'vitest';
import { array, layers, type NDArray, sequential, setRandomSeed, setThreads, ValueError } from '../../lib/index.js';

const wave = (...shape: number[]) =>
  array(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i * i)),
    shape,
  );
const bits = (arrays: readonly NDArray[]) => arrays.map((a) => Array.from(a.data as Float32Array));

describe('a model with a ConvLSTM', () => {
  it('learns the same bits on one thread and on two, with dropout', async () => {
    const run = async (threads: number) => {
      setThreads(threads);
      setRandomSeed(3);
      const model = sequential([
        layers.convLSTM2D({ filters: 8, kernelSize: 3, dropout: 0.2, returnSequences: true, inputShape: [3, 12, 12, 2] }),
        layers.convLSTM2D({ filters: 4, kernelSize: 3, padding: 'same', recurrentDropout: 0.2, dataFormat: 'channels_first' }),
        layers.flatten(),
        layers.dense({ units: 1 }),
      ]);
      model.compile({ optimizer: 'adam', loss: 'mse' });
      const { history } = await model.fit(wave(48, 3, 12, 12, 2), wave(48, 1), { epochs: 2, batchSize: 16, verbose: 0 });
      const result = [history.loss, ...bits(model.getWeights())];
      model.dispose();
      return result;
    };
    try {
      expect(await run(2)).toEqual(await run(1));
    } finally {
      setThreads(2);
    }
  });

  it('finds what moves', async () => {
    setRandomSeed(1);
    // A spot that goes to the right or to the left over four frames.
    const n = 64;
    const x = array(new Float32Array(n * 4 * 8), [n, 4, 8, 1]);
    const y = Float32Array.from({ length: n }, (_, i) => i % 2);
    for (let i = 0; i < n; ++i) for (let t = 0; t < 4; ++t) x.data[(i * 4 + t) * 8 + (((i >> 1) + (i % 2 ? t : 8 - t)) % 8)] = 1;
    const model = sequential([
      layers.convLSTM1D({ filters: 4, kernelSize: 3, padding: 'same', inputShape: [4, 8, 1] }),
      layers.globalAveragePooling1D(),
      layers.dense({ units: 1, activation: 'sigmoid' }),
    ]);
    model.compile({
      optimizer: { className: 'Adam', config: { learningRate: 0.05 } },
      loss: 'binary_crossentropy',
      metrics: ['accuracy'],
    });
    await model.fit(x, y, { epochs: 40, batchSize: 16, verbose: 0 });
    expect((await model.evaluate(x, y, { verbose: 0, returnDict: true })) as object).toMatchObject({ accuracy: 1 });
    model.dispose();
  });

  it('carries its state where stateful, until it is reset', () => {
    setRandomSeed(1);
    const of = (stateful: boolean, steps: number) =>
      sequential([layers.convLSTM2D({ filters: 2, kernelSize: 2, stateful, inputShape: [steps, 3, 3, 1] })]);
    const [whole, halves] = [of(false, 4), of(true, 2)];
    halves.setWeights(whole.getWeights());
    const x = wave(1, 4, 3, 3, 1);
    const part = (from: number, to: number) => array((x.data as Float32Array).slice(from * 9, to * 9), [1, 2, 3, 3, 1]);
    const want = Array.from(whole.predictSync(x).data);
    const first = Array.from(halves.predictSync(part(0, 2)).data);
    const close = (a: ArrayLike<number>) =>
      Array.from(a).forEach((v, i) => {
        expect(v).toBeCloseTo(want[i], 6);
      });
    close(halves.predictSync(part(2, 4)).data);
    halves.resetStates();
    expect(Array.from(halves.predictSync(part(0, 2)).data)).toEqual(first);
    close(halves.predictSync(part(2, 4)).data);
  });

  it('refuses a mask that tells cells apart, with its reason', async () => {
    const model = sequential([
      layers.masking({ inputShape: [3, 4, 2] }),
      layers.bidirectional({ layer: layers.convLSTM1D({ filters: 2, kernelSize: 2 }) }),
    ]);
    const refused = expect.objectContaining({
      code: 'ERR_MASK',
      message: expect.stringMatching(/mask of one number a step; .* 12 for 3 steps/),
    });
    await expect(model.predict(wave(2, 3, 4, 2), { verbose: 0 })).rejects.toThrow(refused);
    await expect(model.predict(wave(2, 3, 4, 2), { verbose: 0 })).rejects.toBeInstanceOf(ValueError);
    model.dispose();
  });
});
