import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { evaluation, layers, ValueError } from '../../lib/index.js';
import golden from './golden.json';

const { calibration, confusionMatrix, prCurve, residuals, rocCurve } = evaluation;

/** Numbers as scikit-learn has them: 'inf' stands for infinity in JSON. */
function expectClose(got: ArrayLike<number>, wanted: readonly (number | string)[]) {
  expect(got.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    if (value === 'inf') expect(got[i]).toBe(Number.POSITIVE_INFINITY);
    else expect(got[i]).toBeCloseTo(value as number, 12);
  });
}

describe.each(golden.binary.map((c, i) => [i, c] as const))('binary case %i, as scikit-learn', (_, c) => {
  const sampleWeight = c.weight;

  test.each([true, false])('rocCurve, dropIntermediate %s', (dropIntermediate) => {
    const roc = rocCurve(c.y, c.score as number[], { sampleWeight, dropIntermediate });
    const wanted = dropIntermediate ? c.roc : c.rocAll;
    expectClose(roc.fpr, wanted.fpr);
    expectClose(roc.tpr, wanted.tpr);
    expectClose(roc.thresholds, wanted.thresholds);
    expect(roc.auc).toBeCloseTo(c.auc, 12);
  });

  test('prCurve', () => {
    const pr = prCurve(c.y, c.score as number[], { sampleWeight });
    expectClose(pr.precision, c.pr.precision);
    expectClose(pr.recall, c.pr.recall);
    expectClose(pr.thresholds, c.pr.thresholds);
    expect(pr.averagePrecision).toBeCloseTo(c.averagePrecision, 12);
  });

  test.each(c.calibration)('calibration, $strategy $bins', ({ strategy, bins, probTrue, probPred }) => {
    const found = calibration(c.y, c.score as number[], { strategy: strategy as 'uniform', bins });
    expectClose(found.probTrue, probTrue);
    expectClose(found.probPred, probPred);
    expect(found.brier).toBeCloseTo(c.brier, 12);
    expect(found.counts.reduce((a, b) => a + b)).toBe(c.y.length);
  });
});

describe.each(golden.classes.map((c, i) => [i, c] as const))('classes %i, as scikit-learn', (_, c) => {
  test.each([null, 'true', 'pred', 'all'] as const)('confusionMatrix, normalize %s', (normalize) => {
    const { matrix, labels, accuracy } = confusionMatrix(c.y, c.guess, { normalize, sampleWeight: c.weight });
    expect(labels).toEqual([0, 1, 2, 3, 4]);
    const wanted = c.matrices[(normalize ?? 'None') as 'None'];
    matrix.forEach((row, i) => {
      expectClose(row, wanted[i]);
    });
    expect(accuracy).toBeCloseTo(c.accuracy, 12);
  });

  test('labels choose and order', () => {
    expect(confusionMatrix(c.y, c.guess, { labels: [4, 3, 1], sampleWeight: c.weight }).matrix).toEqual(c.of431);
  });
});

test.each(golden.regression.map((c, i) => [i, c] as const))('residuals %i, as scikit-learn', (_, c) => {
  const found = residuals(c.y, c.guess, { sampleWeight: c.weight });
  for (const key of ['mae', 'rmse', 'r2', 'max'] as const) expect(found[key]).toBeCloseTo(c[key], 12);
  expectClose(
    found.residuals,
    c.y.map((y, i) => (y as number) - (c.guess[i] as number)),
  );
});

describe('what is taken', () => {
  test('one-hot truth and rows of probabilities are classes', () => {
    const { matrix } = confusionMatrix(
      [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
      [
        [0.5, 0.3, 0.2],
        [0.6, 0.3, 0.1],
        [0, 0, 1],
      ],
    );
    expect(matrix).toEqual([
      [1, 0, 0],
      [1, 0, 0],
      [0, 0, 1],
    ]);
  });

  test('one probability a sample goes by the threshold', () => {
    const of = (threshold?: number) => confusionMatrix([0, 1, 1], [[0.2], [0.5], [0.9]], { threshold }).matrix;
    expect(of()).toEqual([
      [1, 0],
      [0, 2],
    ]);
    expect(of(0.6)).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });

  test('of two columns the second is the positive class; of three one must be named', () => {
    const scores = [0.1, 0.4, 0.35, 0.8];
    const two = scores.map((p) => [1 - p, p]);
    expect(rocCurve([0, 0, 1, 1], two).auc).toBe(0.75);
    expect(rocCurve([1, 1, 0, 0], two, { positive: 0 }).auc).toBe(0.25);
    const three = scores.map((p) => [1 - p, p / 2, p / 2]);
    expect(() => rocCurve([0, 2, 1, 1], three)).toThrow('{ positive: 0 }');
    expect(rocCurve([0, 2, 1, 1], three, { positive: 1 }).auc).toBe(0.75);
  });

  test.each([
    ['lengths that differ', () => residuals([1, 2], [1]), 'ERR_SHAPE'],
    ['numbers that are not finite', () => rocCurve([0, 1], [0.1, Number.NaN]), 'ERR_NOT_FINITE'],
    ['one class alone', () => prCurve([1, 1], [0.1, 0.2]), 'ERR_LABELS'],
    ['scores that are no probabilities', () => calibration([0, 1], [0.1, 1.5]), 'ERR_LABELS'],
    ['three axes', () => rocCurve([[[0]], [[1]]], [0.1, 0.2]), 'ERR_SHAPE'],
    ['too few names', () => confusionMatrix([0, 1], [0, 1], { names: ['a'] }), 'ERR_OUT_OF_RANGE'],
    ['weights below 0', () => residuals([1, 2], [1, 2], { sampleWeight: [1, -1] }), 'ERR_OUT_OF_RANGE'],
  ])('%s are refused', (_, run, code) => {
    expect(run).toThrow(ValueError);
    expect(run).toThrow(expect.objectContaining({ code }));
  });

  test('options that nobody knows are refused', () => {
    expect(() => rocCurve([0, 1], [0, 1], { positiv: 1 } as object)).toThrow("Did you mean 'positive'?");
  });
});

describe('each has a picture', () => {
  const y = [0, 1, 0, 1, 1];
  const p = [0.1, 0.8, 0.4, 0.3, 0.9];
  const all = {
    confusionMatrix: confusionMatrix(y, p),
    rocCurve: rocCurve(y, p),
    prCurve: prCurve(y, p),
    calibration: calibration(y, p),
    residuals: residuals(y, p),
  };

  test.each(Object.entries(all))('%s: SVG and Vega-Lite', (_, one) => {
    const folder = mkdtempSync(join(tmpdir(), 'gemmfit-plots-'));
    try {
      const { svg } = one.plot(join(folder, 'a.svg'), { title: 'A & B' });
      expect(readFileSync(join(folder, 'a.svg'), 'utf8')).toBe(svg);
      expect(svg).toContain('A &amp; B');
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      const spec = JSON.stringify(one.toVegaLite());
      expect(spec).toContain('vega-lite/v5');
      expect(spec).not.toMatch(/NaN|undefined/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('evaluation is loaded by its first use: the name is there without it', () => {
    expect(Object.keys(evaluation).sort()).toEqual(['calibration', 'confusionMatrix', 'prCurve', 'residuals', 'rocCurve']);
    expect(layers).toBeDefined();
  });
});
