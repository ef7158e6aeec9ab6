// Does the engine compute what plain JavaScript computes, and how fast is it here?
import type { NDArray } from '../data/ndarray.js';
import { nameOf, runStack, type Package as StackPackage } from './stacks/index.js';

/** The package as the self-test uses it. */
export type Package = StackPackage & Pick<typeof import('../index.js'), 'setThreads' | 'version'>;

/** What the self-test found. */
export interface SelfTest {
  ok: boolean;
  /** Largest difference from a calculation in double precision, relative to the largest value: below 1e-4 where all is well. */
  predictError: number;
  /** Likewise of the weights after a step of training. */
  trainError: number;
  /** Floating-point work of matrix products while 512-512-512 was trained with batches of 256, in 10^9 operations a second. */
  gflops: number;
  /** Samples a second of the same. */
  samplesPerSecond: number;
  /** How many random stacks were trained, each on one thread and on all: weights, losses and predictions must have the same bits. */
  stacks: number;
  /** What failed of them, a line each. */
  failedStacks: string[];
}

/** Sizes that fill no vector and no tile of any kernel evenly. */
const [rows, inputs, hidden, outputs] = [37, 101, 67, 11];
const rate = 0.05;
const tolerance = 1e-4;

/** Numbers in [-1, 1) that are the same everywhere. */
function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

type Matrix = { rows: number; columns: number; at: (i: number, j: number) => number };
const matrix = (data: ArrayLike<number>, columns: number): Matrix => ({
  rows: data.length / columns,
  columns,
  at: (i, j) => data[i * columns + j],
});
const transposed = (m: Matrix): Matrix => ({ rows: m.columns, columns: m.rows, at: (i, j) => m.at(j, i) });

/** a · b in double precision. */
function product(a: Matrix, b: Matrix): Float64Array {
  const out = new Float64Array(a.rows * b.columns);
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < b.columns; j++) for (let k = 0; k < a.columns; k++) out[i * b.columns + j] += a.at(i, k) * b.at(k, j);
  return out;
}

/** Predictions and, after one step of gradient descent on the mean squared error, the kernels: dense, ReLU, dense. */
function reference(x: Float32Array, y: Float32Array, kernel1: Float32Array, kernel2: Float32Array) {
  const [w1, w2] = [matrix(kernel1, hidden), matrix(kernel2, outputs)];
  const h = product(matrix(x, inputs), w1).map((value) => Math.max(value, 0));
  const predictions = product(matrix(h, hidden), w2);
  const outer = matrix(
    predictions.map((value, i) => (2 * (value - y[i])) / predictions.length),
    outputs,
  );
  const inner = product(outer, transposed(w2)).map((value, i) => (h[i] > 0 ? value : 0));
  const step = (kernel: Float32Array, gradient: Float64Array) => gradient.map((g, i) => kernel[i] - rate * g);
  return {
    predictions,
    kernel1: step(kernel1, product(transposed(matrix(x, inputs)), matrix(inner, hidden))),
    kernel2: step(kernel2, product(transposed(matrix(h, hidden)), outer)),
  };
}

/** Largest difference relative to the largest expected value. Infinity where there are numbers that are none. */
function difference(got: ArrayLike<number>, expected: Float64Array): number {
  let [largest, scale] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(got[i] - expected[i]));
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return got.length === expected.length && !Number.isNaN(largest) ? largest / scale : Number.POSITIVE_INFINITY;
}

async function correctness({ layers, optimizers, sequential }: Package) {
  const [x, y] = [numbers(rows * inputs, 1), numbers(rows * outputs, 2)];
  const [kernel1, kernel2] = [numbers(inputs * hidden, 3), numbers(hidden * outputs, 4)];
  const model = sequential([
    layers.dense({ units: hidden, activation: 'relu', useBias: false, dtype: 'float32', inputShape: [inputs] }),
    layers.dense({ units: outputs, useBias: false, dtype: 'float32' }),
  ]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: rate }), loss: 'mse' });
  model.setWeights([kernel1, kernel2]);
  const expected = reference(x, y, kernel1, kernel2);
  const input = { data: x, shape: [rows, inputs] };
  const atOnce = model.predictSync(input).data;
  const onPool = (await model.predict(input, { verbose: 0, batchSize: 16 })).data;
  await model.trainOnBatch(input, { data: y, shape: [rows, outputs] });
  const [after1, after2] = model.getWeights().map((weight: NDArray) => weight.data);
  model.dispose();
  // What a step changes is small beside the weights: the changes are compared, not the weights.
  const change = (after: ArrayLike<number>, before: Float32Array) => Float64Array.from(before, (value, i) => after[i] - value);
  return {
    predictError: Math.max(difference(atOnce, expected.predictions), difference(onPool, expected.predictions)),
    trainError: Math.max(
      difference(change(after1, kernel1), change(expected.kernel1, kernel1)),
      difference(change(after2, kernel2), change(expected.kernel2, kernel2)),
    ),
  };
}

async function speed({ layers, sequential }: Package, seconds: number) {
  const [width, samples] = [512, 2048];
  const [x, y] = [numbers(samples * width, 5), numbers(samples * width, 6)];
  const model = sequential([
    layers.dense({ units: width, activation: 'relu', dtype: 'float32', inputShape: [width] }),
    layers.dense({ units: width, dtype: 'float32' }),
  ]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const epoch = () =>
    model.fit({ data: x, shape: [samples, width] }, { data: y, shape: [samples, width] }, { batchSize: 256, verbose: 0 });
  await epoch();
  const begin = performance.now();
  let epochs = 0;
  let elapsed = 0;
  do {
    await epoch();
    epochs++;
    elapsed = (performance.now() - begin) / 1000;
  } while (elapsed < seconds);
  model.dispose();
  // Two products forward, two for the kernels' gradients, one for the gradient between the layers.
  const work = 5 * 2 * samples * width * width * epochs;
  return { gflops: work / elapsed / 1e9, samplesPerSecond: (samples * epochs) / elapsed };
}

/** One stack at least, and as many as there is time for. */
async function tryStacks(gemmfit: Package, seconds: number) {
  const all = gemmfit.version.threads;
  const end = performance.now() + 1000 * seconds;
  const failed: string[] = [];
  let seed = 0;
  try {
    do {
      const name = { seed: ++seed };
      try {
        gemmfit.setThreads(1);
        const alone = await runStack(gemmfit, name);
        gemmfit.setThreads(all);
        const together = await runStack(gemmfit, name);
        const wrong = alone.hash === together.hash ? together.problem : `other bits on ${all} threads than on one`;
        if (wrong) failed.push(`${nameOf(name)}: ${wrong}`);
      } catch (error) {
        failed.push(`${nameOf(name)}: ${(error as Error).message}`);
      }
    } while (performance.now() < end);
  } finally {
    gemmfit.setThreads(all);
  }
  return { stacks: seed, failedStacks: failed };
}

/** @param seconds how long training is timed and, after it, random stacks are tried, at least */
export async function selfTest(gemmfit: Package, seconds: number): Promise<SelfTest> {
  const errors = await correctness(gemmfit);
  const rates = await speed(gemmfit, seconds);
  const stacks = await tryStacks(gemmfit, seconds);
  const ok = errors.predictError < tolerance && errors.trainError < tolerance && stacks.failedStacks.length === 0;
  return { ok, ...errors, ...rates, ...stacks };
}
