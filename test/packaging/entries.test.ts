import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// What a user's project sees: the built package, through the exports of package.json, from a folder of its own.
const root = resolve(import.meta.dirname, '../..');
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const consumer = mkdtempSync(join(tmpdir(), 'gemmfit-consumer-'));

beforeAll(() => {
  mkdirSync(join(consumer, 'node_modules/@types'), { recursive: true });
  symlinkSync(root, join(consumer, 'node_modules/gemmfit'), 'junction');
  cpSync(join(root, 'node_modules/@types/node'), join(consumer, 'node_modules/@types/node'), { recursive: true });
  cpSync(join(root, 'node_modules/undici-types'), join(consumer, 'node_modules/undici-types'), { recursive: true });
});
afterAll(() => rmSync(consumer, { recursive: true, force: true }));

function run(file: string, source: string): string {
  writeFileSync(join(consumer, file), source);
  return execFileSync(process.execPath, [file], { cwd: consumer, encoding: 'utf8' }).trim();
}

const names = [
  'sequential',
  'Sequential',
  'layers',
  'losses',
  'metrics',
  'optimizers',
  'schedules',
  'initializers',
  'regularizers',
];
names.push('constraints', 'callbacks', 'activations', 'input', 'array', 'NDArray', 'modelFromJSON', 'registerSerializable');
names.push('setRandomSeed', 'setThreads', 'version', 'RuntimeError', 'ValueError');

describe('entries', () => {
  test('require gives every public name', () => {
    const keys: string[] = JSON.parse(run('keys.cjs', `console.log(JSON.stringify(Object.keys(require('gemmfit'))))`));
    expect(names.filter((name) => !keys.includes(name))).toEqual([]);
  });

  test('import gives the names that require gives, and the same objects', () => {
    const source = `
      import { createRequire } from 'node:module';
      import * as esm from 'gemmfit';
      import whole from 'gemmfit';
      const cjs = createRequire(import.meta.url)('gemmfit');
      const differ = Object.keys(cjs).filter((name) => esm[name] !== cjs[name]);
      const extra = Object.keys(esm).filter((name) => name !== 'default' && !(name in cjs));
      console.log(JSON.stringify({ differ, extra, whole: whole === cjs, instance: esm.sequential() instanceof cjs.Sequential }));`;
    expect(JSON.parse(run('same.mjs', source))).toEqual({ differ: [], extra: [], whole: true, instance: true });
  });

  test('nothing runs at import that keeps the process alive or writes', () => {
    expect(run('quiet.mjs', `import 'gemmfit';`)).toBe('');
  });
});

const uses = (load: string) => `
const { layers, sequential, loadModel } = ${load};
const { mkdtempSync, rmSync } = require('node:fs');
const { join } = require('node:path');
async function use() {
  const folder = mkdtempSync(join(require('node:os').tmpdir(), 'gemmfit-use-'));
  const model = sequential([layers.dense({ units: 1, inputShape: [2] })]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  const checkpoint = { path: join(folder, 'checkpoints') };
  await model.fit([[1, 2]], [[3]], { epochs: 2, verbose: 0, checkpoint });
  const bytes = await model.toBuffer('safetensors');
  model.setWeights([[[0], [0]], [0]]);
  await model.loadWeights(bytes);
  const { resumedFrom } = await model.fit([[1, 2]], [[3]], { epochs: 2, verbose: 0, checkpoint });
  rmSync(folder, { recursive: true });
  return resumedFrom.epoch;
}`;

