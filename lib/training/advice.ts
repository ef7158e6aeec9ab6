import type { Tensor } from '../data/convert.js';
import { firstLayer } from '../layers/nested.js';
import type { Logs } from '../logs.js';
import type { Model } from '../model/model.js';
import type { OpenArrays } from './open_batches.js';
import { rowSize } from './samples.js';

/** Numbers of x that are looked at, spread over all of it. */
const MOST = 100_000;

/** Beyond this the first layer's sums are so large that steps made for numbers of about 1 are too long. */
const LARGE = 50;

/** Layers that bring their inputs to a size of their own, or take ids. */
const SCALING =
  /^(Normalization|BatchNormalization|LayerNormalization|UnitNormalization|Rescaling|Embedding|CategoryEncoding|Discretization|Hashing)$/;

/** How many times its first value the loss must be before the rate is blamed. */
const GROWN = 2;

/** Says what hardly is meant in a training, before and while it goes on: see `validate` of `fit`. */
export class Advice {
  #first: number | null = null;
  #hasGrown = false;

  constructor(private readonly model: Model) {}

  /** Before the training: its arrays. */
  before(arrays: OpenArrays): void {
    const { x, y } = arrays.samples;
    this.#lookAtInputs(x);
    if (y) this.#lookAtLabels(y, arrays);
  }

  /** An epoch is over. */
  epoch(epoch: number, { loss }: Logs): void {
    if (typeof loss !== 'number' || this.#hasGrown) return;
    this.#first ??= loss;
    if (!(loss > GROWN * Math.abs(this.#first))) return;
    this.#hasGrown = true;
    const rate = this.model.optimizer.rateAt(this.model.optimizer.calls);
    this.#say(
      `the loss has grown from ${short(this.#first)} to ${short(loss)} by epoch ${epoch + 1}: the learning rate, ${short(rate)}, is too large for this model. findLearningRate finds one.`,
    );
  }

  #say(text: string): void {
    process.emitWarning(`fit: model '${this.model.name}': ${text}`, { code: 'GEMMFIT_VALIDATE' });
  }

  #lookAtInputs({ data }: Tensor): void {
    if (SCALING.test(firstLayer(this.model.layers)?.className ?? '')) return;
    const step = Math.max(1, Math.floor(data.length / MOST));
    let largest = 0;
    for (let i = 0; i < data.length; i += step) largest = Math.max(largest, Math.abs(Number(data[i])));
    if (largest > LARGE)
      this.#say(
        `x holds numbers as large as ${short(largest)}, and models learn best from numbers of about -1 to 1. Put layers.rescaling (pixels: scale 1/255) or an adapted layers.normalization first.`,
      );
    else if (largest > 0 && largest < 1 / LARGE)
      this.#say(
        `x holds no number larger than ${short(largest)}, and models learn best from numbers of about -1 to 1. Put an adapted layers.normalization first.`,
      );
  }

  /** Of classes by their numbers: where all that is held out, or all that trains, is of one class. */
  #lookAtLabels(y: Tensor, { rows, held }: OpenArrays): void {
    const loss = this.model.compilation('fit').loss;
    if (rowSize(y) !== 1 || !loss || !(loss.sparse || loss.takesProbabilities)) return;
    const trained = classesIn(y, 0, rows);
    if (trained.size === 1)
      this.#say(`all ${rows} samples that train are of class ${[...trained][0]}, so that there is nothing to learn.`);
    if (!held) return;
    const tested = classesIn(y, rows, y.data.length);
    const isSorted = isRising(y);
    const unseen = [...tested].filter((label) => !trained.has(label));
    const mend =
      'validationSplit takes the last samples, before it shuffles: shuffle the data first, or use data.trainTestSplit with stratify.';
    if (isSorted && trained.size > 1) this.#say(`y is sorted by class. ${mend}`);
    else if (unseen.length)
      this.#say(`class ${unseen[0]} is only among the samples held out to validate, and in none that train. ${mend}`);
    else if (tested.size === 1 && trained.size > 1)
      this.#say(`all samples held out to validate are of class ${[...tested][0]}. ${mend}`);
  }
}

const short = (value: number): string => String(Number(value.toPrecision(3)));

function classesIn({ data }: Tensor, from: number, to: number): Set<number> {
  const classes = new Set<number>();
  for (let i = from; i < to; i++) classes.add(Number(data[i]));
  return classes;
}

function isRising({ data }: Tensor): boolean {
  for (let i = 1; i < data.length; i++) if (data[i] < data[i - 1]) return false;
  return true;
}
