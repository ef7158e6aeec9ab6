import { describe, expect, it } from 'vitest';
import { array, layers, optimizers, type Sequential, sequential, setRandomSeed } from '../../lib/index.js';

const N = 24;
const x = array(
  Float32Array.from({ length: N * 3 }, (_, i) => Math.sin(i)),
  [N, 3],
);
const y = Float32Array.from({ length: N }, (_, i) => Math.cos(i));
const options = { verbose: 0, batchSize: 8, checkNumerics: true } as const;
function make(rate: number): Sequential {
  setRandomSeed(2);
  const model = sequential([
    layers.dense({ units: 4, name: 'below', inputShape: [3] }),
    layers.dropout({ rate: 0.2 }),
    layers.dense({ units: 1, name: 'above' }),
  ]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: rate }), loss: 'mse' });
  return model;
}
const bits = (model: Sequential) => model.getWeights().map((w) => [...(w.data as Float32Array)]);

describe('checkNumerics', () => {
  it('changes no bit of a training that is well', async () => {
    const [a, b] = [make(0.1), make(0.1)];
    const one = await a.fit(x, y, { ...options, epochs: 3 });
    const other = await b.fit(x, y, { ...options, checkNumerics: false, epochs: 3 });
    expect(bits(a)).toEqual(bits(b));
    expect(one.history).toEqual(other.history);
  });

  it('names the first layer whose output is no number, and gives the weights back', async () => {
    const model = make(0.1);
    const weights = model.getWeights();
    (weights[2].data as Float32Array).fill(3e38);
    model.setWeights(weights);
    const before = bits(model);
    await expect(model.fit(x, y, options)).rejects.toMatchObject({
      code: 'ERR_NUMERICS',
      message: expect.stringMatching(/batch 0 of this fit.*the output of layer 'above' is -?(Infinity|NaN) for sample \d+/),
    });
    expect(bits(model)).toEqual(before);
    expect(model.optimizer.iterations).toBe(0);
  });

  it('names the layer of a gradient that is none', async () => {
    // The step overflows; what was predicted did not.
    await expect(
      make(1e38).fit(
        x,
        y.map((v) => 1e6 * v),
        options,
      ),
    ).rejects.toThrow(/all outputs are finite, and the gradient of layer 'above' is not/);
  });

  it('ends within an epoch where it is told to', async () => {
    const many = 50_000;
    const xs = array(new Float32Array(many * 3).fill(0.5), [many, 3]);
    const ys = new Float32Array(many);
    const aborted = make(0.01);
    await expect(aborted.fit(xs, ys, { ...options, batchSize: 1, signal: AbortSignal.timeout(100) })).rejects.toThrow('aborted');
    expect(aborted.optimizer.iterations).toBeLessThan(many);
    const limited = make(0.01);
    expect((await limited.fit(xs, ys, { ...options, batchSize: 1, timeLimit: 0.1 })).stopReason).toBe('timeLimit');
    expect(limited.optimizer.iterations).toBeLessThan(many);
  });

  it('of a dataset too, as far as it can say', async () => {
    const batches = () => [0, 8, 16].map((i) => [x.slice(i, i + 8), y.subarray(i, i + 8).map((v) => 1e6 * v)]);
    await expect(make(1e38).fit(batches as never, null, { ...options, batchSize: null })).rejects.toMatchObject({
      code: 'ERR_NUMERICS',
    });
  });
});
