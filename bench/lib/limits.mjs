// What a workload needs at least on this machine: its floating-point work at the rate of multiply-adds in registers, and the optimizer's
// traffic at the rate at which the machine does it. Convolutions count as the products of matrices they are.
import { execFileSync } from 'node:child_process';
import { describe } from './stack.mjs';

/** Products of a step as [m, n, k, transposeA, transposeB], its other operations, and the number of trained parameters. */
export function workOf(workload) {
  const layers = describe(workload);
  const lowest = layers.findIndex((layer) => layer.parameters > 0);
  const products = [];
  let flops = 0;
  for (const [i, layer] of layers.entries()) {
    // Below the first layer with weights no gradient is needed.
    flops += layer.flops * workload.batchSize * (i > lowest ? 3 : 2);
    for (const { m: rows, n, k, times = 1, ofState = false } of layer.products) {
      const m = rows * workload.batchSize;
      for (let t = 0; t < times; t++) {
        products.push([m, n, k, 0, 0]);
        if (i > lowest || ofState) products.push([m, k, n, 0, 1]);
        products.push([k, n, m, 1, 0]);
      }
    }
  }
  return { products, flops, parameters: layers.reduce((sum, layer) => sum + layer.parameters, 0) };
}

const flopsOf = (products) => products.reduce((sum, [m, n, k]) => sum + 2 * m * n * k, 0);
const unique = (list) => [...new Map(list.map((item) => [item.join(), item])).values()];

// A long side of a product is cut in panels by whoever computes it; a few suffice to measure their rate.
const longest = 8192;
const measured = ([m, n, k, ...rest]) => [Math.min(m, longest), n, Math.min(k, longest), ...rest];

/** Runs the program that measures the machine, with the products of these workloads. */
export function measureLimits(program, threads, workloads) {
  const products = unique(Object.values(workloads).flatMap((w) => workOf(w).products.map(measured)));
  const parameters = [...new Set(Object.values(workloads).map((w) => measuredParameters(workOf(w).parameters)))];
  const args = [String(threads), parameters.join(), ...products.map((p) => p.join())];
  const out = JSON.parse(execFileSync(program, args, { encoding: 'utf8' }));
  return { ...out, products: out.products.map((p) => ({ ...p, product: products[p.index] })) };
}

const stepsOf = ({ data, batchSize }) => Math.ceil(data.rows / batchSize);
const measuredParameters = (parameters) => Math.min(4 << 20, parameters);

/** Seconds of the optimizer's traffic in a step. */
function updateOf(workload, parameters, limits, threads) {
  // Embeddings need only the rows of a batch; the dense rule's traffic is not counted there.
  if (describe(workload).some((layer) => layer.name === 'embedding')) return 0;
  const adam = limits.adam.find((a) => a.threads === threads && a.parameters === measuredParameters(parameters));
  return ((adam?.us ?? 0) * 1e-6 * parameters) / measuredParameters(parameters);
}

/** Seconds that an epoch needs at least, on so many threads. */
export function limitOf(workload, limits, threads) {
  const { products, flops, parameters } = workOf(workload);
  const work = (flopsOf(products) + flops) / (limits.peak[threads - 1] * 1e9);
  return stepsOf(workload) * (work + updateOf(workload, parameters, limits, threads));
}

/** The same with products at the rate of the better of sgemm and the engine at their own sizes; null where one was not measured. */
function productsLimitOf(workload, limits, threads) {
  const rates = new Map(
    limits.products.filter((p) => p.threads === threads).map((p) => [p.product.join(), Math.max(p.blas, p.engine)]),
  );
  const { products, flops, parameters } = workOf(workload);
  const seconds = products.map((p) => flopsOf([p]) / ((rates.get(measured(p).join()) ?? Number.NaN) * 1e9));
  const work = seconds.reduce((sum, s) => sum + s, 0) + flops / (limits.peak[threads - 1] * 1e9);
  return stepsOf(workload) * (work + updateOf(workload, parameters, limits, threads));
}

/** The least over the numbers of threads: a small step is not worth two. */
export const bestLimit = (workload, limits) => Math.min(...limits.peak.map((_, i) => limitOf(workload, limits, i + 1)));
export const bestProductsLimit = (workload, limits) =>
  Math.min(...limits.peak.map((_, i) => productsLimitOf(workload, limits, i + 1)));
