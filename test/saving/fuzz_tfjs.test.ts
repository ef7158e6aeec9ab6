// Folders of TensorFlow.js whose model.json or shards are changed at random: a model, or an error of ours with a code.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { layers } from '../../lib/layers/index.js';
import { modelFromJSON } from '../../lib/load_model.js';
import type { FileSource } from '../../lib/saving/formats/format.js';
import { tfjsFormat } from '../../lib/saving/formats/tfjs.js';
import { readLimits } from '../../lib/saving/limits.js';
import { sequential } from '../../lib/sequential.js';
import { temporaryFolder } from './support.js';

const folder = temporaryFolder();
const numRuns = Number(process.env.GEMMFIT_FUZZ ?? 0) || 200;
const files = new Map<string, Uint8Array>();

beforeAll(async () => {
  const model = sequential([
    layers.embedding({ inputDim: 5, outputDim: 2, inputShape: [3] }),
    layers.bidirectional({ layer: layers.lstm({ units: 2 }) }),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy', metrics: ['accuracy'] });
  await model.fit([[1, 2, 3]], [[1]], { verbose: 0 });
  const path = join(folder, 'model');
  await model.save(`${path}/`);
  for (const name of readdirSync(path)) files.set(name, readFileSync(join(path, name)));
});

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Reads a folder of these files as `loadModel` does, and makes its model. */
async function read(changed: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const source: FileSource = {
    where: 'fuzz',
    limits: readLimits('fuzz', { bytes: 1e6 }),
    own: false,
    bytes: async () => changed.get('model.json') as Uint8Array,
    sibling: async (name) => {
      const bytes = changed.get(name);
      if (!bytes) throw Object.assign(new Error('no such file'), { name: 'ValueError', code: 'ERR_NO_FILE' });
      return bytes;
    },
  };
  try {
    const saved = await (tfjsFormat.read as NonNullable<typeof tfjsFormat.read>)(source);
    modelFromJSON(saved.config as object).dispose();
  } catch (error) {
    const { name, code } = error as { name: string; code?: string };
    if (!/^(Value|Runtime|Type)Error$/.test(name) || !/^ERR_/.test(code ?? '')) throw error;
  }
}

/** Every place of a tree. */
function places(value: Json, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Array.isArray(value)
    ? value.map((v, i) => places(v, [...path, i]))
    : Object.entries(value).map(([k, v]) => places(v, [...path, k]));
  return [path, ...inner.flat()];
}

/** What stands in the place of a part of a model. */
const odd = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    '',
    [],
    {},
    0,
    -1,
    1e9,
    2 ** 53,
    0.5,
    'Dense',
    'Lambda',
    '__proto__',
    '../../etc/passwd',
    'float16',
    'uint8',
    [null],
    [-1],
    [1e9, 1e9],
  ),
  fc.constantFrom<Json>(
    { class_name: 'Dense', config: { units: 2 } },
    { class_name: 'Sequential', config: [] },
    { dtype: 'uint8', scale: 'x', min: 0 },
  ),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
);

describe('a folder of TensorFlow.js', () => {
  it('that is as it was written is a model', async () => {
    const saved = await (tfjsFormat.read as NonNullable<typeof tfjsFormat.read>)({
      where: 'fuzz',
      limits: readLimits('fuzz', {}),
      own: false,
      bytes: async () => files.get('model.json') as Uint8Array,
      sibling: async (name) => files.get(name) as Uint8Array,
    });
    expect(modelFromJSON(saved.config as object).layers.length).toBe(3);
  });
  it('some of whose model.json is something else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(), odd), { minLength: 1, maxLength: 3 }), async (changes) => {
        const json = JSON.parse(Buffer.from(files.get('model.json') as Uint8Array).toString()) as Json;
        for (const [at, given] of changes) {
          // Its own: the same value may come twice.
          const value = structuredClone(given);
          const all = places(json).slice(1);
          const path = all[at % all.length];
          let parent = json as Record<string, Json>;
          for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, Json>;
          Object.defineProperty(parent, path.at(-1) as string, { value, enumerable: true, writable: true, configurable: true });
        }
        await read(new Map([...files, ['model.json', Buffer.from(JSON.stringify(json))]]));
      }),
      { numRuns: 3 * numRuns, seed: 1 },
    );
  });
  it('some of whose bytes are others, are missing or come besides', async () => {
    const change = fc.record({ file: fc.nat(), at: fc.nat(), bytes: fc.uint8Array({ maxLength: 8 }), cut: fc.nat(8) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const changed = new Map(files);
        for (const { file, at, bytes: put, cut } of changes) {
          const [name, bytes] = [...changed][file % changed.size];
          const place = at % (bytes.length + 1);
          changed.set(name, Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + cut)]));
        }
        await read(changed);
      }),
      { numRuns, seed: 1 },
    );
  });
});
