import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { array, layers, optimizers, search, sequential, setRandomSeed } from '../../lib/index.js';
import { drawTrials } from '../../lib/tuning/space.js';

const root = mkdtempSync(join(tmpdir(), 'gemmfit-search-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const N = 40;
const x = array(
  Float32Array.from({ length: N * 2 }, (_, i) => Math.sin(i)),
  [N, 2],
);
const y = Float32Array.from({ length: N }, (_, i) => 2 * Math.sin(2 * i) - Math.sin(2 * i + 1));
const space = { units: [2, 4, 8], rate: { min: 1e-4, max: 0.5, log: true } } as const;
function makeModel({ units, rate }: { units: number; rate: number }) {
  const model = sequential([layers.dense({ units, activation: 'tanh' }), layers.dense({ units: 1 })]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: rate }), loss: 'mse', metrics: ['mae'] });
  return model;
}
const fit = { epochs: 9, batchSize: 8, validationSplit: 0.25 };

it('trials are drawn from the space', () => {
  const drawn = drawTrials<{ a: string; b: number; c: number; d: number }>(
    { a: ['x', 'y'], b: { min: 1, max: 3, integer: true }, c: { min: 1e-4, max: 1, log: true }, d: { min: -1, max: 1 } },
    4000,
    3,
  );
  const share = (is: (one: (typeof drawn)[number]) => boolean) => drawn.filter(is).length / drawn.length;
  expect(share(({ a }) => a === 'x')).toBeCloseTo(0.5, 1);
  for (const b of [1, 2, 3]) expect(share((one) => one.b === b)).toBeCloseTo(1 / 3, 1);
  expect(share(({ c }) => c < 1e-2)).toBeCloseTo(0.5, 1);
  expect(share(({ d }) => d < 0)).toBeCloseTo(0.5, 1);
  expect(drawn.every(({ c, d }) => c >= 1e-4 && c <= 1 && d >= -1 && d <= 1)).toBe(true);
  expect(drawTrials({ a: ['x', 'y'] }, 5, 3)).toEqual(drawTrials({ a: ['x', 'y'] }, 5, 3));
});

describe('search', () => {
  it('random: each trial has all epochs; the best comes with its model', async () => {
    const found = await search(makeModel, space, { x, y, trials: 6, seed: 2, fit });
    expect(found.trials).toHaveLength(6);
    for (const trial of found.trials) {
      expect(trial.history.loss).toHaveLength(9);
      expect(trial.value).toBe(Math.min(...trial.history.val_loss));
      expect(found.best.value as number).toBeLessThanOrEqual(trial.value as number);
    }
    const last = await found.model.evaluate(x.slice(30, 40), y.subarray(30), { verbose: 0, returnDict: true });
    expect(last.loss).toBe(found.best.history.val_loss.at(-1));
  });

  it('halving: of nine three go on, of three one, which is trained as if it had been alone', async () => {
    const begun: number[] = [];
    const counting = { onEpochBegin: (epoch: number) => void begun.push(epoch) };
    const options = { x, y, trials: 9, strategy: 'halving', seed: 2 } as const;
    const found = await search(makeModel, space, { ...options, fit: { ...fit, callbacks: counting } });
    expect(found.trials.map(({ epochs }) => epochs).sort()).toEqual([1, 1, 1, 1, 1, 1, 3, 3, 9]);
    expect(begun).toHaveLength(9 * 1 + 3 * 2 + 6);
    expect(found.best.epochs).toBe(9);
    const alone = await search(makeModel, space, { ...options, strategy: 'random', fit });
    expect(found.best.history).toEqual(alone.trials[found.trials.indexOf(found.best)].history);
    const firsts = alone.trials.map(({ history }) => history.val_loss[0]);
    const best = [...firsts].sort((a, b) => a - b).slice(0, 3);
    for (const trial of found.trials.filter(({ epochs }) => epochs > 1)) expect(best).toContain(trial.history.val_loss[0]);
  });

  it('gives the same side by side, and goes on where it was killed', async () => {
    const options = { x, y, trials: 5, strategy: 'halving', seed: 4 } as const;
    const whole = await search(makeModel, space, { ...options, fit });
    setRandomSeed(77);
    const parallel = await search(async (p: Parameters<typeof makeModel>[0]) => makeModel(p), space, {
      ...options,
      parallel: 4,
      fit,
    });
    expect(parallel.trials).toEqual(whole.trials);
    const checkpoint = join(root, 'killed');
    let epochs = 0;
    const killing = {
      onEpochEnd() {
        if (++epochs === 13) throw new Error('killed');
      },
    };
    await expect(search(makeModel, space, { ...options, checkpoint, fit: { ...fit, callbacks: killing } })).rejects.toThrow(
      'killed',
    );
    let trained = 0;
    const counting = { onEpochBegin: () => void trained++ };
    const after = await search(makeModel, space, { ...options, checkpoint, fit: { ...fit, callbacks: counting } });
    expect(after.trials).toEqual(whole.trials);
    expect(after.model.getWeights()).toEqual(whole.model.getWeights());
    expect(trained).toBeLessThan(12);
  });

  it('compares as the metric says', async () => {
    const found = await search(makeModel, space, { x, y, trials: 3, seed: 1, objective: 'mae', direction: 'max', fit });
    expect(found.best.value).toBe(Math.max(...found.trials.map(({ value }) => value as number)));
  });

  it.each<[string, object, object, string]>([
    ['no space', {}, {}, 'space'],
    ['an empty list', { units: [] }, {}, 'empty list'],
    ['a range upside down', { units: [1], rate: { min: 2, max: 1 } }, {}, 'max'],
    ['a logarithm of 0', { units: [1], rate: { min: 0, max: 1, log: true } }, {}, 'above 0'],
    ['an objective that there is not', space, { objective: 'val_acc' }, "no 'val_acc'"],
    ['an unknown strategy', space, { strategy: 'grid' }, 'strategy'],
  ])('refuses %s', async (_, wrong, more, message) => {
    await expect(search(makeModel as never, wrong as never, { x, y, trials: 1, fit, ...more } as never)).rejects.toThrow(message);
  });
});