describe('what files of models and checkpoints need', () => {
  test('is loaded by the first that uses it, not by the import', () => {
    const source = `${uses("require('gemmfit')")}
      const loaded = () => Object.keys(require.cache).map((file) => require('node:path').basename(file)).filter((f) => f === 'files.js').length;
      const before = loaded();
      use().then((epoch) => console.log(JSON.stringify({ before, epoch, after: loaded() })));`;
    expect(JSON.parse(run('later.cjs', source))).toEqual({ before: 0, epoch: 2, after: 1 });
  });

  test('is the same whether the package is imported or required', () => {
    const source = `
      import { createRequire } from 'node:module';
      import * as gemmfit from 'gemmfit';
      const require = createRequire(import.meta.url);
      ${uses('gemmfit')}
      const model = gemmfit.modelFromJSON(gemmfit.sequential([gemmfit.layers.dense({ units: 1 })]).toJSON());
      console.log(JSON.stringify({ epoch: await use(), instance: model instanceof require('gemmfit').Sequential }));`;
    expect(JSON.parse(run('later.mjs', source))).toEqual({ epoch: 2, instance: true });
  });

  test.each(['cjs', 'esm'] as const)('is in a bundle: %s', (format) => {
    const load = format === 'cjs' ? "require('gemmfit')" : 'gemmfit';
    const head = format === 'cjs' ? '' : `import * as gemmfit from 'gemmfit';`;
    writeFileSync(join(consumer, 'program.js'), `${head}${uses(load)}\nuse().then(console.log);`);
    const file = `bundled/dist/program.${format === 'cjs' ? 'cjs' : 'mjs'}`;
    buildSync({
      absWorkingDir: consumer,
      entryPoints: ['program.js'],
      bundle: true,
      platform: 'node',
      format,
      conditions: ['module'],
      external: ['*.node', 'h5wasm'],
      banner:
        format === 'esm'
          ? {
              js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __filename = import.meta.filename ?? new URL(import.meta.url).pathname; const __dirname = import.meta.dirname;",
            }
          : {},
      outfile: file,
    });
    // A bundle looks for the addon one folder up.
    symlinkSync(join(root, 'build'), join(consumer, 'bundled/build'), 'junction');
    try {
      expect(execFileSync(process.execPath, [file], { cwd: consumer, encoding: 'utf8' }).trim()).toBe('2');
    } finally {
      rmSync(join(consumer, 'bundled'), { recursive: true });
    }
  });
});

const example = `
import { callbacks, layers, optimizers, sequential, ValueError, type Sequential } from 'gemmfit';

export async function train(): Promise<number> {
  const model: Sequential = sequential([
    layers.dense({ units: 16, activation: 'relu', inputShape: [4] }),
    layers.dropout({ rate: 0.1 }),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ]);
  model.compile({ optimizer: optimizers.adam({ learningRate: 0.01 }), loss: 'binary_crossentropy', metrics: ['accuracy'] });
  const x = new Float32Array(64 * 4).map((_, i) => (i % 7) / 7);
  const y = new Float32Array(64).map((_, i) => i % 2);
  const history = await model.fit(x, y, { epochs: 2, verbose: 0, callbacks: [callbacks.earlyStopping({ patience: 1 })] });
  const loss: number[] = history.history.loss;
  const predictions = await model.predict(x, { verbose: 0 });
  if (predictions.shape[0] !== 64) throw new ValueError('64 rows were expected');
  return loss[0];
}
`;

const wrong = `
import { layers } from 'gemmfit';
// @ts-expect-error An option that does not exist must not compile: where it does, this comment is an error.
layers.dense({ units: 3, activatoin: 'relu' });
`;

/** What the compiler says of these files with these options; '' where they are right. */
function compile(files: Record<string, string>, options: object): string {
  for (const [file, source] of Object.entries(files)) writeFileSync(join(consumer, file), source);
  // Without skipLibCheck: the package's own declarations are checked too.
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    strict: true,
    exactOptionalPropertyTypes: true,
    ...options,
  };
  const config = {
    compilerOptions: { ...compilerOptions, noEmit: true, preserveSymlinks: true, types: ['node'] },
    files: Object.keys(files),
  };
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify(config));
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: consumer, encoding: 'utf8' });
  return status === 0 ? stdout : stdout || `exit status ${status}`;
}

// npm runs a script `prebuild` before `build`, unless .npmrc says otherwise, as it does here and not where the package is installed.
test('what npm runs before a build in an installed package is there, and does nothing', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const hooks = Object.keys(scripts).filter((name) => /^(pre|post)/.test(name) && name.replace(/^(pre|post)/, '') in scripts);
  expect(hooks).toEqual(['prebuild']);
  expect(readFileSync(join(root, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m);
  cpSync(join(root, 'scripts'), join(consumer, 'scripts'), { recursive: true });
  const [, file] = /^node (\S+)$/.exec(scripts.prebuild) ?? [];
  expect(execFileSync(process.execPath, [file as string], { cwd: consumer, encoding: 'utf8' })).toBe('');
  expect(existsSync(join(consumer, 'build'))).toBe(false);
});

describe('types', () => {
  test('a strict consumer compiles under node16, as ES module and as CommonJS', () => {
    const files = { 'esm.mts': example, 'cjs.cts': example, 'wrong.mts': wrong };
    expect(compile(files, { module: 'node16', moduleResolution: 'node16' })).toBe('');
  });

  test('a strict consumer compiles under a bundler', () => {
    expect(compile({ 'bundler.ts': example }, { module: 'esnext', moduleResolution: 'bundler' })).toBe('');
  });
});
