const BUCKETS = 30;

/**
 * Counts of numbers in buckets of equal width, as TensorFlow's histogram summary has them: [left, right, count] each; no bucket where
 * there is no number. What is not finite is left out.
 */
export function bucketsOf(numbers: Float32Array): Float64Array {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let count = 0;
  for (const n of numbers) {
    if (!Number.isFinite(n)) continue;
    count++;
    if (n < least) least = n;
    if (n > most) most = n;
  }
  if (count === 0) return new Float64Array(0);
  const range = most - least;
  if (range === 0) return ofOneValue(least, count);
  const width = range / BUCKETS;
  const out = new Float64Array(3 * BUCKETS);
  for (let k = 0; k < BUCKETS; k++) {
    out[3 * k] = least + k * width;
    out[3 * k + 1] = k + 1 === BUCKETS ? most : least + (k + 1) * width;
  }
  for (const n of numbers) if (Number.isFinite(n)) out[3 * Math.min(BUCKETS - 1, Math.floor((n - least) / width)) + 2]++;
  return out;
}

/** All buckets are at the one place, and the last has all the numbers. */
const ofOneValue = (at: number, count: number) =>
  Float64Array.from({ length: 3 * BUCKETS }, (_, i) => (i % 3 < 2 ? at : i === 3 * BUCKETS - 1 ? count : 0));
