import { describe, expect, it } from 'vitest';
import { array, findLearningRate, layers, optimizers, schedules, sequential, setRandomSeed } from '../../lib/index.js';
import { LearningRates } from '../../lib/tuning/learning_rate.js';

const N = 64;
const x = array(
  Float32Array.from({ length: N * 3 }, (_, i) => Math.sin(i)),
  [N, 3],
);
const y = array(
  Float32Array.from({ length: N }, (_, i) => Math.cos(i)),
  [N, 1],
);
function make(optimizer: unknown = optimizers.sgd({ momentum: 0.5 })) {
  setRandomSeed(3);
  const model = sequential([layers.dense({ units: 8, activation: 'relu', inputShape: [3] }), layers.dense({ units: 1 })]);
  model.compile({ optimizer: optimizer as 'sgd', loss: 'mse' });
  return model;
}

describe('findLearningRate', () => {
  it("has Lightning's rates and smoothed losses, those of batches trained one after the other", async () => {
    const model = make();
    const before = model.getWeights();
    const options = { min: 1e-4, max: 1, steps: 8, batchSize: N, earlyStopThreshold: null };
    const { learningRates, losses } = await findLearningRate(model, x, y, options);
    expect(model.getWeights()).toEqual(before);
    expect(model.optimizer.iterations).toBe(0);
    // _ExponentialLR and _LRCallback of lightning.pytorch 2.
    const hand = make();
    let average = 0;
    for (let i = 0; i < 8; i++) {
      const rate = 1e-4 * (1 / 1e-4) ** ((i + 1) / 8);
      expect(learningRates[i] / rate).toBeCloseTo(1, 12);
      hand.optimizer.learningRate = rate;
      const loss = (await hand.trainOnBatch(x, y)) as number;
      average = 0.98 * average + (1 - 0.98) * loss;
      expect(losses[i]).toBeCloseTo(average / (1 - 0.98 ** (i + 1)), 4);
    }
  });

  it('grows by a difference where it is told', async () => {
    const { learningRates } = await findLearningRate(make(), x, y, { min: 0.1, max: 0.5, steps: 4, mode: 'linear' });
    for (const [i, rate] of [0.2, 0.3, 0.4, 0.5].entries()) expect(learningRates[i]).toBeCloseTo(rate, 12);
  });

  it('ends where the loss grows', async () => {
    const found = await findLearningRate(make(), x, y, { max: 1e4, steps: 100 });
    expect(found.losses.length).toBeLessThan(100);
    expect(found.learningRates).toHaveLength(found.losses.length);
    expect(found.suggestion).toBeGreaterThan(1e-8);
    expect(found.suggestion).toBeLessThan(10);
    const drawn = found.plot();
    expect(drawn.svg).toContain('learning rate');
    expect(drawn.svg).toContain('suggestion');
  });

  it('takes datasets, and no optimizer with a schedule', async () => {
    const batches = () => [
      [x.slice(0, 32), y.slice(0, 32)],
      [x.slice(32, 64), y.slice(32, 64)],
    ];
    const options = { min: 1e-4, max: 0.1, steps: 7 };
    const { losses } = await findLearningRate(make(), batches as never, undefined, options);
    expect(losses).toHaveLength(7);
    const scheduled = make(
      optimizers.sgd({ learningRate: schedules.exponentialDecay({ initialLearningRate: 1, decaySteps: 2, decayRate: 0.5 }) }),
    );
    await expect(findLearningRate(scheduled, x, y, options)).rejects.toThrow('Compile with a number');
  });

  it('suggests where numpy.gradient is least, leaving out ends and what is not finite', () => {
    const losses = [...Array(10).fill(0), 5, 4.9, 4, 2, 1.9, Number.NaN, 1.8, 3, 99];
    const found = new LearningRates(
      losses.map((_, i) => i),
      losses,
    );
    // Of [5, 4.9, 4, 2, 1.9, 1.8, 3]: gradients -0.1, -0.5, -1.45, -1.05, -0.1, 0.55, 1.2.
    expect(found.suggestion).toBe(12);
    expect(new LearningRates([1], [1]).suggestion).toBeNull();
  });

  it.each<[object, string]>([
    [{ min: 0 }, 'min'],
    [{ min: 1, max: 0.5 }, 'max'],
    [{ steps: 1 }, 'steps'],
    [{ numTraining: 4 }, 'numTraining'],
  ])('refuses %o', async (options, message) => {
    await expect(findLearningRate(make(), x, y, options)).rejects.toThrow(message);
  });
});
