import type { Reading } from './reading.js';

/** The calls of testOnBatch, one after the other: their sums go on from call to call until one of them starts anew. */
export class OnBatch {
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly reading: Reading) {}

  /** @param anew whether the sums begin with this call */
  async next<T>(anew: boolean, run: (reading: Reading) => Promise<T>): Promise<T> {
    const { reading } = this;
    const begin = async () => {
      if (anew) reading.close();
      try {
        return await run(reading);
      } finally {
        reading.rest();
      }
    };
    const mine = this.#turn.then(begin, begin);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}
