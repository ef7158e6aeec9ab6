// One measurement of bench/lib/files.mjs: node --expose-gc files.mjs WHAT [arguments]; prints JSON.
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { layers, loadModel, sequential } from '../../dist/index.mjs';
import { beginGrowth, growth } from '../lib/memory.mjs';
import { prepared } from '../lib/prepared.mjs';

const [what, ...args] = process.argv.slice(2);
const folder = mkdtempSync(join(process.env.GEMMFIT_BENCH_FOLDER ?? tmpdir(), 'gemmfit-files-'));

/** Seconds that something takes, and what it gives. */
async function timed(work) {
  const start = performance.now();
  const made = await work();
  return [(performance.now() - start) / 1000, made];
}

/** MiB that something holds at most, beyond what was held before it. */
async function held(work) {
  // What came before is given back in the background.
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await sleep(100);
  }
  beginGrowth();
  const [seconds, made] = await timed(work);
  return { seconds, grownMiB: growth().grownMiB, made };
}

/** Seconds in which the disk takes these bytes, and gives them again. */
async function disk(bytes) {
  const path = join(folder, 'disk');
  const [write] = await timed(async () => {
    const file = await open(path, 'w');
    for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, Math.min(bytes.length - at, 2 ** 30))).bytesWritten;
    await file.sync();
    await file.close();
  });
  const into = new Uint8Array(bytes.length);
  const [read] = await timed(async () => {
    const file = await open(path);
    for (let at = 0; at < into.length; ) at += (await file.read(into, at, Math.min(into.length - at, 2 ** 30), at)).bytesRead;
    await file.close();
  });
  rmSync(path);
  return { write, read };
}

/** Whether a file of that name holds a model, not weights alone. */
const isWhole = (path) => /(\.keras|(?<!weights)\.h5|\/)$/.test(path);

const small = () => {
  const model = sequential([layers.dense({ units: 64, inputShape: [64] }), layers.dense({ units: 64 })]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  return model;
};

const measurements = {
  /** Epochs of W3 in turn with and without a checkpoint every `seconds`: seconds an epoch of each. */
  async checkpoint(seconds, epochs, rounds) {
    const { model, x, y, workload } = await prepared('W3');
    const train = async (checkpoint) => {
      let [first, last] = [0, 0];
      const clock = {
        onEpochBegin: (epoch) => {
          if (epoch === 0) first = performance.now();
        },
        onEpochEnd: () => {
          last = performance.now();
        },
      };
      const { batchSize } = workload;
      await model.fit(x, y, { batchSize, epochs: Number(epochs), verbose: 0, callbacks: [clock], checkpoint });
      return (last - first) / 1000;
    };
    await train(null);
    const pairs = [];
    for (let i = 0; i < Number(rounds); i++) {
      const path = join(folder, `c${i}`);
      pairs.push([await train(null), await train({ path, every: { seconds: Number(seconds) }, resume: 'never' })]);
      rmSync(path, { recursive: true });
    }
    return { pairs };
  },

  /** A model of 100 million parameters into a file, or out of it. Each in a process of its own: what one took would hide what the other takes. */
  async large(way, path) {
    const model = sequential([layers.dense({ units: 10_000, inputShape: [9_999] })]);
    const bytes = 4 * model.countParams();
    const whole = isWhole(path);
    const work = {
      save: () => (whole ? model.save(path) : model.saveWeights(path)),
      load: () => (whole ? loadModel(path, { compile: false }) : model.loadWeights(path)),
    };
    const { seconds, grownMiB } = await held(work[way]);
    const own = await disk(new Uint8Array(bytes).fill(7));
    // A model that is loaded as a whole holds its weights besides.
    const less = whole && way === 'load' ? 1 : 0;
    return {
      MB: bytes / 1e6,
      seconds,
      disk: way === 'save' ? own.write : own.read,
      copies: grownMiB === null ? null : (grownMiB * 2 ** 20) / bytes - less,
    };
  },

  /** Saves and loads one after the other: MiB held after a tenth of them, and after all. */
  async many(ending, count) {
    const model = small();
    const path = join(folder, `model.${ending}`);
    const whole = isWhole(path);
    const rss = () => {
      globalThis.gc();
      return process.memoryUsage().rss / 2 ** 20;
    };
    const marks = [];
    for (let i = 1; i <= Number(count); i++) {
      await (whole ? model.save(path) : model.saveWeights(path));
      if (whole) (await loadModel(path)).dispose();
      else await model.loadWeights(path);
      if (i % Math.ceil(Number(count) / 10) === 0) {
        await new Promise((resolve) => setImmediate(resolve));
        marks.push(rss());
      }
    }
    return { marks };
  },
};

try {
  console.log(JSON.stringify(await measurements[what](...args)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
