import type { Model } from '../model/model.js';
import type { Interruption } from './interruption.js';

/** Milliseconds that a timer can wait at most. */
const LONGEST = 2 ** 31 - 1;

/**
 * Ends a training when its time is up. Where it is written down it stops where it stands, so that it can go on from there; else its epoch is brought to
 * an end, as by `stopTraining`.
 */
export class TimeLimit {
  #timer: NodeJS.Timeout | null = null;
  #isUp = false;

  constructor(seconds: number | null, model: Model, interruption: Interruption, isWritten: boolean) {
    if (seconds === null || 1000 * seconds > LONGEST) return;
    this.#timer = setTimeout(() => {
      this.#isUp = true;
      if (isWritten) interruption.interrupt('timeLimit');
      else model.stopTraining = true;
    }, 1000 * seconds);
    this.#timer.unref();
  }

  /** Whether it has ended the training. */
  get isUp(): boolean {
    return this.#isUp;
  }

  release(): void {
    if (this.#timer) clearTimeout(this.#timer);
  }
}
