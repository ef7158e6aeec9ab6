import type { ArrayInput } from '../data/inputs.js';
import { readOptions } from '../options.js';
import { guideLine, type Picture } from '../plots/chart.js';
import { Drawable } from '../plots/drawable.js';
import { valueText } from '../plots/scales.js';
import { readScores } from './inputs.js';
import { countsByThreshold } from './thresholds.js';

/** Options of `evaluation.prCurve`. */
export interface PrCurveOptions {
  /** The class that is meant, against the others. Default 1; must be given where there are more than two. */
  positive?: number | null;
  /** Weights of the samples. Default: all 1. */
  sampleWeight?: ArrayInput | null;
}

/**
 * Precision and recall by threshold, from the loosest up. See `evaluation.prCurve`.
 * @example const { precision, recall, averagePrecision } = evaluation.prCurve([0, 1, 1], [0.2, 0.6, 0.4]);
 */
export class PrCurve extends Drawable {
  protected readonly where = 'prCurve';
  /** Share of those called positive that are. One more than there are thresholds: the last is 1. */
  readonly precision: number[];
  /** Share of the positive samples that are called so; the last is 0. */
  readonly recall: number[];
  /** A sample is called positive from this score on. */
  readonly thresholds: number[];
  /** Mean of the precisions, each weighted by how much recall grew to it. */
  readonly averagePrecision: number;
  /** Share of positive samples: the precision of chance. */
  readonly baseline: number;

  /** @internal */
  constructor(yTrue: ArrayInput, yScore: ArrayInput, options?: PrCurveOptions) {
    super();
    const o = readOptions<Required<PrCurveOptions>>('prCurve', options, { positive: null, sampleWeight: null });
    const { thresholds, truePositives: tp, falsePositives: fp } = countsByThreshold(readScores('prCurve', yTrue, yScore, o));
    const [positives, others] = [tp.at(-1) as number, fp.at(-1) as number];
    this.precision = [...tp.map((n, i) => n / (n + fp[i])).reverse(), 1];
    this.recall = [...tp.map((n) => n / positives).reverse(), 0];
    this.thresholds = thresholds.reverse();
    this.averagePrecision = this.recall.reduce(
      (sum, r, i) => (i ? sum + (this.recall[i - 1] - r) * this.precision[i - 1] : 0),
      0,
    );
    this.baseline = positives / (positives + others);
  }

  protected picture(): Picture {
    const points = this.recall.map((x, i) => [x, this.precision[i]] as const).reverse();
    const note = `average precision ${valueText(this.averagePrecision)}`;
    return {
      title: '',
      about: `Precision and recall, ${note}`,
      panels: [
        {
          ...{ title: 'Precision and recall', note, square: true },
          x: { title: 'recall', low: 0, high: 1 },
          y: { title: 'precision', low: 0, high: 1 },
          series: [
            guideLine('chance', [
              [0, this.baseline],
              [1, this.baseline],
            ]),
            { name: 'model', tone: 'first', unnamed: true, points, line: 'steps' },
          ],
        },
      ],
    };
  }
}
