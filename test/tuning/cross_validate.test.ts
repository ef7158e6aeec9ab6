import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { array, crossValidate, layers, type Sequential, sequential, setRandomSeed } from '../../lib/index.js';
import { groupKFold, kFold, stratifiedKFold } from '../../lib/tuning/folds.js';

const root = mkdtempSync(join(tmpdir(), 'gemmfit-folds-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Case {
  n: number;
  k: number;
  y: number[];
  groups: number[];
  kFold: number[][];
  stratified: number[][] | null;
  group: number[][];
}
const { cases }: { cases: Case[] } = JSON.parse(readFileSync(join(__dirname, 'folds.json'), 'utf8'));
const tests = (folds: { test: Uint32Array }[]) => folds.map(({ test }) => [...test]);

describe("folds are scikit-learn's", () => {
  it.each(cases.map((c) => [`${c.n} samples, ${c.k} folds`, c] as const))('%s', (_, c) => {
    expect(tests(kFold(c.n, c.k, null))).toEqual(c.kFold);
    if (c.stratified) expect(tests(stratifiedKFold(c.y, c.k, null))).toEqual(c.stratified);
    expect(tests(groupKFold(c.groups, c.k))).toEqual(c.group);
  });

  it('shuffled: each sample tests once, shares stay, and the seed tells the order', () => {
    const y = Array.from({ length: 60 }, (_, i) => (i % 10 < 8 ? 'a' : 'b'));
    for (const make of [(seed: number) => kFold(60, 5, seed), (seed: number) => stratifiedKFold(y, 5, seed)]) {
      const folds = make(7);
      expect(
        tests(folds)
          .flat()
          .sort((a, b) => a - b),
      ).toEqual([...Array(60).keys()]);
      expect(tests(make(7))).toEqual(tests(folds));
      expect(tests(make(8))).not.toEqual(tests(folds));
      for (const { train, test } of folds) expect(train.length + test.length).toBe(60);
    }
    // 12 of b over 5 folds.
    const counts = stratifiedKFold(y, 5, 7).map(({ test }) => [...test].filter((i) => y[i] === 'b').length);
    expect([...counts].sort()).toEqual([2, 2, 2, 3, 3]);
  });
});

const N = 33;
const x = array(
  Float32Array.from({ length: N * 3 }, (_, i) => Math.sin(i)),
  [N, 3],
);
const y = array(
  Float32Array.from({ length: N }, (_, i) => Math.cos(3 * i)),
  [N, 1],
);
function makeModel(): Sequential {
  // Not built yet, and with random numbers of its own.
  const model = sequential([
    layers.dense({ units: 4, activation: 'relu' }),
    layers.dropout({ rate: 0.2 }),
    layers.dense({ units: 1 }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  return model;
}
const options = { folds: 3, seed: 5, fit: { epochs: 3, batchSize: 4 } };

describe('crossValidate', () => {
  it('trains on the rest and tests on the fold', async () => {
    const weights = Float32Array.from({ length: N }, (_, i) => 1 + (i % 2));
    const seen: [number, Sequential][] = [];
    const { scores, mean, std, folds } = await crossValidate(
      (fold) => {
        const model = makeModel();
        seen.push([fold, model]);
        return model;
      },
      x,
      y,
      { ...options, sampleWeight: weights },
    );
    expect(seen.map(([fold]) => fold)).toEqual([0, 1, 2]);
    expect(Object.keys(scores)).toEqual(['loss', 'mae']);
    expect(folds.map(({ test }) => test.length)).toEqual([11, 11, 11]);
    expect(folds[0].history.loss).toHaveLength(3);
    expect(mean.loss).toBeCloseTo((scores.loss[0] + scores.loss[1] + scores.loss[2]) / 3, 12);
    expect(std.loss ** 2).toBeCloseTo(scores.loss.reduce((s, v) => s + (v - mean.loss) ** 2, 0) / 3, 10);
    // By hand, with the seeds that it uses: what is tested was not trained on.
    expect(folds.every(({ train, test }) => ![...test].some((row) => train.includes(row)))).toBe(true);
  });

  it('gives the same for any number of models side by side, whatever else draws seeds', async () => {
    setRandomSeed(1);
    const one = await crossValidate(makeModel, x, y, options);
    setRandomSeed(2);
    const several = crossValidate(async () => makeModel(), x, y, { ...options, parallel: 3 });
    makeModel();
    expect((await several).scores).toEqual(one.scores);
    const drawn = setRandomSeed(1);
    expect(drawn).toBeUndefined();
    expect((await crossValidate(makeModel, x, y, { ...options, seed: 6 })).scores).not.toEqual(one.scores);
  });

  it('goes on where it was killed, to the same bits', async () => {
    const checkpoint = join(root, 'killed');
    const whole = await crossValidate(makeModel, x, y, options);
    let epochs = 0;
    const killing = {
      onEpochEnd() {
        if (++epochs === 5) throw new Error('killed');
      },
    };
    await expect(
      crossValidate(makeModel, x, y, { ...options, checkpoint, fit: { ...options.fit, callbacks: killing } }),
    ).rejects.toThrow('killed');
    let trained = 0;
    const counting = {
      onEpochBegin() {
        trained++;
      },
    };
    const after = await crossValidate(makeModel, x, y, {
      ...options,
      seed: null,
      checkpoint,
      fit: { ...options.fit, callbacks: counting },
    });
    expect(after).toEqual(whole);
    expect(trained).toBe(9 - 4);
    expect(await crossValidate(makeModel, x, y, { ...options, checkpoint })).toEqual(whole);
    await expect(crossValidate(makeModel, x, y, { ...options, folds: 4, checkpoint })).rejects.toMatchObject({
      code: 'ERR_CHECKPOINT',
    });
  });

  it.each<[string, object, string]>([
    ['one fold', { folds: 1 }, 'folds'],
    ['more folds than samples', { folds: 34 }, '34 folds'],
    ['groups of another length', { groups: [1, 2] }, '33 samples'],
    ['too few groups', { groups: Array(N).fill(1) }, 'too few'],
    ['groups and classes', { groups: Array(N).fill(1), stratified: true }, 'neither'],
    ['labels that are no classes', { stratified: true }, 'stratified'],
    ['a checkpoint of fit', { fit: { checkpoint: 'a' } }, 'option of its own'],
    ['an unknown option', { fold: 3 }, "Did you mean 'folds'"],
  ])('refuses %s', async (_, wrong, message) => {
    await expect(crossValidate(makeModel, x, y, wrong)).rejects.toThrow(message);
  });
});
