// Checkpoints that are whole by their checksums and say what is not so: refused with a code, whatever they say, and the model trains on.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { callbacks } from '../../lib/callbacks/index.js';
import { decode, encode, type Stored } from '../../lib/checkpoint/encode.js';
import { crc32 } from '../../lib/crc32.js';
import { array } from '../../lib/data/ndarray.js';
import { layers } from '../../lib/layers/index.js';
import { setRandomSeed } from '../../lib/random.js';
import { readLimits } from '../../lib/saving/limits.js';
import { bytesOf, readSafetensors, writeSafetensors } from '../../lib/saving/safetensors.js';
import { sequential } from '../../lib/sequential.js';

let root: string;
let original: Buffer;
let name: string;
const X = array(
  Int32Array.from({ length: 60 }, (_, i) => (i * 37) % 900),
  [20, 3],
);
const Y = array(
  Float32Array.from({ length: 20 }, (_, i) => i % 2),
  [20, 1],
);
const make = () => {
  setRandomSeed(3);
  const model = sequential([
    layers.embedding({ inputDim: 20000, outputDim: 16, inputShape: [3] }),
    layers.lstm({ units: 3, stateful: true }),
    layers.dense({ units: 1 }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  return model;
};
const options = (path: string, resume: 'auto' | 'must' = 'auto') => ({
  epochs: 3,
  batchSize: 5,
  shuffle: false,
  verbose: 0 as const,
  callbacks: [
    callbacks.earlyStopping({ monitor: 'loss', patience: 5, restoreBestWeights: true }),
    callbacks.csvLogger(join(path, 'log.csv')),
  ],
  checkpoint: { path, every: { steps: 3 }, keep: 1, resume },
});

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'gemmfit-hostile-checkpoint-'));
  let batches = 0;
  const stop = {
    onTrainBatchEnd() {
      if (++batches === 10) throw new Error('killed');
    },
  };
  const given = options(root);
  await expect(make().fit(X, Y, { ...given, callbacks: [...given.callbacks, stop] })).rejects.toThrow('killed');
  name = readdirSync(root).find((f) => f.endsWith('.safetensors')) as string;
  original = readFileSync(join(root, name));
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

type Meta = Record<string, unknown>;
const hex = (n: number) => n.toString(16).padStart(8, '0');

/** The checkpoint with other contents and right checksums. */
function forged(change: (meta: Meta, tensors: Map<string, Stored>) => void): Buffer {
  const { tensors, metadata } = readSafetensors('test', original, readLimits('test', {}));
  const meta = JSON.parse(metadata.get('state') as string);
  delete meta.crc;
  change(meta, tensors as Map<string, Stored>);
  const crc = Object.fromEntries([...(tensors as Map<string, Stored>)].map(([n, { data }]) => [n, hex(crc32(bytesOf(data)))]));
  const state = JSON.stringify({ ...meta, crc });
  return Buffer.concat(
    writeSafetensors(tensors as Map<string, Stored>, {
      format: 'gemmfit-checkpoint',
      version: '1',
      state,
      crc: hex(crc32(new TextEncoder().encode(state))),
    }),
  );
}

let made = 0;
async function resumed(bytes: Buffer): Promise<unknown> {
  const folder = join(root, `f${made++}`);
  mkdirSync(folder);
  writeFileSync(join(folder, name), bytes);
  writeFileSync(join(folder, 'log.csv'), readFileSync(join(root, 'log.csv')));
  const model = make();
  const error = await model.fit(X, Y, options(folder, 'must')).then(
    () => null,
    (e) => e,
  );
  // Whatever came: the model is usable.
  model.resetStates();
  const history = await model.fit(X, Y, { epochs: 1, batchSize: 5, verbose: 0, shuffle: false });
  expect(history.epoch).toEqual([0]);
  return error;
}

it('the forger of this test writes what is taken', async () => {
  expect(await resumed(original)).toBeNull();
  expect(await resumed(forged(() => undefined))).toBeNull();
});

const WRONG: unknown[] = [
  null,
  true,
  -1,
  0.5,
  2 ** 53,
  '',
  'x',
  [],
  [1],
  {},
  { $: 'constructor' },
  { $big: 'x' },
  { $tensor: 'none' },
  { $object: [1] },
  { $object: [['__proto__', { $object: [['polluted', 1]] }]] },
];

describe('a wrong value in every place of its metadata', () => {
  const places = (value: unknown, path: (string | number)[] = []): (string | number)[][] =>
    typeof value === 'object' && value !== null
      ? [path, ...Object.entries(value).flatMap(([k, v]) => places(v, [...path, k]))]
      : [path];
  it('is refused or taken as what it says, and never anything else', async () => {
    const { metadata } = readSafetensors('test', original, readLimits('test', {}));
    const all = places(JSON.parse(metadata.get('state') as string)).filter((p) => p.length > 0 && p[0] !== 'crc');
    const every = process.env.GEMMFIT_FUZZ ? 1 : 9;
    let tried = 0;
    for (const [i, path] of all.entries())
      for (const value of WRONG.filter((_, v) => (i + v) % every === 0)) {
        const bytes = forged((meta) => {
          let at = meta as Record<string | number, unknown>;
          for (const key of path.slice(0, -1)) at = at[key] as typeof at;
          at[path[path.length - 1]] = value;
        });
        const error = (await resumed(bytes)) as { name: string; code?: string } | null;
        tried++;
        if (error && !(/^(Value|Runtime|Type)Error$/.test(error.name) && /^ERR_/.test(error.code ?? '')))
          throw new Error(`${path.join('.')} = ${JSON.stringify(value)}`, { cause: error });
      }
    expect(tried).toBeGreaterThan(50);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

const first = (tensors: Map<string, Stored>, pattern: RegExp) => {
  const found = [...tensors.keys()].find((n) => pattern.test(n));
  if (!found) throw new Error(`none of ${[...tensors.keys()]} is like ${pattern}`);
  return found;
};
it.each<[string, (meta: Meta, tensors: Map<string, Stored>) => void]>([
  ['a weight of another shape', (_, t) => t.set(first(t, /^weights\/dense/), { shape: [1], data: new Float32Array(1) })],
  ['a weight of other numbers', (_, t) => t.set(first(t, /^weights\/dense/), { shape: [3, 1], data: new Int32Array(3) })],
  ['a weight that is missing', (_, t) => t.delete(first(t, /^weights\/dense/))],
  ['a slot that is missing', (_, t) => t.delete(first(t, /^optimizer\//))],
  ['rows of a table that has more', (_, t) => t.set(first(t, /^rows\/.*updated/), { shape: [2], data: new Int32Array(2) })],
  [
    'rows after steps that were not',
    (_, t) => t.set(first(t, /^rows\/.*updated/), { shape: [20000], data: new Int32Array(20000).fill(4000) }),
  ],
  [
    'rows before the first step',
    (_, t) => t.set(first(t, /^rows\/.*updated/), { shape: [20000], data: new Int32Array(20000).fill(-1) }),
  ],
  [
    'rows that are no whole numbers',
    (_, t) => t.set(first(t, /^rows\/.*updated/), { shape: [20000], data: new Float32Array(20000) }),
  ],
  [
    'more steps than rows may be behind',
    (_, t) => t.set(first(t, /^rows\/.*scales/), { shape: [5000], data: new Float64Array(5000) }),
  ],
  [
    'rows of what is no table',
    (_, t) => {
      const kernel = first(t, /^weights\/lstm.*\/kernel/);
      t.set(`rows/${kernel}/updated`, { shape: [3], data: new Int32Array(3) });
      t.set(`rows/${kernel}/scales`, { shape: [0], data: new Float64Array(0) });
    },
  ],
  ['a step that the epoch has not', (m) => Object.assign(m.position as object, { step: 1000 })],
])('%s: refused', async (_, change) => {
  expect(await resumed(forged(change))).toMatchObject({
    name: 'ValueError',
    code: expect.stringMatching(/^ERR_(CHECKPOINT|FILE|NO_CHECKPOINT)$/),
  });
});
it.each<[string, Stored]>([
  ['one number', { shape: [1], data: new Float32Array(1) }],
  ['another batch', { shape: [7, 3], data: new Float32Array(21) }],
  ['nothing', { shape: [0], data: new Float32Array(0) }],
  ['many', { shape: [1000, 1000], data: new Float32Array(1e6) }],
])('what a stateful layer carries of another shape (%s) does not crash it', async (_, state) => {
  const error = (await resumed(forged((_meta, t) => t.set(first(t, /^states\//), state)))) as { code?: string } | null;
  if (error) expect(error.code).toMatch(/^ERR_/);
});

describe('states as JSON', () => {
  const kinds = [
    Float32Array,
    Float64Array,
    Int8Array,
    Int16Array,
    Int32Array,
    BigInt64Array,
    Uint8Array,
    Uint8ClampedArray,
    Uint16Array,
    Uint32Array,
    BigUint64Array,
  ];
  const typed = fc
    .constantFrom(...kinds)
    .chain((Kind) =>
      fc
        .uint8Array({ maxLength: 64 })
        .map((bytes) => new Kind(bytes.slice(0, bytes.length - (bytes.length % 8)).buffer as ArrayBuffer)),
    );
  const { state } = fc.letrec((tie) => ({
    state: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, undefined, true, false, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
      fc.double(),
      fc.string(),
      fc.bigInt(),
      typed,
      fc.float32Array({ maxLength: 4 }).map((data) => array(data, [1, data.length])),
      fc.array(tie('state'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', '$', '$object', '$tensor', 'constructor')), tie('state'), {
        maxKeys: 4,
      }),
    ),
  }));
  it('come back as they were, through a file', () => {
    fc.assert(
      fc.property(state, (value) => {
        const tensors = new Map<string, Stored>();
        const json = JSON.parse(JSON.stringify(encode('test', value, 'x', tensors)));
        const read = readSafetensors('test', Buffer.concat(writeSafetensors(tensors)), readLimits('test', {})).tensors;
        expect(decode(json, read as Map<string, Stored>)).toEqual(value);
      }),
      { numRuns: process.env.GEMMFIT_FUZZ ? 20_000 : 500, seed: 1 },
    );
  });
  it('whatever JSON there is: a value, or an error with a code', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false } as object), (value) => {
        try {
          decode(value, new Map());
        } catch (error) {
          expect(error).toMatchObject({ name: 'ValueError', code: 'ERR_CHECKPOINT' });
        }
      }),
      { numRuns: process.env.GEMMFIT_FUZZ ? 20_000 : 500, seed: 1 },
    );
  });
});
