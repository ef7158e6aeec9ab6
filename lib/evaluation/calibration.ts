import type { ArrayInput } from '../data/inputs.js';
import { ValueError } from '../errors.js';
import { checkNumber, checkOneOf, readOptions } from '../options.js';
import { guideLine, type Picture } from '../plots/chart.js';
import { Drawable } from '../plots/drawable.js';
import { valueText } from '../plots/scales.js';
import { readScores } from './inputs.js';

/** Options of `evaluation.calibration`. */
export interface CalibrationOptions {
  /** Groups of alike probabilities, 1 to 1000. Default 5. */
  bins?: number;
  /** Groups of equal width, or of about as many samples each. Default `'uniform'`. */
  strategy?: 'uniform' | 'quantile';
  /** The class that is meant, against the others. Default 1; must be given where there are more than two. */
  positive?: number | null;
}

/**
 * How often it was so, by how probable the model called it. See `evaluation.calibration`. Groups without samples are left out.
 * @example const { probTrue, probPred, ece } = evaluation.calibration([0, 1, 1], [0.2, 0.6, 0.4]);
 */
export class Calibration extends Drawable {
  protected readonly where = 'calibration';
  /** Share of positive samples in each group. */
  readonly probTrue: number[] = [];
  /** Mean of the probabilities in each group. */
  readonly probPred: number[] = [];
  /** Samples in each group. */
  readonly counts: number[] = [];
  /** Brier score: mean square of what the probabilities missed. */
  readonly brier: number;
  /** Expected calibration error: mean of how far share and probability are apart, each group weighted by its samples. */
  readonly ece: number;
  readonly #edges: number[];
  readonly #all: number[];

  /** @internal */
  constructor(yTrue: ArrayInput, yProb: ArrayInput, options?: CalibrationOptions) {
    super();
    const where = 'calibration';
    const o = readOptions<Required<CalibrationOptions>>(where, options, { bins: 5, strategy: 'uniform', positive: null });
    const bins = checkNumber(where, 'bins', o.bins, { min: 1, max: 1000, integer: true });
    const strategy = checkOneOf(where, 'strategy', o.strategy, ['uniform', 'quantile']);
    const { positive, score } = readScores(where, yTrue, yProb, { positive: o.positive, sampleWeight: null });
    const outside = score.findIndex((p) => p < 0 || p > 1);
    if (outside >= 0)
      throw new ValueError(
        `${where}: yProb must be probabilities. Received: ${score[outside]} at index ${outside}.`,
        'ERR_LABELS',
      );
    this.#edges = strategy === 'uniform' ? evenly(bins) : quantiles(score, bins);
    const groups = Array.from({ length: bins }, () => ({ count: 0, positive: 0, probability: 0 }));
    score.forEach((p, i) => {
      const group = groups[this.#edges.slice(1, -1).filter((edge) => edge < p).length];
      group.count++;
      group.positive += positive[i];
      group.probability += p;
    });
    this.#all = groups.map((g) => g.count);
    for (const { count, positive: n, probability } of groups.filter((g) => g.count > 0)) {
      this.counts.push(count);
      this.probTrue.push(n / count);
      this.probPred.push(probability / count);
    }
    this.brier = score.reduce((sum, p, i) => sum + (p - positive[i]) ** 2, 0) / score.length;
    this.ece = this.counts.reduce((sum, n, i) => sum + n * Math.abs(this.probTrue[i] - this.probPred[i]), 0) / score.length;
  }

  protected picture(): Picture {
    const points = this.probPred.map((x, i) => [x, this.probTrue[i]] as const);
    const note = `Brier ${valueText(this.brier)}, calibration error ${valueText(this.ece)}`;
    const bars = this.#all.map((height, i) => ({ from: this.#edges[i], to: this.#edges[i + 1], height }));
    return {
      title: '',
      about: `Calibration: ${note}`,
      panels: [
        {
          ...{ title: 'Calibration', note, height: 300 },
          x: { low: 0, high: 1 },
          y: { title: 'share that was so', low: 0, high: 1 },
          series: [
            guideLine('perfect', [
              [0, 0],
              [1, 1],
            ]),
            { name: 'model', tone: 'first', unnamed: true, points, dots: true },
          ],
        },
        { title: 'Samples', x: { title: 'predicted probability', low: 0, high: 1 }, y: { low: 0 }, series: [], bars, height: 80 },
      ],
    };
  }
}

const evenly = (bins: number): number[] => Array.from({ length: bins + 1 }, (_, i) => i / bins);

/** Between two values the quantile lies as far as its share does: NumPy's default. */
function quantiles(values: Float64Array, bins: number): number[] {
  const sorted = values.slice().sort();
  return evenly(bins).map((share) => {
    const at = share * (sorted.length - 1);
    const low = Math.floor(at);
    const next = sorted[Math.min(low + 1, sorted.length - 1)];
    return sorted[low] + (at - low) * (next - sorted[low]);
  });
}
