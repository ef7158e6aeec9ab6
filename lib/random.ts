import { checkNumber } from './options.js';

// Nothing here is secret, and node:crypto takes longer to load than the rest of the package.
let base = BigInt(Math.floor(Math.random() * 2 ** 47));
let drawn = 0n;

/**
 * Makes everything random follow from one number: initial weights, shuffles, dropout and noise.
 * The same script with the same seed gives the same bits, whatever the number of threads.
 * @param seed a whole number from 0 to 2^53 - 1
 * @example
 * setRandomSeed(1);
 * const model = sequential([layers.dense({ units: 4, inputShape: [3] })]);
 * console.log(model.getWeights()[0]?.toArray()); // the same numbers in every run
 */
export function setRandomSeed(seed: number): void {
  base = BigInt(checkNumber('setRandomSeed', 'seed', seed, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true }));
  drawn = 0n;
}

/** The next independent seed (below 2^53), for one weight, layer or model: splitmix64's finalizer over (seed, count). */
export function nextSeed(): number {
  const mask = (1n << 64n) - 1n;
  let z = (base * 0x9e3779b97f4a7c15n + ++drawn * 0xd1342543de82ef95n) & mask;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
  return Number((z ^ (z >> 31n)) >> 11n);
}

/** Runs what draws seeds at once as if `setRandomSeed` had been called with this one; what others draw goes on where it stood. */
export function withSeed<T>(seed: number, run: () => T): T {
  const before = { base, drawn };
  base = BigInt(seed);
  drawn = 0n;
  try {
    return run();
  } finally {
    base = before.base;
    drawn = before.drawn;
  }
}

/** How to take back what is drawn from here to `end`, for work that comes to nothing; unless somebody else has drawn since. */
export function saveRandom(): { end(): void; back(): void } {
  const before = drawn;
  let after = drawn;
  return {
    end() {
      after = drawn;
    },
    back() {
      if (drawn === after) drawn = before;
    },
  };
}
