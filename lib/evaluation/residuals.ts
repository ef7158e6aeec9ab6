import type { ArrayInput } from '../data/inputs.js';
import { readOptions } from '../options.js';
import { type Bar, guideLine, type Picture, type Point } from '../plots/chart.js';
import { Drawable } from '../plots/drawable.js';
import { linearScale, rangeOf, valueText } from '../plots/scales.js';
import { readColumn, readWeights, sameLength } from './inputs.js';

/** Options of `evaluation.residuals`. */
export interface ResidualsOptions {
  /** Weights of the samples. Default: all 1. */
  sampleWeight?: ArrayInput | null;
}

/** More points than this are drawn by a part of them, spread evenly over the samples; the numbers are of all. */
const MOST_POINTS = 2000;

/**
 * What a regression missed. See `evaluation.residuals`.
 * @example const { residuals, mae, rmse, r2 } = evaluation.residuals([1, 2, 3], [1, 2.5, 3]);
 */
export class Residuals extends Drawable {
  protected readonly where = 'residuals';
  /** yTrue minus yPred, a number a sample. */
  readonly residuals: Float64Array;
  readonly predicted: Float64Array;
  /** Mean of the residuals: what the predictions are too low by. */
  readonly mean: number;
  /** Mean absolute error. */
  readonly mae: number;
  /** Root of the mean square. */
  readonly rmse: number;
  /** Share of the variance that is explained; 1 is perfect, 0 what the mean would do. */
  readonly r2: number;
  /** The largest miss. */
  readonly max: number;

  /** @internal */
  constructor(yTrue: ArrayInput, yPred: ArrayInput, options?: ResidualsOptions) {
    super();
    const o = readOptions<Required<ResidualsOptions>>('residuals', options, { sampleWeight: null });
    const truth = readColumn('residuals', 'yTrue', yTrue);
    this.predicted = readColumn('residuals', 'yPred', yPred);
    sameLength('residuals', truth, this.predicted, 'yPred');
    const weight = readWeights('residuals', o.sampleWeight, truth.length);
    const total = weight.reduce((a, b) => a + b, 0);
    const mean = (f: (i: number) => number) => weight.reduce((sum, w, i) => sum + w * f(i), 0) / total;
    const residuals = truth.map((t, i) => t - this.predicted[i]);
    this.residuals = residuals;
    this.mean = mean((i) => residuals[i]);
    this.mae = mean((i) => Math.abs(residuals[i]));
    this.max = residuals.reduce((most, r) => Math.max(most, Math.abs(r)), 0);
    const squares = mean((i) => residuals[i] ** 2);
    this.rmse = Math.sqrt(squares);
    const centre = mean((i) => truth[i]);
    const variance = mean((i) => (truth[i] - centre) ** 2);
    // A truth that never changes: as in scikit-learn, all of nothing is explained, or nothing is.
    this.r2 = variance > 0 ? 1 - squares / variance : squares === 0 ? 1 : 0;
  }

  protected picture(): Picture {
    const every = Math.ceil(this.residuals.length / MOST_POINTS);
    const points: Point[] = [];
    for (let i = 0; i < this.residuals.length; i += every) points.push([this.predicted[i], this.residuals[i]]);
    const note = `R² ${valueText(this.r2)}, RMSE ${valueText(this.rmse)}`;
    const ends = rangeOf(this.predicted) as { low: number; high: number };
    return {
      title: '',
      about: `Residuals: ${note}, mean absolute error ${valueText(this.mae)}`,
      panels: [
        {
          ...{ title: 'Residuals', note, height: 260 },
          x: { title: 'predicted' },
          y: { title: 'actual minus predicted' },
          series: [
            guideLine('perfect', [
              [ends.low, 0],
              [ends.high, 0],
            ]),
            { name: 'samples', tone: 'first', unnamed: true, points, line: 'none', dots: true },
          ],
        },
        {
          title: 'How many',
          x: { title: 'actual minus predicted' },
          y: { low: 0 },
          series: [],
          bars: histogram(this.residuals),
          height: 100,
        },
      ],
    };
  }
}

/** Some 25 bars between round numbers. */
function histogram(values: Float64Array): Bar[] {
  const range = rangeOf(values) as { low: number; high: number };
  const edges = linearScale(range, { from: 0, to: 1, count: 25 }).ticks.map((t) => t.value);
  const counts = new Array<number>(edges.length - 1).fill(0);
  const step = edges[1] - edges[0];
  for (const v of values) counts[Math.min(counts.length - 1, Math.max(0, Math.floor((v - edges[0]) / step)))]++;
  return counts.map((height, i) => ({ from: edges[i], to: edges[i + 1], height }));
}
