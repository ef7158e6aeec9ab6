// The end of things at any time: workers terminated in the middle of calls, models disposed of while they work, signals that come too late.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { type Callback, layers, optimizers, RuntimeError, schedules, sequential } from '../../lib/index.js';

const run = promisify(execFile);
const root = join(__dirname, '..', '..');

/** Runs a script against the built package in a process of its own: what nobody can catch ends it. */
async function script(body: string, timeout = 120_000): Promise<string> {
  const prelude = `const g = require(${JSON.stringify(root)}); const { layers, sequential } = g;
const sleep = (t) => new Promise((r) => setTimeout(r, t));
const data = (n, ...s) => g.array(new Float32Array(n * s.reduce((a, b) => a * b, 1)).fill(0.5), [n, ...s]);
const model = (hidden = 64, input = 32) => { const m = sequential([layers.dense({ units: hidden, activation: 'relu', inputShape: [input] }), layers.dense({ units: 1 })]); m.compile({ optimizer: 'adam', loss: 'mse' }); return m; };`;
  const { stdout } = await run(
    process.execPath,
    ['--expose-gc', '-e', `${prelude}\n(async () => {${body}})().catch((e) => { console.error(e); process.exit(7); });`],
    { timeout },
  );
  return stdout.trim();
}

it('workers are terminated at any instant: while the addon loads, and in the middle of every kind of call', async () => {
  const body = `
    const { Worker } = require('node:worker_threads');
    const calls = {
      sync: 'for (;;) { const m = make(); m.setWeights(m.getWeights()); m.predictSync(x); m.dispose(); }',
      compile: 'for (;;) { const m = make(); m.compile({ loss: "mae", metrics: ["mae"] }); m.toJSON(); m.summary({ printFn() {} }); }',
      fit: '(async () => { for (;;) { const m = make(); const p = m.fit(x, y, { epochs: 3, verbose: 0, shuffle: true }); await p; } })();',
      predict: '(async () => { const m = make(); for (;;) { await m.predict(x, { verbose: 0, batchSize: 4 }); await m.evaluate(x, y, { verbose: 0 }); } })();',
      failing: 'const m = make(); for (;;) { try { m.predictSync(bad); } catch {} try { m.setWeights([bad]); } catch {} }',
    };
    const source = (call) => \`const g = require(${JSON.stringify(root)}); const x = g.array(new Float32Array(64 * 32), [64, 32]), y = g.array(new Float32Array(64), [64, 1]), bad = g.array(new Float32Array(6), [2, 3]);
      const make = () => { const m = g.sequential([g.layers.dense({ units: 64, activation: 'relu', inputShape: [32] }), g.layers.dense({ units: 1 })]); m.compile({ optimizer: 'adam', loss: 'mse' }); return m; };
      require('node:worker_threads').parentPort.postMessage(1); \${call}\`;
    let ended = 0;
    const end = async (call, i) => {
      const w = new Worker(source(call), { eval: true });
      w.on('error', (e) => { console.log('error', e.message); });
      if (i % 3) await new Promise((r) => w.once('message', r));
      await sleep((i * 7) % 37 + Math.random());
      await w.terminate();
      ended++;
    };
    const each = Number(process.env.GEMMFIT_TERMINATIONS ?? 40);
    for (const call of Object.values(calls))
      for (let i = 0; i < each; i += 2) await Promise.all([end(call, i), end(call, i + 1)]);
    const m = model();
    console.log(ended === 5 * each, (await m.fit(data(100, 32), data(100, 1), { verbose: 0 })).epoch.length);`;
  expect(await script(body, 600_000)).toBe('true 1');
}, 600_000);

it('dispose and abort in any order: a promise rejects with ERR_DISPOSED or what the signal says, and nothing else happens', async () => {
  const body = `
    const x = data(20000, 32), y = data(20000, 1);
    process.on('warning', (w) => console.log('warning', w.code, w.message));
    const outcome = (p) => p.then((r) => 'resolved', (e) => e.name === 'AbortError' ? e.name : e.code);
    const starts = {
      fit: (m, signal) => m.fit(x, y, { epochs: 1000, verbose: 0, signal }),
      epochs: (m, signal) => m.fit(x, y, { epochs: 1000, verbose: 0, signal, callbacks: [{ onEpochEnd() {} }] }),
      batches: (m, signal) => m.fit(x, y, { epochs: 1000, verbose: 0, signal, callbacks: [{ onTrainBatchEnd() {} }] }),
      profile: (m, signal) => m.fit(x, y, { epochs: 1000, verbose: 0, signal, profile: true }),
      validation: (m, signal) => m.fit(x, y, { epochs: 1000, verbose: 0, signal, validationSplit: 0.5 }),
      evaluate: (m) => m.evaluate(x, y, { verbose: 0, batchSize: 1 }),
      predict: (m) => m.predict(x, { verbose: 0, batchSize: 1 }),
      trainOnBatch: (m) => m.trainOnBatch(x, y),
    };
    for (const [name, start] of Object.entries(starts)) {
      const seen = new Set();
      for (const wait of [0, 5, 30]) {
        const m = model(256), c = new AbortController();
        const p = outcome(start(m, c.signal));
        await (wait ? sleep(wait) : null);
        m.dispose(); c.abort(); m.dispose(); m.stopTraining = true;
        seen.add(await p);
        await sleep(2);
      }
      console.log(name, [...seen].sort().join());
    }
    const m = model(), c = new AbortController();
    await m.fit(data(10, 32), data(10, 1), { verbose: 0, signal: c.signal });
    c.abort(); m.dispose(); c.abort(); m[Symbol.dispose]();
    for (const f of [() => m.predictSync(data(1, 32)), () => m.fit(data(1, 32), data(1, 1)), () => m.evaluate(data(1, 32), data(1, 1)), () => m.predict(data(1, 32))])
      console.log(await outcome((async () => f())()));
    process.stdout.isTTY = true; process.stdout.write = ((write) => function (s, ...rest) { return /step/.test(s) ? true : write.call(this, s, ...rest); })(process.stdout.write);
    const bar = model(1024, 256);
    const p = outcome(bar.fit(data(8000, 256), data(8000, 1), { batchSize: 8000, epochs: 20 }));
    await sleep(120); bar.dispose();
    process.stdout.isTTY = false;
    console.log('bar', await p);`;
  const lines = (await script(body)).split('\n');
  const allowed = ['AbortError', 'ERR_DISPOSED', 'AbortError,ERR_DISPOSED'];
  for (const name of ['fit', 'epochs', 'batches', 'profile', 'validation']) {
    const line = lines.shift() as string;
    expect(line.startsWith(`${name} `), line).toBe(true);
    expect(allowed, line).toContain(line.slice(name.length + 1));
  }
  for (const name of ['evaluate', 'predict', 'trainOnBatch']) {
    const line = lines.shift() as string;
    expect([`${name} ERR_DISPOSED`, `${name} ERR_DISPOSED,resolved`]).toContain(line);
  }
  expect(lines.slice(0, 4)).toEqual(Array(4).fill('ERR_DISPOSED'));
  expect(lines.at(-1)?.endsWith('bar ERR_DISPOSED')).toBe(true);
}, 150_000);

