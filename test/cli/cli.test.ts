import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../lib/cli/commands.js';
import { layers, loadModel, sequential } from '../../lib/index.js';
import { run } from './run.js';

const program = resolve(import.meta.dirname, '../../bin/gemmfit.mjs');
const folder = mkdtempSync(join(tmpdir(), 'gemmfit-cli-'));
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  const model = sequential({
    name: 'small',
    layers: [layers.dense({ units: 3, activation: 'relu', inputShape: [4] }), layers.dense({ units: 1 })],
  });
  model.compile({ optimizer: 'adam', loss: 'mse' });
  await model.fit(new Float32Array(32), new Float32Array(8), { verbose: 0 });
  await model.save(file('model.keras'));
  const rows = [4, 3, 2, 2.5].map((loss, epoch) => JSON.stringify({ event: 'epoch', epoch, loss, val_loss: loss + 1 }));
  writeFileSync(file('log.jsonl'), `${JSON.stringify({ event: 'batch', epoch: 0, batch: 1, loss: 9 })}\n${rows.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('help', () => {
  test('the overview names every command, and each has a page', async () => {
    const { status, stdout } = await run('--help');
    expect(status).toBe(0);
    for (const command of commands) {
      expect(stdout).toContain(`  ${command.name} `);
      const page = await run(command.name, '--help');
      expect(page.status).toBe(0);
      expect(page.stdout).toMatch(new RegExp(`^gemmfit ${command.name} - .+\\n\\nUSAGE\\n  gemmfit ${command.name}`));
      for (const name of [...Object.keys(command.options), 'json', 'help']) expect(page.stdout).toContain(`--${name}`);
      expect((await run('help', command.name)).stdout).toBe(page.stdout);
    }
  });

  test('no line is wider than a terminal', async () => {
    const pages = await Promise.all(commands.map(({ name }) => run(name, '--help')));
    const lines = [...pages, await run('--help')].flatMap(({ stdout }) => stdout.split('\n'));
    expect(lines.filter((line) => line.length > 80 && !line.startsWith('  gemmfit'))).toEqual([]);
  });
});

describe('what is wrong is one line, and status 2', () => {
  test.each([
    [[], 'a command is missing'],
    [['sumary'], "unknown command 'sumary'. Did you mean 'summary'?"],
    [['summary'], '<model> is missing'],
    [['summary', 'a', 'b'], "'b' is one argument too many"],
    [['summary', 'a', '--jsn'], "unknown option '--jsn'. Did you mean '--json'?"],
    [['summary', file('none.keras')], 'there is no file'],
    [['summary', file('log.jsonl')], 'the ending of the file says'],
    [['bench', '--seconds'], 'argument missing'],
    [['bench', '--seconds', 'x'], "--seconds must be a number. Received: 'x'"],
    [['bench', '--seconds', '99'], '<= 60'],
    [['bench', '--layers', '3'], '--layers must be inputs and units'],
    [['convert', file('model.keras'), file('a.txt')], 'the ending of the file says'],
    [['plot', file('log.jsonl'), file('a.svg'), '--theme', 'blue'], "'theme' must be one of"],
  ])('%j', async (words, message) => {
    const { status, stdout, stderr } = await run(...(words as string[]));
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^gemmfit[^\n]+\n$/);
    expect(stderr).toContain(message);
  });

  test('with --json the line is JSON', async () => {
    const { status, stderr } = await run('summary', file('none.keras'), '--json');
    expect(status).toBe(2);
    expect(JSON.parse(stderr).error).toMatchObject({ code: 'ERR_NO_FILE' });
  });

  test('a log that is none', async () => {
    writeFileSync(file('bad.jsonl'), '{"epoch":0}\nnonsense\n');
    expect((await run('plot', file('bad.jsonl'))).stderr).toContain('line 2 is no JSON');
  });
});

describe('commands', () => {
  test('summary', async () => {
    expect((await run('summary', file('model.keras'))).stdout).toContain('Total params: 59');
    const facts = JSON.parse((await run('summary', file('model.keras'), '--json')).stdout);
    expect(facts).toMatchObject({ name: 'small', parameters: 19, inputShape: [null, 4], metrics: ['loss'] });
    expect(facts.layers.map((l: { className: string }) => l.className)).toEqual(['Dense', 'Dense']);
  });

  test.each(['.h5', '.onnx', '.weights.h5', '.safetensors', '.npz', '/'])('convert to %s', async (ending) => {
    const to = file(`made${ending}`);
    const { status, stdout } = await run('convert', file('model.keras'), to, '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ parameters: 19, layers: 2 });
    expect(existsSync(to)).toBe(true);
  });

  test('convert keeps what the optimizer has, or not, and replaces no file where that is not wanted', async () => {
    await run('convert', file('model.keras'), file('b.keras'));
    expect((await loadModel(file('b.keras'))).optimizer.iterations).toBe(1);
    await run('convert', file('model.keras'), file('b.keras'), '--no-optimizer');
    expect((await loadModel(file('b.keras'))).optimizer.iterations).toBe(0);
    const refused = await run('convert', file('model.keras'), file('b.keras'), '--no-overwrite');
    expect(refused.status).toBe(2);
  });

  test('plot draws logs and models, to files and to stdout', async () => {
    expect((await run('plot', file('log.jsonl'), file('curves.svg'))).stdout).toBe(`${file('curves.svg')}\n`);
    expect(readFileSync(file('curves.svg'), 'utf8')).toContain('best val_loss: 3, epoch 3');
    expect((await run('plot', file('model.keras'), '--title', 'Mine')).stdout).toMatch(/^<svg [\s\S]*Mine/);
    await run('plot', file('log.jsonl'), file('curves.json'));
    expect(JSON.parse(readFileSync(file('curves.json'), 'utf8')).$schema).toContain('vega-lite');
  });

  test('bench', async () => {
    const { stdout, stderr } = await run('bench', file('model.keras'), '--seconds', '0.1', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ model: 'small', batchSize: 32 });
    expect(JSON.parse(stdout).trainSamplesPerSecond).toBeGreaterThan(0);
    expect(stderr).toMatch(/^bench: small/);
  });
});

describe('as a program', () => {
  const spawn = (...words: string[]) => spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });

  test('results on stdout, the status to the shell', () => {
    expect(spawn('summary', file('model.keras'), '--json')).toMatchObject({ status: 0, stderr: '' });
    expect(spawn('nothing')).toMatchObject({ status: 2, stdout: '' });
  });

  test('a reader that goes away is no error', () => {
    const line = `${process.execPath} ${program} --help | head -1; echo \${PIPESTATUS[0]}`;
    const { stdout, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8' });
    expect(stdout).toBe('gemmfit - trains neural networks on the command line\n0\n');
    expect(stderr).toBe('');
  });
});
