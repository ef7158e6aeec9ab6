// node fuzz_files.mjs COUNT FILE...: each file cut at COUNT lengths and changed COUNT times, from the same seed each time.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { generator } from '../checkpoint/crash/trainings.mjs';

const { layers, loadModel, sequential } = createRequire(import.meta.url)('../../dist/index.js');
process.on('warning', () => {});
const [count, ...files] = process.argv.slice(2);
const n = Number(count);
const MOST_MS = 1000;
const MOST_BYTES = 256 * 2 ** 20;

const ours = ({ name, code }) => /^(Value|Runtime|Type)Error$/.test(name) && /^ERR_/.test(code ?? '');
const { tmpdir } = await import('node:os');
const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
const { join } = await import('node:path');
const folder = mkdtempSync(join(tmpdir(), 'gemmfit-fuzz-files-'));

function changed(bytes, r) {
  const out = Buffer.from(bytes);
  switch (r.below(5)) {
    case 0: // a bit
      out[r.below(out.length)] ^= 1 << r.below(8);
      break;
    case 1: // a few bytes
      for (let i = 1 + r.below(8); i > 0; i--) out[r.below(out.length)] = r.below(256);
      break;
    case 2: // a large number
      out.fill(r.pick([0, 255, 127]), r.below(out.length), r.below(out.length) + r.pick([1, 2, 4, 8]));
      break;
    case 3: // a part of it in another place
      out.copy(out, r.below(out.length), r.below(out.length), r.below(out.length));
      break;
    default: // a hole, or something put in
      return Buffer.concat([
        out.subarray(0, r.below(out.length)),
        Buffer.alloc(r.below(20), r.below(256)),
        out.subarray(r.below(out.length)),
      ]);
  }
  return out;
}

let tried = 0;
let read = 0;
let findings = 0;
let slowest = 0;
let largest = 0;
async function tryOne(name, bytes, what) {
  const start = performance.now();
  const before = process.memoryUsage.rss();
  const found = (why) => {
    findings++;
    console.log(`FINDING ${name}, ${what}: ${why}`);
  };
  tried++;
  try {
    if (/weights\.h5$|safetensors$|npz$/.test(name)) {
      const model = sequential([layers.dense({ units: 2, inputShape: [3] })]);
      const weights = () => JSON.stringify(model.getWeights().map((w) => [...w.data]));
      const old = weights();
      const path = join(folder, name.replace('legacyweights', 'weights'));
      writeFileSync(path, bytes);
      try {
        await model.loadWeights(path);
        read++;
      } catch (error) {
        if (!ours(error)) found(error.stack);
        if (weights() !== old) found('the model has changed');
      }
      model.dispose();
    } else {
      (await loadModel(bytes)).dispose();
      read++;
    }
  } catch (error) {
    if (!ours(error)) found(error.stack);
  }
  slowest = Math.max(slowest, performance.now() - start);
  largest = Math.max(largest, process.memoryUsage.rss() - before);
}

for (const file of files) {
  const bytes = readFileSync(file);
  const name = basename(file);
  const r = generator(bytes.length);
  for (let i = 0; i < n; i++) {
    const length = Math.floor(((i + r.next()) / n) * bytes.length);
    await tryOne(name, Buffer.from(bytes.subarray(0, length)), `${length} bytes`);
    await tryOne(name, changed(bytes, r), `change ${i}`);
  }
}
rmSync(folder, { recursive: true, force: true });
console.log(
  `fuzz: ${tried} files, ${read} of them read, ${findings} findings; the slowest took ${Math.round(slowest)} ms (wanted: below ${MOST_MS}), the largest ${Math.round(largest / 2 ** 20)} MB (wanted: below ${MOST_BYTES / 2 ** 20})`,
);
process.exitCode = findings ? 1 : 0;