it('a prediction that was cut short by dispose has no result', async () => {
  const m = sequential([layers.dense({ units: 64, inputShape: [64] })]);
  const p = m.predict(new Float32Array(64 * 100_000), { batchSize: 1, verbose: 0 });
  setTimeout(() => m.dispose(), 3);
  await expect(p).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  await expect(p).rejects.toBeInstanceOf(RuntimeError);
});

// A sanitizer keeps freed memory in quarantine.
it.skipIf(process.env.GEMMFIT_SANITIZE)(
  'models made one a request do not pile up: the garbage collector knows of the memory of plans',
  async () => {
    const body = `
    const x = data(32, 64, 64, 3), y = data(32, 1);
    let peak = 0;
    for (let i = 0; i < 200; i++) {
      const m = sequential([layers.conv2D({ filters: 8, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [64, 64, 3] }), layers.globalAveragePooling2D(), layers.dense({ units: 1 })]);
      m.compile({ optimizer: 'sgd', loss: 'mse' });
      await m.trainOnBatch(x, y);
      peak = Math.max(peak, process.memoryUsage.rss());
    }
    console.log(Math.round(peak / 2 ** 20));`;
    // Each model takes 10 MiB, 2 GiB in all.
    expect(Number(await script(body))).toBeLessThan(700);
  },
  150_000,
);

it('what the garbage collector is told is taken back when models are disposed of', async () => {
  const body = `
    const external = () => { gc(); return process.memoryUsage().external; };
    const x = data(64, 256);
    const use = async () => { const m = model(512, 256); await m.fit(x, data(64, 1), { verbose: 0 }); m.predictSync(x); return m; };
    (await use()).dispose();
    await sleep(10); gc(); await sleep(10);
    const before = external();
    const m = await use();
    const used = external() - before;
    m.dispose();
    const left = external() - before;
    console.log(used > left, left >= 0);
    for (let i = 0; i < 20; i++) { (await use()).dispose(); gc(); await sleep(1); }
    await sleep(20); gc(); await sleep(20);
    console.log(Math.abs(external() - before) < 2 ** 22);`;
  expect(await script(body)).toBe('true true\ntrue');
}, 150_000);

it('a schedule gives its rates in pieces: the same bits as batch by batch, and no more than the data can use', async () => {
  const train = async (callbacks: Partial<Callback>[], options: object) => {
    const m = sequential([
      layers.dense({ units: 2, inputShape: [3], kernelInitializer: 'ones' }),
      layers.dense({ units: 1, kernelInitializer: 'ones' }),
    ]);
    const learningRate = schedules.exponentialDecay({ initialLearningRate: 0.01, decaySteps: 500, decayRate: 0.9 });
    m.compile({ optimizer: optimizers.sgd({ learningRate }), loss: 'mse', metrics: ['mae'] });
    const x = Float32Array.from({ length: 3 * 9000 }, (_, i) => Math.sin(i));
    const h = await m.fit(
      x,
      Float32Array.from({ length: 9000 }, (_, i) => Math.cos(i)),
      {
        batchSize: 1,
        shuffle: false,
        verbose: 0,
        callbacks,
        ...options,
      },
    );
    return { weights: m.getWeights().map((w) => [...w.data]), logs: h.history, calls: m.optimizer.iterations };
  };
  const whole = await train([], { epochs: 2 });
  const steps = await train([{ onTrainBatchEnd() {} } as Partial<Callback>], { epochs: 2 });
  expect(whole).toEqual(steps);
  expect(whole.calls).toBe(18_000);
  const long = await train([], { stepsPerEpoch: 1e9 });
  expect(long.calls).toBe(9000);
});
