import type { NDArray } from '../../data/ndarray.js';
import type { Pieces } from '../../protobuf.js';
import { histogram, images } from './summaries.js';

/** A histogram of each weight and, where that is asked, a picture, under its layer's and its own name. */
export function weightSummaries(weights: readonly { tag: string; value: NDArray }[], pictures: boolean): Pieces[] {
  return weights.flatMap(({ tag, value }) => {
    const picture = pictures ? pictureOf(value) : null;
    return [
      histogram(`${tag}/histogram`, value.data as Float32Array),
      ...(picture ? [images(`${tag}/image`, picture.data, picture.shape)] : []),
    ];
  });
}

/**
 * A weight as pictures [count, height, width, channels], as Keras lays them out: a bias is one column, a matrix lies on its long side, of a
 * kernel with three axes each last index is a picture. Null where it has too many axes, or none that can be colours.
 */
export function pictureOf({ data, shape }: Pick<NDArray, 'data' | 'shape'>): { data: Float32Array; shape: number[] } | null {
  const sizes = shape.filter((size) => size !== 1);
  const numbers = data as Float32Array;
  if (sizes.length === 1) return { data: numbers, shape: [1, sizes[0], 1, 1] };
  if (sizes.length === 2) {
    const [rows, columns] = sizes;
    return rows > columns
      ? { data: moved(numbers, rows, columns), shape: [1, columns, rows, 1] }
      : { data: numbers, shape: [1, rows, columns, 1] };
  }
  if (sizes.length === 3) {
    const [a, b, c] = sizes;
    return { data: moved(numbers, a * b, c), shape: [c, a, b, 1] };
  }
  return sizes.length === 4 && [1, 3, 4].includes(sizes[3]) ? { data: numbers, shape: sizes } : null;
}

/** [rows, columns] transposed. */
function moved(from: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(from.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = from[r * columns + c];
  return out;
}
