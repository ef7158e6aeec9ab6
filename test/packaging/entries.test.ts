import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// What a user's project sees: the built package, through the exports of package.json, from a folder of its own.
const root = resolve(import.meta.dirname, '../..');
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
names.push(
  'constraints',
  'callbacks',
  'activations',
  'input',
  'array',
  'NDArray',
  'loadModel',
  'modelFromJSON',
  'registerSerializable',
);
names.push('setRandomSeed', 'setThreads', 'version', 'RuntimeError', 'ValueError');

describe('entries', () => {
  test('require gives every public name', () => {
    const keys = JSON.parse(run('keys.cjs', `console.log(JSON.stringify(Object.keys(require('gemmfit'))))`));
    expect(keys).toEqual(expect.arrayContaining(names));
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

describe('types', () => {
  const resolutions = [
    { name: 'node16, ES module', file: 'node16.mts', options: { module: 'node16', moduleResolution: 'node16' } },
    { name: 'node16, CommonJS', file: 'node16.cts', options: { module: 'node16', moduleResolution: 'node16' } },
    { name: 'a bundler', file: 'bundler.ts', options: { module: 'esnext', moduleResolution: 'bundler' } },
  ];

  test.each(resolutions)('a strict consumer compiles under $name', ({ file, options }) => {
    writeFileSync(join(consumer, file), example);
    // Without skipLibCheck: the package's own declarations are checked too. `types`: only what the package asks for by itself.
    const compilerOptions = {
      ...options,
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      strict: true,
      exactOptionalPropertyTypes: true,
    };
    const config = {
      compilerOptions: { ...compilerOptions, noEmit: true, preserveSymlinks: true, types: ['node'] },
      files: [file],
    };
    writeFileSync(join(consumer, `${file}.json`), JSON.stringify(config));
    let output = '';
    try {
      output = execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', `${file}.json`], {
        cwd: consumer,
        encoding: 'utf8',
      });
    } catch (error) {
      output = (error as { stdout: string }).stdout;
    }
    expect(output).toBe('');
  });

  test('a wrong option does not compile', () => {
    writeFileSync(join(consumer, 'wrong.mts'), `import { layers } from 'gemmfit';\nlayers.dense({ unitz: 3 });\n`);
    const args = [
      join(root, 'node_modules/typescript/bin/tsc'),
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'node16',
      'wrong.mts',
    ];
    expect(() => execFileSync(process.execPath, args, { cwd: consumer, stdio: 'pipe' })).toThrow();
  });
});
