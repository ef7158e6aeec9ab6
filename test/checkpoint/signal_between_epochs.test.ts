import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { data, layers, sequential, setRandomSeed } from '../../lib/index.js';

const root = mkdtempSync(join(tmpdir(), 'gemmfit-signal-'));
afterAll(() => rmSync(root, { recursive: true }));

const x = Array.from({ length: 60 }, (_, i) => [Math.sin(i)]);
const y = Array.from({ length: 60 }, (_, i) => i % 2);

/** A training on a dataset; a signal comes in the hook's second call where one is named. */
async function fit(path: string, hook?: string) {
  setRandomSeed(1);
  const model = sequential([layers.dense({ units: 1, inputShape: [1] })]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  let calls = 0;
  const strike = () => {
    if (++calls === 2) process.emit('SIGTERM');
  };
  const history = await model.fit(data.fromArrays(x, y).shuffle(30, 1).batch(8), null, {
    ...{ epochs: 3, verbose: 0, checkpoint: path, handleSignals: ['SIGTERM'] },
    validationData: data.fromArrays(x, y).batch(20),
    callbacks: hook ? { [hook]: strike } : null,
  });
  return { stopReason: history.stopReason, loss: history.history.loss, weights: model.getWeights().map((w) => w.toArray()) };
}

test.each(['onEpochBegin', 'onTrainBatchBegin', 'onEpochEnd', 'onTestBegin', 'onTestEnd'])(
  'a signal in %s, and the training goes on to the same bits',
  async (hook) => {
    const whole = await fit(join(root, `${hook}-whole`));
    const path = join(root, hook);
    expect((await fit(path, hook)).stopReason).toBe('signal');
    expect(await fit(path)).toEqual(whole);
  },
);
