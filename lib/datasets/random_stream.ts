/** Random numbers that follow from two: sfc32, begun from both. Orders of a dataset are drawn by it, so that they are the same on every machine. */
export class RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  /** @param seed a whole number below 2^53, as is `stream` */
  constructor(seed: number, stream: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) ^ Math.imul(Math.floor(stream / 2 ** 32), 0x9e3779b9);
    this.#c = stream | 0;
    for (let i = 0; i < 15; i++) this.#next();
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    const high = this.#next() >>> 0;
    if (count <= 2 ** 20) return Math.floor((high / 2 ** 32) * count);
    return Math.floor(((high + (this.#next() >>> 0) / 2 ** 32) / 2 ** 32) * count) % count;
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum;
  }
}
