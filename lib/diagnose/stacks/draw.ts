/** Choices that follow from a seed, the same everywhere (mulberry32). */
export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 2654435761) + 1) >>> 0;
  }

  /** In [0, 1). */
  number(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(end: number): number {
    return Math.floor(this.number() * end);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  chance(share: number): boolean {
    return this.number() < share;
  }

  /** `usual`, but for one time in eight. */
  rarely<T>(usual: T, others: readonly T[]): T {
    return this.chance(0.125) ? this.of(others) : usual;
  }
}

/** Sizes around what vectors, tiles and blocks of a kernel hold. */
export const wide = [
  1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 48, 64, 100, 127, 128, 129, 200, 255, 256, 257, 384, 512, 513, 640, 768, 1024,
] as const;
export const narrow = [1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 24, 32, 33, 64] as const;
