// A process that tries parts of files: { file, kind: 'prefixes' | 'changes', from, to } in, counts and findings out. Where it is stands in the file that
// GEMMFIT_FUZZ_AT names, for whoever finds it dead.
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { changed } from './changes.mjs';
import './reused_workers.mjs';

const { layers, loadModel, sequential } = createRequire(import.meta.url)('../../../dist/index.js');
const MOST_MS = 1000;
const MOST_BYTES = 256 * 2 ** 20;

const ours = ({ name, code }) => /^(Value|Runtime|Type)Error$/.test(name) && /^ERR_/.test(code ?? '');
const folder = mkdtempSync(join(tmpdir(), 'gemmfit-fuzz-files-'));
const place = openSync(process.env.GEMMFIT_FUZZ_AT, 'w');

/** A model whose weights no refused file may change. */
const model = sequential([layers.dense({ units: 2, inputShape: [3] })]);
const weights = () => JSON.stringify(model.getWeights().map((w) => [...w.data]));
const old = weights();
const start = model.getWeights();

async function loadWeights(name, bytes) {
  const path = join(folder, name.replace('legacyweights', 'weights'));
  writeFileSync(path, bytes);
  try {
    await model.loadWeights(path);
    model.setWeights(start);
  } catch (error) {
    if (weights() !== old) throw new Error(`refused, and the model has changed: ${error.message}`);
    throw error;
  }
}

/** A folder of TensorFlow.js, one of whose files is changed. */
async function loadFolder(file, bytes) {
  const path = join(folder, 'tfjs');
  mkdirSync(path, { recursive: true });
  const shard = JSON.parse(readFileSync(join(dirname(file), 'model.json'), 'utf8')).weightsManifest[0].paths[0];
  for (const name of ['model.json', shard])
    writeFileSync(join(path, name), name === basename(file) ? bytes : readFileSync(join(dirname(file), name)));
  (await loadModel(path)).dispose();
}

async function load(file, bytes) {
  const name = basename(file);
  if (/weights\.h5$|safetensors$|npz$/.test(name)) await loadWeights(name, bytes);
  else if (/\.(json|bin)$/.test(name)) await loadFolder(file, bytes);
  else (await loadModel(bytes)).dispose();
}

async function run({ file, kind, from, to }) {
  const whole = readFileSync(file);
  const out = { tried: 0, read: 0, slowest: 0, bytes: 0, findings: [] };
  for (let i = from; i < to; i++) {
    writeSync(place, `${i}\n`, 0);
    const bytes = kind === 'prefixes' ? whole.subarray(0, i) : changed(whole, i);
    const cpu = process.cpuUsage();
    const memory = process.memoryUsage.rss();
    const found = (why) => out.findings.push(`${basename(file)}, ${kind} ${i}: ${why}`);
    try {
      await load(file, bytes);
      out.read++;
    } catch (error) {
      if (!ours(error)) found(error.stack);
    }
    // Time of the processor: others may be at work here.
    const { user, system } = process.cpuUsage(cpu);
    const ms = (user + system) / 1000;
    if (ms > MOST_MS) found(`${Math.round(ms)} ms`);
    out.slowest = Math.max(out.slowest, ms);
    const grown = process.memoryUsage.rss() - memory;
    if (grown > MOST_BYTES) found(`${Math.round(grown / 2 ** 20)} MB`);
    out.bytes = Math.max(out.bytes, grown);
    out.tried++;
  }
  return out;
}

process.on('message', async (task) => process.send(await run(task)));
process.on('disconnect', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
