import { nextSeed } from '../random.js';

/** What a training hangs on besides weights and optimizer: seeds and counters. */
export interface CounterState {
  /** All random numbers of the model follow from it. */
  seed: number;
  /** Training steps so far: the counter of random numbers. */
  trainedSteps: number;
  fits: number;
  /** Of the last fit: the seed of its orders, and the epoch that would have come next. */
  order: { seed: number; nextEpoch: number } | null;
}

/** The counters of one model. */
export class Counters {
  seed = nextSeed();
  trainedSteps = 0;
  #fits = 0;
  #order: CounterState['order'] = null;

  get state(): CounterState {
    return { seed: this.seed, trainedSteps: this.trainedSteps, fits: this.#fits, order: this.#order && { ...this.#order } };
  }
  set state({ seed, trainedSteps, fits, order }) {
    this.seed = seed;
    this.trainedSteps = trainedSteps;
    this.#fits = fits;
    this.#order = order && { ...order };
  }

  /**
   * Seed of the orders of a fit. One that begins with the epoch that the last one would have come to has the same: both together draw the
   * orders of one training.
   */
  beginFit(initialEpoch: number): number {
    const before = this.#order;
    const goesOn = initialEpoch > 0 && before?.nextEpoch === initialEpoch;
    const seed = goesOn ? before.seed : (this.seed + this.#fits++ * 0x9e3779b1) % Number.MAX_SAFE_INTEGER;
    this.#order = { seed, nextEpoch: initialEpoch };
    return seed;
  }
  /** An epoch of a fit has been trained. */
  endEpoch(epoch: number): void {
    if (this.#order) this.#order.nextEpoch = epoch + 1;
  }
}
