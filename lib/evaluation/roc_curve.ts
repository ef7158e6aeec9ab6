import type { ArrayInput } from '../data/inputs.js';
import { checkBoolean, readOptions } from '../options.js';
import { guideLine, type Picture } from '../plots/chart.js';
import { Drawable } from '../plots/drawable.js';
import { valueText } from '../plots/scales.js';
import { readScores } from './inputs.js';
import { corners, countsByThreshold } from './thresholds.js';

/** Options of `evaluation.rocCurve`. */
export interface RocCurveOptions {
  /** The class that is meant, against the others. Default 1; must be given where there are more than two. */
  positive?: number | null;
  /** Weights of the samples. Default: all 1. */
  sampleWeight?: ArrayInput | null;
  /** Leaves out points in the middle of straight lines, which change no curve. Default true. */
  dropIntermediate?: boolean;
}

/**
 * Rates of true and of false alarms by threshold, from the strictest down. See `evaluation.rocCurve`.
 * @example const { fpr, tpr, auc } = evaluation.rocCurve([0, 1, 1], [0.2, 0.6, 0.4]);
 */
export class RocCurve extends Drawable {
  protected readonly where = 'rocCurve';
  /** Share of the other samples that are called positive. */
  readonly fpr: number[];
  /** Share of the positive samples that are called so. */
  readonly tpr: number[];
  /** A sample is called positive from this score on. The first is infinite: nothing is. */
  readonly thresholds: number[];
  /** Area under the curve. */
  readonly auc: number;

  /** @internal */
  constructor(yTrue: ArrayInput, yScore: ArrayInput, options?: RocCurveOptions) {
    super();
    const o = readOptions<Required<RocCurveOptions>>('rocCurve', options, {
      positive: null,
      sampleWeight: null,
      dropIntermediate: true,
    });
    const all = countsByThreshold(readScores('rocCurve', yTrue, yScore, o));
    const counts =
      checkBoolean('rocCurve', 'dropIntermediate', o.dropIntermediate) && all.thresholds.length > 2 ? corners(all) : all;
    const rates = (list: readonly number[]) => [0, ...list.map((n) => n / (list.at(-1) as number))];
    this.fpr = rates(counts.falsePositives);
    this.tpr = rates(counts.truePositives);
    this.thresholds = [Number.POSITIVE_INFINITY, ...counts.thresholds];
    this.auc = this.tpr.reduce((sum, t, i) => (i ? sum + ((this.fpr[i] - this.fpr[i - 1]) * (t + this.tpr[i - 1])) / 2 : 0), 0);
  }

  protected picture(): Picture {
    const points = this.fpr.map((x, i) => [x, this.tpr[i]] as const);
    const x = { title: 'false positive rate', low: 0, high: 1 };
    const y = { title: 'true positive rate', low: 0, high: 1 };
    return {
      title: '',
      about: `ROC curve, area ${valueText(this.auc)}`,
      panels: [
        {
          ...{ title: 'ROC curve', note: `area ${valueText(this.auc)}`, x, y, square: true },
          series: [
            guideLine('chance', [
              [0, 0],
              [1, 1],
            ]),
            { name: 'model', tone: 'first', unnamed: true, points },
          ],
        },
      ],
    };
  }
}
