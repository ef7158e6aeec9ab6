// One measurement of bench/lib/serving.mjs: node --expose-gc serving.mjs WHAT [arguments]; prints JSON.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { peakMiB } from '../lib/memory.mjs';
import { prepared } from '../lib/prepared.mjs';
import { cacheFolder } from '../lib/workloads.mjs';

const [what, ...args] = process.argv.slice(2);
const sorted = (list) => Float64Array.from(list).sort();
const percentile = (list, p) => list[Math.min(list.length - 1, Math.floor(list.length * p))];

async function epochsOf({ model, x, y, workload }, epochs) {
  const times = [];
  let start = 0;
  const clock = {
    onEpochBegin: () => {
      start = performance.now();
    },
    onEpochEnd: () => {
      times.push((performance.now() - start) / 1000);
    },
  };
  await model.fit(x, y, { batchSize: workload.batchSize, epochs, verbose: 0, callbacks: [clock] });
  return times.slice(1);
}

/** Delays of a 5 ms timer while `work` runs, in ms. */
async function delays(work) {
  const list = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    list.push(Math.max(0, now - last - 5));
    last = now;
  }, 5);
  await sleep(50);
  list.length = 0;
  await work();
  clearInterval(timer);
  const all = sorted(list);
  return { p50: percentile(all, 0.5), p99: percentile(all, 0.99), max: all.at(-1) };
}

const dense = (layers, sizes, activation) =>
  sizes.slice(1).map((units, i) =>
    layers.dense({
      units,
      activation: i < sizes.length - 2 ? 'relu' : activation,
      ...(i === 0 && { inputShape: [sizes[0]] }),
    }),
  );

