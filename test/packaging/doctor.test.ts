import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { selfTest } from '../../lib/diagnose/self_test.js';
import { type Diagnosis, diagnose, formatDiagnosis } from '../../lib/diagnose.js';
import * as gemmfit from '../../lib/index.js';

const root = join(__dirname, '../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

function run(args: string[], env: Record<string, string> = {}) {
  const program = join(root, 'bin/gemmfit.mjs');
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });
}

describe('gemmfit doctor', () => {
  test('tells versions, machine, engine and a self-test that is right', () => {
    const { status, stdout } = run(['doctor', '--json', '--seconds', '0.05'], { GEMMFIT_NUM_THREADS: '2', GEMMFIT_GEMM: 'own' });
    const found: Diagnosis = JSON.parse(stdout);
    expect({ status, ok: found.ok, problem: found.problem }).toEqual({ status: 0, ok: true, problem: null });
    expect(found.versions).toMatchObject({ gemmfit: version, node: process.versions.node });
    expect(found.machine.platform).toBe(`${process.platform}-${process.arch}`);
    expect(found.engine).toMatchObject({ blas: gemmfit.version.blas, gemm: 'own', simd: gemmfit.version.simd, threads: 2 });
    expect(found.engine?.libraries.some((file) => file.endsWith('.node'))).toBe(true);
    expect(found.environment.GEMMFIT_NUM_THREADS).toBe('2');
    expect(found.selfTest?.gflops).toBeGreaterThan(0);
  });

  test('tells the machine and the reason where the engine cannot be loaded', () => {
    const { status, stdout } = run(['doctor'], { GEMMFIT_ADDON_PATH: join(root, 'no-such-addon.node') });
    expect(status).toBe(1);
    expect(stdout).toContain(`${process.platform}-${process.arch}`);
    expect(stdout).toMatch(/PROBLEM: .*could not be loaded/);
    expect(stdout).toContain('no-such-addon.node');
  });

  test.each([
    ...['abc', '0', '-1', '2.5', '2 threads', '257', '99999999999999999999'].map((value) => [
      'GEMMFIT_NUM_THREADS',
      value,
      'a whole number from 1 to 256.',
    ]),
    ...['2', 'on', 'true'].map((value) => ['GEMMFIT_GUARD', value, '1 (memory is guarded) or 0.']),
    ...['blas', 'OWN', '1'].map((value) => [
      'GEMMFIT_GEMM',
      value,
      "auto (the faster for each shape), openblas or own (the engine's kernels).",
    ]),
  ])('refuses %s=%s', (name, value, wanted) => {
    const program = join(root, 'dist/index.js');
    const load = `try { require(${JSON.stringify(program)}) } catch (e) { console.log(e.name, e.code, e.message) }`;
    const { stdout } = spawnSync(process.execPath, ['-e', load], { encoding: 'utf8', env: { ...process.env, [name]: value } });
    expect(stdout).toContain(`ValueError ERR_ENVIRONMENT ${name} in the environment must be ${wanted}`);
    expect(stdout).toContain(`Received: '${value}'`);
  });

  test('takes empty variables for none', () => {
    expect(run(['doctor', '--no-self-test'], { GEMMFIT_NUM_THREADS: '', GEMMFIT_GEMM: '' }).status).toBe(0);
  });

  test.each([
    [[]],
    [['doktor']],
    [['doctor', '--secnds', '3']],
    [['doctor', '--seconds', 'many']],
    [['doctor', '--seconds', '61']],
  ])('wrong arguments are an error: %j', (args) => {
    const { status, stderr } = run(args);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^gemmfit[^\n]+\n$/);
  });

  test('--version is that of the package', () => {
    expect(run(['--version']).stdout.trim()).toBe(version);
  });
});

describe('self-test', () => {
  // An engine that is wrong in one place must not pass for a right one.
  const broken = (spoil: (model: gemmfit.Sequential) => void) =>
    selfTest(
      {
        ...gemmfit,
        sequential: (layers) => {
          const model = gemmfit.sequential(layers as never);
          spoil(model);
          return model;
        },
      },
      0,
    );

  test('an unspoiled engine is right', async () => {
    expect(await broken(() => {})).toMatchObject({ ok: true });
  });

  test('one wrong prediction is found', async () => {
    const found = await broken((model) => {
      const { predictSync } = model;
      model.predictSync = (x) => {
        const predictions = predictSync.call(model, x);
        predictions.data[17] += 0.01;
        return predictions;
      };
    });
    expect(found.ok).toBe(false);
  });

  test('a prediction that is no number is found', async () => {
    const found = await broken((model) => {
      const { predict } = model;
      model.predict = async (x, options) => {
        const predictions = await predict.call(model, x, options);
        predictions.data[3] = Number.NaN;
        return predictions;
      };
    });
    expect(found.ok).toBe(false);
  });

  test('a training step that does nothing is found', async () => {
    const found = await broken((model) => {
      model.trainOnBatch = (async () => 0) as never;
    });
    expect(found.ok).toBe(false);
    expect(found.predictError).toBeLessThan(1e-4);
  });
});

describe('diagnose', () => {
  test('goes without the self-test, and as text', async () => {
    const found = await diagnose({ selfTest: false });
    expect(found.selfTest).toBe(null);
    expect(formatDiagnosis(found)).toMatch(/^result +ok$/m);
  });

  test('refuses options that nobody knows', async () => {
    await expect(diagnose({ second: 1 } as object)).rejects.toThrow("unknown option 'second'");
  });
});
