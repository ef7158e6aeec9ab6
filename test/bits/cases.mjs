// What the guard of bits trains: every case of real Keras in test/parity, a few steps of each workload of the bench, and random stacks.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { makeData } from '../../bench/lib/data.mjs';
import { layersOf, sampleShape } from '../../bench/lib/stack.mjs';
import { workloads } from '../../bench/lib/workloads.mjs';
import { replayBundle, stacksBundle } from '../stacks/bundle.mjs';

const parity = new URL('../parity/cases/', import.meta.url);
const stacks = 50;

export const names = () => [
  ...readdirSync(parity)
    .filter((file) => file.endsWith('.json'))
    .map((file) => `parity:${file.slice(0, -5)}`),
  ...Object.keys(workloads).map((name) => `bench:${name}`),
  ...Array.from({ length: stacks }, (_, seed) => `stack:${seed + 1}`),
];

const bytes = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength);

async function parityCase(gemmfit, name, hash) {
  const { replay } = await import(replayBundle);
  const note = (where, actual) => {
    hash.update(where);
    hash.update(bytes(Float64Array.from(actual?.data ?? [actual].flat())));
  };
  await replay(gemmfit, JSON.parse(readFileSync(new URL(`${name}.json`, parity), 'utf8')), note);
}

async function benchCase({ layers, sequential, array }, name, hash) {
  const { batchSize, data, loss, ...workload } = workloads[name];
  // Full batches, and one that is not.
  const rows = 3 * batchSize + 5;
  const sample = sampleShape(data);
  const { x, y } = makeData({ ...data, rows });
  const model = sequential(
    layersOf({ data, ...workload }).map(([layer, options], i) =>
      layers[layer]({ ...options, ...(i === 0 && { inputShape: sample }) }),
    ),
  );
  model.compile({ optimizer: 'adam', loss, metrics: loss.includes('crossentropy') ? ['accuracy'] : [] });
  const X = array(x, [rows, ...sample]);
  const predict = async () => hash.update(bytes((await model.predict(X.slice(0, 64), { verbose: 0 })).data));
  await predict();
  const { history } = await model.fit(X, array(y, [rows]), { epochs: 2, batchSize, verbose: 0, validationSplit: 0.1 });
  hash.update(JSON.stringify(history));
  await predict();
  for (const weight of model.getWeights()) hash.update(bytes(weight.data));
  model.dispose();
}

export async function runnerOf(folder) {
  const gemmfit = createRequire(import.meta.url)(folder);
  const { parseName, runStack } = await import(stacksBundle);
  return async (name, tell) => {
    const [kind, own] = name.split(':');
    tell(name);
    if (kind === 'stack') return { hash: (await runStack(gemmfit, parseName(own))).hash };
    gemmfit.setRandomSeed(1);
    const hash = createHash('sha256');
    await (kind === 'parity' ? parityCase : benchCase)(gemmfit, own, hash);
    return { hash: hash.digest('hex').slice(0, 16) };
  };
}
