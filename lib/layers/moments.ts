import { sizeOf } from '../shapes.js';

/**
 * Mean and variance of data that come batch by batch, for each place of the kept axes; over all other axes, the batch's among them.
 * Within a batch in two passes, and batches are joined by their means, so that squares of large numbers do not cancel.
 */
export class Moments {
  #count = 0;
  #mean = new Float64Array(0);
  /** Sums of squares around the mean. */
  #squares = new Float64Array(0);

  /** @param kept axes with places of their own, ascending, the batch dimension counting as 0; their sizes must be the same in all batches */
  constructor(private readonly kept: readonly number[]) {}

  /** @param shape with the batch first */
  add(data: ArrayLike<number | bigint>, shape: readonly number[]): void {
    const { place, places } = this.#places(shape.slice(1));
    const count = data.length / places;
    const sum = (f: (value: number, place: number) => number) => {
      const sums = new Float64Array(places);
      for (let i = 0; i < data.length; )
        for (let e = 0; e < place.length; e++, i++) sums[place[e]] += f(Number(data[i]), place[e]);
      return sums;
    };
    const mean = sum((v) => v).map((s) => s / count);
    const squares = sum((v, k) => (v - mean[k]) ** 2);
    const all = this.#count + count;
    if (this.#count === 0) [this.#mean, this.#squares] = [mean, squares];
    else
      for (let k = 0; k < places; k++) {
        const apart = mean[k] - this.#mean[k];
        this.#mean[k] += (apart * count) / all;
        this.#squares[k] += squares[k] + (apart * apart * this.#count * count) / all;
      }
    this.#count = all;
  }

  /** The (biased) variance, as in Keras. */
  result(): { mean: Float32Array; variance: Float32Array } {
    return { mean: Float32Array.from(this.#mean), variance: Float32Array.from(this.#squares, (s) => s / this.#count) };
  }

  /** The place of each element of a sample. */
  #places(sample: readonly number[]): { place: Int32Array; places: number } {
    const size = sizeOf(sample);
    const place = new Int32Array(size);
    let places = 1;
    let stride = 1;
    for (let a = sample.length - 1; a >= 0; stride *= sample[a], a--)
      if (this.kept.includes(a + 1)) {
        for (let e = 0; e < size; e++) place[e] += (Math.floor(e / stride) % sample[a]) * places;
        places *= sample[a];
      }
    return { place, places };
  }
}