const measurements = {
  async latency() {
    const { model, x } = await prepared('W2b32');
    const row = x.slice(0, 784);
    for (let i = 0; i < 3000; i++) model.predictSync(row);
    const calls = [];
    for (let i = 0; i < 20000; i++) {
      const start = performance.now();
      model.predictSync(row);
      calls.push((performance.now() - start) * 1000);
    }
    const all = sorted(calls);
    const batches = [];
    for (let i = 0; i < 9; i++) {
      const start = performance.now();
      await model.predict(x, { batchSize: 256, verbose: 0 });
      batches.push((performance.now() - start) / 1000);
    }
    const { predictLimits } = await import('../lib/limits.mjs'); // here: it would count as memory in `uint8`
    const limits = JSON.parse(readFileSync(join(cacheFolder, 'limits.json'), 'utf8'));
    return {
      p50: percentile(all, 0.5),
      p99: percentile(all, 0.99),
      batch: percentile(sorted(batches), 0.5),
      ...predictLimits(60000, limits),
    };
  },

  async loop() {
    const idle = await delays(() => sleep(2000));
    const trial = await prepared('W3');
    await epochsOf(trial, 1);
    return { idle, training: await delays(() => epochsOf(trial, 3)) };
  },

  async http() {
    // Here, so that they do not count as memory of the others.
    const { spawn } = await import('node:child_process');
    const { createServer } = await import('node:http');
    const trial = await prepared('W3');
    trial.gemmfit.setThreads(1);
    const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    // One request after the other, from another process: server and client take turns on a core.
    const client = `
      const http = require('node:http'); const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const one = () => new Promise((done) => http.get({ port: ${server.address().port}, host: '127.0.0.1', agent }, (r) => { r.resume(); r.on('end', done); }));
      process.on('message', async (seconds) => { let n = 0; const end = performance.now() + seconds * 1000; while (performance.now() < end) { await one(); n++; } process.send(n / seconds); });`;
    const child = spawn(process.execPath, ['-e', client], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const rate = (seconds) =>
      new Promise((resolve) => {
        child.once('message', resolve);
        child.send(seconds);
      });
    await rate(1);
    const idle = await rate(3);
    const controller = new AbortController();
    const training = trial.model.fit(trial.x, trial.y, { batchSize: 256, epochs: 1000, verbose: 0, signal: controller.signal });
    await sleep(300);
    const busy = await rate(3);
    controller.abort();
    await training.catch(() => undefined);
    child.kill();
    server.close();
    return { idle, training: busy };
  },

  async many(threads, epochs = 50) {
    const gemmfit = await import('../../dist/index.mjs');
    const { layers, sequential, setThreads } = gemmfit;
    setThreads(Number(threads));
    const { x, y } = await prepared('W1');
    const data = { x: x.slice(0, 2000 * 20), y: y.slice(0, 2000) };
    const make = () => {
      const model = sequential(dense(layers, [20, 32, 16, 1], 'sigmoid'));
      model.compile({ optimizer: 'adam', loss: 'binary_crossentropy', metrics: ['accuracy'] });
      return model;
    };
    const fit = (model, epochs) => model.fit(data.x, data.y, { batchSize: 32, epochs, verbose: 0 });
    await fit(make(), 5);
    globalThis.gc();
    const before = process.memoryUsage().rss;
    const models = Array.from({ length: 200 }, make);
    await Promise.all(models.map((model) => fit(model, 1)));
    const modelKiB = (process.memoryUsage().rss - before) / 1024 / models.length;
    const start = performance.now();
    await Promise.all(models.map((model) => fit(model, Number(epochs))));
    return { seconds: (performance.now() - start) / 1000, modelKiB };
  },

  async train(name, threads) {
    const trial = await prepared(name);
    trial.gemmfit.setThreads(Number(threads));
    return { epochs: await epochsOf(trial, name === 'W1' ? 41 : 6) };
  },

  async uint8() {
    const { layers, sequential } = await import('../../dist/index.mjs');
    const rows = 60000;
    const x = new Uint8Array(rows * 784);
    for (let i = 0; i < x.length; i++) x[i] = (i * 2654435761) >>> 24;
    const y = new Uint8Array(rows);
    for (let i = 0; i < rows; i++) y[i] = i % 10;
    const model = sequential([
      layers.rescaling({ scale: 1 / 255, inputShape: [784] }),
      layers.dense({ units: 128, activation: 'relu' }),
      layers.dense({ units: 10, activation: 'softmax' }),
    ]);
    model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
    await model.fit(x, y, { batchSize: 128, epochs: 2, verbose: 0 });
    return { peakMiB: peakMiB(), dataMiB: (x.byteLength + y.byteLength) / 2 ** 20 };
  },

  async start() {
    const start = performance.now();
    const { layers, sequential } = await import('../../dist/index.mjs');
    const imported = performance.now();
    const model = sequential(dense(layers, [20, 32, 16, 1], 'sigmoid'));
    model.compile({ optimizer: 'adam', loss: 'binary_crossentropy', metrics: ['accuracy'] });
    const x = new Float32Array(10000 * 20).map((_, i) => ((i * 7919) % 101) / 50 - 1);
    const y = Uint8Array.from({ length: 10000 }, (_, i) => i & 1);
    await model.fit(x, y, { batchSize: 32, verbose: 0 });
    return { importMs: imported - start, firstEpochMs: performance.now() - start };
  },

  /** Time of an epoch against its floating-point work; the first layer has no gradient of its input. */
  async growth(kind) {
    const { layers, sequential } = await import('../../dist/index.mjs');
    const cases = {
      rows: [1, 10, 100].map((k) => ({ at: 6000 * k, rows: 6000 * k, sizes: [784, 128, 10] })),
      width: [256, 512, 1024, 2048, 4096].map((n) => ({ at: n, rows: 2048, sizes: [784, n, n, 10] })),
      depth: [2, 5, 20, 60, 200].map((n) => ({ at: n, rows: 4096, sizes: [128, ...Array(n).fill(128), 10] })),
    }[kind];
    const points = [];
    for (const { at, rows, sizes } of cases) {
      const x = new Uint8Array(rows * sizes[0]);
      for (let i = 0; i < x.length; i++) x[i] = (i * 2654435761) >>> 24;
      const y = Uint8Array.from({ length: rows }, (_, i) => i % 10);
      globalThis.gc();
      const before = process.memoryUsage().rss;
      const model = sequential([
        layers.rescaling({ scale: 1 / 255, inputShape: [sizes[0]] }),
        ...dense(layers, sizes, 'softmax'),
      ]);
      model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy' });
      const times = await epochsOf({ model, x, y, workload: { batchSize: 128 } }, 4);
      const memory = process.memoryUsage().rss - before;
      const pairs = sizes.slice(1).map((n, i) => [sizes[i], n]);
      const flops = pairs.reduce((sum, [k, n], i) => sum + 2 * k * n * (i === 0 ? 2 : 3), 0) * rows;
      const parameters = pairs.reduce((sum, [k, n]) => sum + (k + 1) * n, 0);
      points.push({
        at,
        flops,
        seconds: Math.min(...times),
        memory,
        floats: 3 * parameters + 128 * 2 * sizes.reduce((a, b) => a + b),
      });
      model.dispose();
    }
    return { points };
  },
};

console.log(JSON.stringify(await measurements[what](...args)));
process.exit(0);
