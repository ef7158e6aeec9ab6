// Keras's quantiles of data that come in batches: a summary of values and how many elements each stands for, which is kept small. Its arrays are of
// float32, and so are the sums here.

/** Values, ascending, and how many elements each stands for. */
export interface Summary {
  values: Float32Array;
  weights: Float32Array;
}

export const emptySummary = (): Summary => ({ values: new Float32Array(0), weights: new Float32Array(0) });

/** Of one batch. */
export function summarize(data: ArrayLike<number | bigint>, epsilon: number): Summary {
  const sorted = Float32Array.from(data as ArrayLike<number>, Number).sort();
  const step = Math.max(sorted.length / (1 / epsilon), 1);
  const every = Math.trunc(step);
  const values: number[] = [];
  for (let i = Math.trunc(step - 1); i < sorted.length; i += every) values.push(sorted[i]);
  return { values: Float32Array.from(values), weights: new Float32Array(values.length).fill(step) };
}

/** Of a batch and of what came before. */
export function mergeSummaries(next: Summary, before: Summary, epsilon: number): Summary {
  const values = [...next.values, ...before.values];
  const weights = [...next.weights, ...before.weights];
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  return compress(
    { values: Float32Array.from(order, (i) => values[i]), weights: Float32Array.from(order, (i) => weights[i]) },
    epsilon,
  );
}

/** Boundaries of so many bins that hold as many elements each. */
export const boundariesOf = (summary: Summary, bins: number): number[] => [...compress(summary, 1 / bins).values.slice(0, -1)];

function compress(summary: Summary, epsilon: number): Summary {
  const { values, weights } = summary;
  if (values.length * epsilon < 1) return summary;
  const sums = new Float32Array(weights.length);
  for (let i = 0, sum = 0; i < sums.length; i++) sums[i] = sum = Math.fround(sum + weights[i]);
  const shares = sums.map((s) => Math.fround(s / sums[sums.length - 1]));
  const percents = Array.from({ length: Math.ceil(1 / epsilon) }, (_, i) => epsilon + i * epsilon);
  const ends = percents.map((p) => interpolate(p, shares, sums));
  return {
    values: Float32Array.from(percents, (p) => interpolate(p, shares, values)),
    weights: Float32Array.from(ends, (end, i) => end - (i === 0 ? 0 : ends[i - 1])),
  };
}

/** NumPy's `interp`. */
function interpolate(x: number, xs: ArrayLike<number>, ys: ArrayLike<number>): number {
  const last = xs.length - 1;
  if (x >= xs[last]) return ys[last];
  if (x < xs[0]) return ys[0];
  let low = 0;
  for (let high = last; high - low > 1; ) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle;
    else high = middle;
  }
  if (xs[low] === x) return ys[low];
  return ((ys[low + 1] - ys[low]) / (xs[low + 1] - xs[low])) * (x - xs[low]) + ys[low];
}
