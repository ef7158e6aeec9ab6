import type { ArrayInput } from '../data/inputs.js';
import { show, ValueError } from '../errors.js';
import { checkNumber, checkOneOf, readOptions } from '../options.js';
import type { Picture } from '../plots/chart.js';
import { Drawable } from '../plots/drawable.js';
import { valueText } from '../plots/scales.js';
import { readClasses, readWeights, sameLength } from './inputs.js';

/** Options of `evaluation.confusionMatrix`. */
export interface ConfusionMatrixOptions {
  /** The classes, in their order. Default: those that occur, from the smallest up. Samples of others are left out. */
  labels?: readonly number[] | null;
  /** Names of the classes, in the order of `labels`. */
  names?: readonly string[] | null;
  /** Shares instead of counts: of each true class, of each predicted class, or of all. Default null. */
  normalize?: 'true' | 'pred' | 'all' | null;
  /** Weights of the samples. Default: all 1. */
  sampleWeight?: ArrayInput | null;
  /** From which probability on a sample is of class 1, where yPred has one a sample. Default 0.5. */
  threshold?: number;
}

/**
 * Which classes were taken for which. See `evaluation.confusionMatrix`.
 * @example const { matrix, labels, accuracy } = evaluation.confusionMatrix([0, 1, 1], [0, 1, 0]);
 */
export class ConfusionMatrix extends Drawable {
  protected readonly where = 'confusionMatrix';
  /** `matrix[i][j]`: samples of class `labels[i]` that were taken for `labels[j]`, or shares. */
  readonly matrix: number[][];
  readonly labels: number[];
  readonly names: string[];
  /** Share of the samples that were taken for what they are. */
  readonly accuracy: number;
  readonly #isShare: boolean;

  /** @internal */
  constructor(yTrue: ArrayInput, yPred: ArrayInput, options?: ConfusionMatrixOptions) {
    super();
    const where = 'confusionMatrix';
    const o = readOptions<Required<ConfusionMatrixOptions>>(where, options, {
      ...{ labels: null, names: null, normalize: null, sampleWeight: null, threshold: 0.5 },
    });
    const threshold = checkNumber(where, 'threshold', o.threshold, { min: 0, max: 1 });
    const truth = readClasses(where, 'yTrue', yTrue, threshold);
    const guess = readClasses(where, 'yPred', yPred, threshold);
    sameLength(where, truth, guess, 'yPred');
    const weights = readWeights(where, o.sampleWeight, truth.length);
    this.labels = o.labels ? [...o.labels] : [...new Set([...truth, ...guess])].sort((a, b) => a - b);
    this.names = checkNames(where, o.names, this.labels);
    const place = new Map(this.labels.map((label, i) => [label, i]));
    const counts = this.labels.map(() => this.labels.map(() => 0));
    let all = 0;
    let right = 0;
    truth.forEach((label, i) => {
      const [row, column] = [place.get(label), place.get(guess[i])];
      if (row === undefined || column === undefined) return;
      counts[row][column] += weights[i];
      all += weights[i];
      if (row === column) right += weights[i];
    });
    this.accuracy = right / all;
    const normalize = o.normalize === null ? null : checkOneOf(where, 'normalize', o.normalize, ['true', 'pred', 'all']);
    this.#isShare = normalize !== null;
    this.matrix = normalize ? shares(counts, normalize, all) : counts;
  }

  protected picture(): Picture {
    const rows = this.matrix.map((row) => row.reduce((a, b) => a + b, 0));
    const note = `${valueText(100 * this.accuracy)} % right`;
    return {
      title: '',
      about: `Confusion matrix of ${this.labels.length} classes, ${note}`,
      heat: {
        ...{
          title: 'Confusion matrix',
          note,
          rowTitle: 'is',
          columnTitle: 'was taken for',
          names: this.names,
          values: this.matrix,
        },
        format: this.#isShare ? (v) => v.toFixed(2).replace(/^0(?=\.)/, '') : (v) => valueText(v),
        // Mistakes are few: the root lets them be seen.
        shade: (r, c) => 0.92 * (rows[r] > 0 ? (this.matrix[r][c] / rows[r]) ** (r === c ? 1 : 0.5) : 0),
      },
    };
  }
}

/** Where nothing is to be shared the share is 0, as in scikit-learn. */
function shares(counts: number[][], of: 'true' | 'pred' | 'all', all: number): number[][] {
  const sums = counts.map((row, i) => (of === 'true' ? row : counts.map((r) => r[i])).reduce((a, b) => a + b, 0));
  return counts.map((row, r) => row.map((n, c) => n / (of === 'all' ? all : sums[of === 'true' ? r : c]) || 0));
}

function checkNames(where: string, names: readonly string[] | null, labels: readonly number[]): string[] {
  if (names === null) return labels.map(String);
  if (!Array.isArray(names) || names.length !== labels.length || names.some((name) => typeof name !== 'string'))
    throw new ValueError(
      `${where}: 'names' must be ${labels.length} texts, one a class. Received: ${show(names)}`,
      'ERR_OUT_OF_RANGE',
    );
  return [...names];
}
