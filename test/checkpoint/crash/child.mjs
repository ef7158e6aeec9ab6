// Trains what it is told to, line by line of JSON on its input, and answers with what came of it. Its parent may kill it at any instant.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { settings, trainings } from './trainings.mjs';

const g = createRequire(import.meta.url)('../../../dist/index.js');
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
process.on('warning', ({ code, message }) => say({ warning: `${code}: ${message}` }));

async function train({ name, seed, folder, threads, checkpoint, signals }) {
  mkdirSync(folder, { recursive: true });
  const { random, every, keep, ...options } = settings(seed);
  const path = join(folder, 'checkpoints');
  // A process that goes on draws other numbers, but for those that the checkpoint brings.
  const goesOn = existsSync(path) && readdirSync(path).some((f) => f.endsWith('.safetensors'));
  g.setRandomSeed(goesOn ? seed + 1_000_000 : seed);
  g.setThreads(threads);
  const training = trainings(g, folder)[name];
  const model = training.make(random);
  const fit = { ...options, verbose: 0, ...training.options };
  if (training.dataset) {
    delete fit.batchSize;
    delete fit.shuffle;
  }
  if (checkpoint) fit.checkpoint = { path, every, keep };
  if (signals) fit.handleSignals = ['SIGTERM'];
  say({ begins: true });
  const start = performance.now();
  const history = await model.fit(training.x, training.y, fit);
  const ms = performance.now() - start;
  const files = [...(training.files ?? []), 'log.csv'].filter((f) => existsSync(join(folder, f)));
  const weights = () =>
    hash(Buffer.concat(model.getWeights().map((w) => Buffer.from(w.data.buffer, w.data.byteOffset, w.data.byteLength))));
  const result = {
    ms,
    weights: weights(),
    iterations: model.optimizer.calls,
    history: JSON.stringify([history.epoch, history.history]),
    files: files.map((f) => `${f} ${hash(readFileSync(join(folder, f)))}`),
    stopped: history.stopReason ?? null,
    resumed: history.resumedFrom ?? null,
  };
  // What the optimizer and the random numbers are at shows in what comes next.
  for (let i = 0; i < 3; i++) await model.trainOnBatch(...training.batch);
  result.later = weights();
  model.dispose();
  return result;
}

say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say({ result: await train(JSON.parse(line)) });
  } catch (error) {
    say({ error: error.stack });
  }
}
