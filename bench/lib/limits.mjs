// What a workload needs at least on this machine: its floating-point work at the rate of multiply-adds in registers, and the optimizer's
// traffic at the rate at which the machine does it.
import { execFileSync } from 'node:child_process';

/** Products of a step as [m, n, k, transposeA, transposeB], and the number of trained parameters. */
export function workOf({ kind, units, batchSize: b, data }) {
  const products = [];
  let parameters = 0;
  const product = (m, n, k, first, times = 1) => {
    for (let i = 0; i < times; i++) {
      products.push([m, n, k, 0, 0]);
      if (!first) products.push([m, k, n, 0, 1]);
      products.push([k, n, m, 1, 0]);
    }
  };
  const dense = (m, n, k, first) => {
    product(m, n, k, first);
    parameters += (k + 1) * n;
  };
  if (kind === 'mlp') {
    const sizes = [data.features, ...units];
    for (const [i, n] of units.entries()) dense(b, n, sizes[i], i === 0);
  }
  if (kind === 'cnn') {
    dense(b * 26 * 26, 32, 9, true);
    dense(b * 11 * 11, 64, 288);
    dense(b, 128, 1600);
    dense(b, 10, 128);
  }
  if (kind === 'lstm') {
    dense(b * data.steps, 256, data.features, true);
    product(b, 256, 64, false, data.steps);
    parameters += 64 * 256;
    dense(b, 1, 64);
  }
  if (kind === 'text') {
    dense(b, 16, 64);
    dense(b, 1, 16);
    parameters += data.vocabulary * 64;
  }
  return { products, parameters };
}

const flopsOf = (products) => products.reduce((sum, [m, n, k]) => sum + 2 * m * n * k, 0);
const unique = (list) => [...new Map(list.map((item) => [item.join(), item])).values()];

/** Runs the program that measures the machine, with the products of these workloads. */
export function measureLimits(program, threads, workloads) {
  const products = unique(Object.values(workloads).flatMap((w) => workOf(w).products));
  const parameters = [...new Set(Object.values(workloads).map((w) => Math.min(4 << 20, workOf(w).parameters)))];
  const args = [String(threads), parameters.join(), ...products.map((p) => p.join())];
  const out = JSON.parse(execFileSync(program, args, { encoding: 'utf8' }));
  return { ...out, products: out.products.map((p) => ({ ...p, product: products[p.index] })) };
}

/** Seconds that an epoch needs at least, on so many threads. */
export function limitOf(workload, limits, threads) {
  const { products, parameters } = workOf(workload);
  const steps = Math.ceil(workload.data.rows / workload.batchSize);
  const adam = limits.adam.find((a) => a.threads === threads && a.parameters === Math.min(4 << 20, parameters));
  // Embeddings need only the rows of a batch; the dense rule's traffic is not counted there.
  const update = workload.kind === 'text' ? 0 : (adam?.us ?? 0) * 1e-6;
  return (steps * flopsOf(products)) / (limits.peak[threads - 1] * 1e9) + steps * update;
}

/** The least over the numbers of threads: a small step is not worth two. */
export const bestLimit = (workload, limits) => Math.min(...limits.peak.map((_, i) => limitOf(workload, limits, i + 1)));
