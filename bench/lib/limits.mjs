// What a workload needs at least on this machine: its products at the rate of sgemm (or of the engine, where that is faster) at their own
// sizes, its other floating-point work at the rate of multiply-adds in registers, and the traffic of the optimizer and of gathered rows
// at the rates at which the machine does it. Convolutions count as the products of matrices they are. And the same with the products,
// too, at the rate of registers, which no product reaches.
import { execFileSync } from 'node:child_process';
import { describe } from './stack.mjs';

/** Rows of tables that are read in a step, and the different ones among them if each is as likely, in floats. */
function tablesOf(workload) {
  const ids = workload.batchSize * (workload.data.steps ?? 1);
  const tables = describe(workload).filter((layer) => layer.name === 'embedding');
  return tables.map(({ parameters, options: { inputDim, outputDim } }) => ({
    parameters,
    read: ids * outputDim,
    touched: inputDim * (1 - (1 - 1 / inputDim) ** ids) * outputDim,
  }));
}

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

/** Numbers of parameters that are updated together: those of a table, and else all. */
const heldOf = (workload) => {
  const tables = tablesOf(workload).map((table) => table.parameters);
  return tables.length ? tables : [workOf(workload).parameters];
};

/** Products of a batch of 256 rows through the layers of W2, which serving.mjs predicts. */
const predicted = [
  [256, 128, 784, 0, 0],
  [256, 10, 128, 0, 0],
];

/** Seconds that so many rows need at least in W2's layers: their products as fast as by themselves, as fast as registers, and reading the rows. */
export function predictLimits(rows, { products, peak, triad }) {
  const rate = (product) =>
    Math.max(...products.filter((p) => p.product.join() === product.join()).map((p) => Math.max(p.blas, p.engine)));
  const seconds = (rateOf) => predicted.reduce((sum, p) => sum + ((rows / 256) * flopsOf([p])) / (rateOf(p) * 1e9), 0);
  const bytes = 4 * rows * predicted[0][2];
  return { products: seconds(rate), registers: seconds(() => Math.max(...peak)), reading: bytes / (Math.max(...triad) * 1e9) };
}

/** Runs the program that measures the machine, with the products of these workloads, in an environment with these additions. */
export function measureLimits(program, threads, workloads, environment) {
  const products = unique([...Object.values(workloads).flatMap((w) => workOf(w).products.map(measured)), ...predicted]);
  const parameters = [...new Set(Object.values(workloads).flatMap(heldOf).map(measuredParameters))];
  const args = [String(threads), parameters.join(), ...products.map((p) => p.join())];
  const out = JSON.parse(execFileSync(program, args, { encoding: 'utf8', env: { ...process.env, ...environment } }));
  return { ...out, products: out.products.map((p) => ({ ...p, product: products[p.index] })) };
}

const stepsOf = ({ data, batchSize }) => Math.ceil(data.rows / batchSize);
const measuredParameters = (parameters) => Math.min(4 << 20, parameters);

/** Seconds of a step's traffic: all that the optimizer reads and writes, of tables the rows of a batch, and those once more as they are read. */
function trafficOf(workload, limits, threads) {
  const update = (held, updated) => {
    const adam = limits.adam.find((a) => a.threads === threads && a.parameters === measuredParameters(held));
    return (updated * (adam?.us ?? 0) * 1e-6) / measuredParameters(held);
  };
  const tables = tablesOf(workload);
  const { parameters } = workOf(workload);
  if (tables.length === 0) return update(parameters, parameters);
  // What other layers have is nothing beside a table.
  const seconds = tables.map((t) => update(t.parameters, t.touched) + (4 * t.read) / (limits.triad[threads - 1] * 1e9));
  return seconds.reduce((sum, s) => sum + s, 0);
}

/** Seconds that an epoch needs at least, on so many threads, were products as fast as multiply-adds in registers. */
export function registersLimitOf(workload, limits, threads) {
  const { products, flops } = workOf(workload);
  const work = (flopsOf(products) + flops) / (limits.peak[threads - 1] * 1e9);
  return stepsOf(workload) * (work + trafficOf(workload, limits, threads));
}

/** Seconds that an epoch needs at least, on so many threads, with products as fast as they are by themselves; NaN where one was not measured. */
export function limitOf(workload, limits, threads) {
  const rates = new Map(
    limits.products.filter((p) => p.threads === threads).map((p) => [p.product.join(), Math.max(p.blas, p.engine)]),
  );
  const { products, flops } = workOf(workload);
  const seconds = products.map((p) => flopsOf([p]) / ((rates.get(measured(p).join()) ?? Number.NaN) * 1e9));
  const work = seconds.reduce((sum, s) => sum + s, 0) + flops / (limits.peak[threads - 1] * 1e9);
  return stepsOf(workload) * (work + trafficOf(workload, limits, threads));
}

/** The least over the numbers of threads: a small step is not worth two. */
const least = (limit) => (workload, limits) => Math.min(...limits.peak.map((_, i) => limit(workload, limits, i + 1)));
export const bestLimit = least(limitOf);
export const bestRegistersLimit = least(registersLimitOf);
