import { ENDED, Waits } from '../data/waits.js';

/**
 * A signal and what it ends: `stop` is called, and whoever waits for what is not ours, a hook or a source, waits no longer. The signal's reason is
 * thrown there.
 */
export class Aborting {
  readonly #waits = new Waits();
  readonly #signal: AbortSignal | null;
  readonly #onAbort: () => void;

  constructor(signal: AbortSignal | null, stop: () => void) {
    this.#signal = signal;
    this.#onAbort = () => {
      stop();
      this.#waits.end();
    };
    signal?.addEventListener('abort', this.#onAbort);
  }

  get aborted(): boolean {
    return this.#signal?.aborted === true;
  }
  throwIfAborted(): void {
    this.#signal?.throwIfAborted();
  }

  /** What the promise gives. */
  readonly until = async <T>(promise: PromiseLike<T>): Promise<T> => {
    if (!this.#signal) return promise;
    const waited = this.#waits.until(promise);
    if (this.aborted) this.#waits.end();
    const value = await waited;
    if (value === ENDED) throw this.#signal.reason;
    return value;
  };

  /** The signal means nothing any more. */
  release(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

/** Waits for what the user gave: a hook, a source. */
export type Until = Aborting['until'];

/** Waits as long as it takes. */
export const patiently: Until = async (promise) => promise;
