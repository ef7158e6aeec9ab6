/** What stands for a wait that was ended before its promise was settled. */
export const ENDED: unique symbol = Symbol('ended');

/**
 * Waits for what may never come, and that someone else can end. A promise that settles after its wait was ended is forgotten, with its failure.
 * (`Promise.race` with one promise for the whole training would keep a reaction for every wait.)
 */
export class Waits {
  readonly #ends = new Set<() => void>();

  /** What the promise gives, or ENDED. */
  until<T>(promise: PromiseLike<T>): Promise<T | typeof ENDED> {
    return new Promise((resolve, reject) => {
      const end = () => resolve(ENDED);
      this.#ends.add(end);
      promise.then(
        (value) => {
          this.#ends.delete(end);
          resolve(value);
        },
        (error) => {
          this.#ends.delete(end);
          reject(error);
        },
      );
    });
  }

  /** Ends all waits. */
  end(): void {
    for (const end of this.#ends) end();
    this.#ends.clear();
  }
}
