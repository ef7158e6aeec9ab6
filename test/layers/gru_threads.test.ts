// Chunks of a batch run through forward and backward passes on their own: none may write where another one reads.
import { afterEach, expect, it } from 'vitest';
import { layers, sequential, setRandomSeed, setThreads, version } from '../../lib/index.js';

const threads = version.threads;
afterEach(() => setThreads(threads));

const x = Float32Array.from({ length: 299 * 3 * 8 }, (_, i) => Math.sin(i));
const y = Float32Array.from({ length: 299 * 5 }, (_, i) => ((i * 13) % 7) / 7);

async function trained(count: number) {
  setThreads(count);
  setRandomSeed(4);
  const model = sequential([layers.gru({ units: 128, activation: 'sigmoid', inputShape: [3, 8] }), layers.dense({ units: 5 })]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  await model.fit(x, y, { batchSize: 100, epochs: 2, verbose: 0 });
  return model.getWeights().map((w) => [...w.data]);
}

it('a GRU of any activation has the same bits on two threads', async () => {
  const one = await trained(1);
  for (let i = 0; i < 15; i++) expect(await trained(2)).toEqual(one);
});
