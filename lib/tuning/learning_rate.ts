import { show, ValueError } from '../errors.js';
import { checkNumber, checkOneOf, readOptions } from '../options.js';
import type { Panel, Point } from '../plots/chart.js';
import { type Plot, type PlotOptions, plotTo } from '../plots/plot.js';

/** Options of `findLearningRate`. */
export interface FindLearningRateOptions {
  /** The rate of the first batch. Default 1e-8. */
  min?: number;
  /** The rate of the last. Default 1. */
  max?: number;
  /** Batches. Default 100. */
  steps?: number;
  /** Whether the rate grows by a factor from batch to batch, or by a difference. Default 'exponential'. */
  mode?: 'exponential' | 'linear';
  /** Samples a batch. Default 32. Not with a dataset. */
  batchSize?: number | null;
  /** Ends where the smoothed loss is so many times the least one; null: never. Default 4. */
  earlyStopThreshold?: number | null;
}

/** What is asked of a model: see `Sequential`. */
interface Tried {
  clone(): Tried;
  readonly optimizer: { learningRate: unknown };
  fit(x: unknown, y: unknown, options: object): Promise<unknown>;
  stopTraining: boolean;
  dispose(): void;
}

/** Weight of what came before, in the smoothed loss. */
const BETA = 0.98;

/**
 * Losses of a model over growing learning rates: what `findLearningRate` gives.
 * @example
 * const found = await findLearningRate(model, x, y);
 * found.plot('rates.svg');
 */
export class LearningRates {
  constructor(
    /** Of each batch. */
    readonly learningRates: readonly number[],
    /** Smoothed: a mean in which a batch counts 0.98 times the one after it. */
    readonly losses: readonly number[],
  ) {}

  /** Where in the lists the suggestion is. @param skipBegin batches at the beginning that are not looked at @param skipEnd those at the end */
  suggestionIndex(skipBegin = 10, skipEnd = 1): number | null {
    const first = Math.min(skipBegin, this.losses.length);
    const part = this.losses.slice(first, this.losses.length - skipEnd).filter(Number.isFinite);
    if (part.length < 2) return null;
    let best = 0;
    const slopes = part.map((_, i) => slopeAt(part, i));
    for (const [i, slope] of slopes.entries()) if (slope < slopes[best]) best = i;
    return best + first;
  }

  /** The rate at which the loss falls fastest; null where there are too few batches to say. */
  get suggestion(): number | null {
    const index = this.suggestionIndex();
    return index === null ? null : this.learningRates[index];
  }

  /** The losses over the rates as a picture: see `history.plot`. @param file where the SVG goes; none where it is left out */
  plot(file?: string | URL | null, options?: PlotOptions): Plot {
    const points = this.learningRates.map((rate, i): Point => [rate, this.losses[i]]);
    const { suggestion } = this;
    const panel: Panel = {
      title: 'loss',
      x: { title: 'learning rate', scale: 'log', exact: true },
      y: {},
      series: [{ name: 'smoothed loss', tone: 'first', points }],
      ...(suggestion === null ? {} : { rule: { x: suggestion, name: `suggestion ${suggestion.toPrecision(2)}` } }),
    };
    const about = `losses over ${points.length} learning rates${suggestion === null ? '' : `, suggestion ${suggestion.toPrecision(3)}`}`;
    return plotTo('plot', { title: 'Learning rates', about, panels: [panel] }, file, options);
  }
}

/** As numpy.gradient: half the difference of the neighbours, at the ends the difference to the one. */
function slopeAt(values: readonly number[], i: number): number {
  const [before, after] = [Math.max(0, i - 1), Math.min(values.length - 1, i + 1)];
  return (values[after] - values[before]) / (after - before);
}

function read(given: FindLearningRateOptions | undefined) {
  const where = 'findLearningRate';
  const o = readOptions<Required<FindLearningRateOptions>>(where, given, {
    min: 1e-8,
    max: 1,
    steps: 100,
    mode: 'exponential',
    batchSize: null,
    earlyStopThreshold: 4,
  });
  const min = checkNumber(where, 'min', o.min, { above: 0 });
  return {
    min,
    max: checkNumber(where, 'max', o.max, { above: min }),
    steps: checkNumber(where, 'steps', o.steps, { min: 2, integer: true }),
    mode: checkOneOf(where, 'mode', o.mode, ['exponential', 'linear'] as const),
    batchSize: o.batchSize,
    threshold:
      o.earlyStopThreshold === null ? null : checkNumber(where, 'earlyStopThreshold', o.earlyStopThreshold, { above: 0 }),
  };
}

/** See `findLearningRate` of the package. */
export async function findLearningRate(
  model: Tried,
  x: unknown,
  y: unknown,
  given?: FindLearningRateOptions,
): Promise<LearningRates> {
  if (typeof model?.clone !== 'function')
    throw new ValueError(`findLearningRate: the first argument must be a compiled model. Received: ${show(model)}`, 'ERR_MODEL');
  const { min, max, steps, mode, batchSize, threshold } = read(given);
  // The model itself is left as it is.
  const tried = model.clone();
  const rates: number[] = [];
  const losses: number[] = [];
  let mean = 0;
  let best = 0;
  const watching = {
    onEpochBegin(epoch: number) {
      const part = (epoch + 1) / steps;
      const rate = mode === 'linear' ? min + (max - min) * part : min * (max / min) ** part;
      tried.optimizer.learningRate = rate;
      rates.push(rate);
    },
    onEpochEnd(epoch: number, { loss }: { loss: number }) {
      mean = BETA * mean + (1 - BETA) * loss;
      const smoothed = mean / (1 - BETA ** (epoch + 1));
      losses.push(smoothed);
      if (threshold !== null && epoch > 0 && !(smoothed <= threshold * best)) tried.stopTraining = true;
      if (epoch === 0 || smoothed < best) best = smoothed;
    },
  };
  try {
    // A batch an epoch: its results are those of the batch alone.
    const size = y === null || y === undefined ? {} : { batchSize: batchSize ?? 32 };
    await tried.fit(endless(x), y, { verbose: 0, epochs: steps, stepsPerEpoch: 1, ...size, callbacks: watching });
  } finally {
    tried.dispose();
  }
  return new LearningRates(rates.slice(0, losses.length), losses);
}

/** A dataset that is made anew again and again, as one that goes on. */
function endless(x: unknown): unknown {
  if (typeof x !== 'function') return x;
  return (async function* () {
    for (;;) {
      let any = false;
      for await (const batch of await x()) {
        any = true;
        yield batch;
      }
      if (!any) return;
    }
  })();
}
