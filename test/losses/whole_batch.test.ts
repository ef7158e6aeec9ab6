import { describe, expect, it } from 'vitest';
import { array, layers, optimizers, Sequential, setRandomSeed } from '../../lib/index.js';

// Losses whose item is the whole batch. The step's end reads the loss, when the backward pass has long had its memory for other things.
describe.each(['dice', 'tversky'])('%s', (loss) => {
  it.each([8, 64, 256])('is reported by fit as by evaluate, whatever the backward pass needs: %i units', async (units) => {
    setRandomSeed(3);
    const model = new Sequential([
      layers.dense({ units, activation: 'relu', inputShape: [16] }),
      layers.dense({ units, activation: 'tanh' }),
      layers.dense({ units: 4, activation: 'sigmoid' }),
    ]);
    model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss });
    const x = array(
      Float32Array.from({ length: 32 * 16 }, (_, i) => Math.sin(i)),
      [32, 16],
    );
    const y = array(
      Float32Array.from({ length: 32 * 4 }, (_, i) => (i % 3 ? 0 : 1)),
      [32, 4],
    );
    const options = { batchSize: 32, verbose: 0 as const };
    const evaluated = await model.evaluate(x, y, options);
    const { history } = await model.fit(x, y, { ...options, epochs: 1 });
    expect(history.loss[0]).toBeGreaterThan(0.1);
    expect(history.loss[0]).toBeCloseTo(evaluated as number, 5);
  });
});
