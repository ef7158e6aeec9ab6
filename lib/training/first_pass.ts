import type { RunResult } from '../../binding.js';
import type { History } from '../callbacks/history.js';
import { checkFinite, type Named } from '../data/finite.js';
import type { CounterState } from '../model/counters.js';
import type { Model } from '../model/model.js';

/** Elements of x below which a pass of its own takes about a millisecond. */
const FEW = 2 ** 21;

/** Elements of x for each parameter above which a copy of the model costs little beside a pass over x. */
const MANY = 8;

/** A moment in which whoever reads the weights may come to an end. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Looks for numbers of x that are not finite while the first pass gathers them, instead of before: a pass of its own over a large x takes
 * as long as memory takes to give it. Where one is found the model gets back what it was, as if nothing had been trained.
 */
export class FirstPass {
  #before: { restore: () => void; counters: CounterState; calls: number; history: History | null } | null;
  #left: number;

  private constructor(
    readonly model: Model,
    readonly x: Named,
    steps: number,
  ) {
    this.#left = steps;
    this.#before = {
      restore: model.engine().remember(),
      counters: model.counters.state,
      calls: model.optimizer.calls,
      history: model.history,
    };
  }

  /**
   * @param steps batches of a pass
   * @returns null where x is small beside the model, or the model not yet built: then it is looked at before
   */
  static of(model: Model, x: Named, steps: number): FirstPass | null {
    const { data } = x.tensor;
    const isFloat = data instanceof Float32Array || data instanceof Float64Array;
    if (!isFloat || !model.built || data.length < FEW || data.length < MANY * model.countParams()) return null;
    try {
      return new FirstPass(model, x, steps);
    } catch (error) {
      // Another training has the weights: this one is refused when it begins.
      if ((error as { code?: unknown }).code === 'ERR_BUSY') return null;
      throw error;
    }
  }

  /** Whether batches are still to be looked at. */
  get isOn(): boolean {
    return this.#before !== null;
  }

  /** Batches have been trained. Throws the ValueError (ERR_NOT_FINITE) that names the first number where one is not finite. */
  async note(result: RunResult): Promise<void> {
    this.#left -= result.done;
    if (result.foundNotFinite) {
      await this.#undo();
      checkFinite(this.x);
    }
    if (this.#left <= 0) this.#before = null;
  }

  async #undo(): Promise<void> {
    if (!this.#before) return;
    const { restore, counters, calls, history } = this.#before;
    const { model } = this;
    for (;;) {
      try {
        restore();
        break;
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'ERR_BUSY') throw error;
        await turn();
      }
    }
    model.counters.state = counters;
    model.optimizer.calls = calls;
    model.history = history;
  }
}
