import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadModel } from '../../lib/index.js';
import { run } from './run.js';

const program = resolve(import.meta.dirname, '../../bin/gemmfit.mjs');
const folder = mkdtempSync(join(tmpdir(), 'gemmfit-table-'));
const file = (name: string) => join(folder, name);
const text = (name: string) => readFileSync(file(name), 'utf8');
const quiet = ['--quiet', '--json'];

/** The same numbers in every run: x from -1 to 1. */
const wave = (i: number) => Math.sin(i * i * 0.71);

beforeAll(() => {
  const colours = ['red', 'blue', 'light, blue'];
  const flower = (i: number) => {
    const colour = colours[i % 3];
    return `${(5 + wave(i)).toFixed(3)},"${colour}",${i},${colour === 'red' || wave(i) > 0.4 ? 'yes' : 'no'}`;
  };
  const rows = Array.from({ length: 240 }, (_, i) => flower(i));
  writeFileSync(file('flowers.csv'), `size,colour,id,blooms\n${rows.join('\n')}\n`);
  const houses = Array.from(
    { length: 200 },
    (_, i) => `${100 + 50 * wave(i)},${i % 4},${300_000 + 1e5 * wave(i) + 5000 * (i % 4)}`,
  );
  writeFileSync(file('houses.csv'), `area,rooms,price\n${houses.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

const trainFlowers = (...more: string[]) =>
  run('train', file('flowers.csv'), '--target', 'blooms', '--ignore', 'id', '--epochs', '60', '--learning-rate', '0.01', ...more);

describe('train, evaluate, predict', () => {
  const model = file('flowers.keras');

  test('a classification of numbers and texts', async () => {
    const files = ['--out', model, '--log', file('log.jsonl'), '--plot', file('curves.svg')];
    const { status, stdout, stderr } = await trainFlowers(...quiet, ...files);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const facts = JSON.parse(stdout);
    expect(facts).toMatchObject({ task: 'classification', classes: ['no', 'yes'], rows: 240, epochs: 60, stopReason: null });
    expect(facts.results.val_accuracy).toBeGreaterThan(0.9);
    expect(text('log.jsonl').trimEnd().split('\n')).toHaveLength(60);
    expect(text('curves.svg')).toContain('val_loss');
    expect(JSON.parse(text('flowers.keras.table.json')).columns).toEqual([
      { name: 'size', type: 'number' },
      { name: 'colour', type: 'text', values: ['blue', 'light, blue', 'red'] },
    ]);
  });

  test('the same seed gives the same model, another another', async () => {
    const weights = async (seed: string) => {
      await trainFlowers(...quiet, '--seed', seed, '--epochs', '2', '--out', file('seed.keras'));
      return (await loadModel(file('seed.keras'))).getWeights().map((w) => w.toArray());
    };
    const first = await weights('3');
    expect(await weights('3')).toEqual(first);
    expect(await weights('4')).not.toEqual(first);
  });

  test('evaluate has loss, metrics and which were taken for which', async () => {
    const facts = JSON.parse((await run('evaluate', model, file('flowers.csv'), '--json', '--plot', file('c.svg'))).stdout);
    expect(facts.rows).toBe(240);
    expect(facts.accuracy).toBeGreaterThan(0.9);
    const [[a, b], [c, d]] = facts.confusion;
    expect(a + b + c + d).toBe(240);
    expect((a + d) / 240).toBeCloseTo(facts.accuracy, 5);
    expect(text('c.svg')).toContain('Confusion matrix');
    expect((await run('evaluate', model, file('flowers.csv'))).stdout).toMatch(/^rows +240\nloss +[\d.]+\naccuracy +[\d.]+\n/);
  });

  test('predict: CSV gives CSV, lines of JSON give such lines', async () => {
    const csv = (await run('predict', model, file('flowers.csv'))).stdout.trimEnd().split('\n');
    expect(csv).toHaveLength(241);
    expect(csv[0]).toBe('prediction,p_no,p_yes');
    const truth = text('flowers.csv').trimEnd().split('\n');
    const right = csv.slice(1).filter((line, i) => line.split(',')[0] === truth[i + 1].split(',').at(-1)).length;
    expect(right / 240).toBeGreaterThan(0.9);
    writeFileSync(file('new.jsonl'), '{"size":5.1,"colour":"red","more":1}\n\n{"size":4.2,"colour":"blue"}\n');
    const answers = (await run('predict', model, file('new.jsonl'))).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map((a) => a.prediction)).toEqual(['yes', 'no']);
    expect(answers[0].probabilities.yes + answers[0].probabilities.no).toBeCloseTo(1);
    const { stdout } = await run('predict', model, file('new.jsonl'), '--out', file('out.jsonl'), '--json');
    expect(JSON.parse(stdout)).toEqual({ rows: 2, out: file('out.jsonl') });
    expect(text('out.jsonl').trimEnd().split('\n')).toHaveLength(2);
  });

  test('a regression of large numbers', async () => {
    const args = ['--target', 'price', '--epochs', '80', '--learning-rate', '0.01', '--out', file('houses.keras')];
    const { stdout } = await run('train', file('houses.csv'), ...args, ...quiet);
    expect(JSON.parse(stdout)).toMatchObject({ task: 'regression', classes: [] });
    const facts = JSON.parse((await run('evaluate', file('houses.keras'), file('houses.csv'), '--json')).stdout);
    expect(facts.r2).toBeGreaterThan(0.98);
    const [head, first] = (await run('predict', file('houses.keras'), file('houses.csv'))).stdout.split('\n');
    expect(head).toBe('prediction');
    expect(Number(first)).toBeGreaterThan(2e5);
  });

  test('lines of JSON are a table too, and numbers may be classes', async () => {
    const rows = Array.from({ length: 120 }, (_, i) => JSON.stringify({ at: wave(i), kind: wave(i) > 0 ? 7 : 3 }));
    writeFileSync(file('rows.jsonl'), `${rows.join('\n')}\n`);
    const args = ['--target', 'kind', '--learning-rate', '0.05', '--out', file('rows.keras')];
    const { stdout } = await run('train', file('rows.jsonl'), ...args, ...quiet);
    expect(JSON.parse(stdout)).toMatchObject({ task: 'classification', classes: ['3', '7'], rows: 120 });
    const facts = JSON.parse((await run('evaluate', file('rows.keras'), file('rows.jsonl'), '--json')).stdout);
    expect(facts.accuracy).toBeGreaterThan(0.9);
  });

  test('Parquet that pandas wrote', async () => {
    const flowers = resolve(import.meta.dirname, '../datasets/files/flowers_snappy.parquet');
    const refused = await run('train', flowers, '--target', 'species');
    expect(refused.stderr).toContain("column 'petals' has lists. Leave it out: --ignore petals");
    const args = ['--target', 'species', '--ignore', 'petals,id,when', '--epochs', '5', '--out', file('parquet.keras')];
    const { stdout } = await run('train', flowers, ...args, ...quiet);
    expect(JSON.parse(stdout)).toMatchObject({ task: 'classification', rows: 60 });
    const numbers = await run('train', flowers, ...args, '--target', 'target', ...quiet);
    expect(JSON.parse(numbers.stdout).classes).toEqual(['0', '1', '2']);
    expect((await run('predict', file('parquet.keras'), flowers)).stdout.split('\n')).toHaveLength(62);
  });

  test('find-lr', async () => {
    const { stdout } = await run(
      'find-lr',
      file('flowers.csv'),
      '--target',
      'blooms',
      '--ignore',
      'id',
      ...quiet,
      '--plot',
      file('r.svg'),
    );
    const { suggestion, learningRates, losses } = JSON.parse(stdout);
    expect(suggestion).toBeGreaterThan(1e-6);
    expect(suggestion).toBeLessThan(1);
    expect(losses).toHaveLength(learningRates.length);
    expect(text('r.svg')).toContain('learning rate');
    const words = ['find-lr', file('flowers.csv'), '--target', 'blooms', '--ignore', 'id', '--quiet'];
    expect(Number((await run(...words)).stdout)).toBeCloseTo(suggestion, 3);
  });

  test('stops by itself where it no longer improves', async () => {
    const { stdout } = await trainFlowers(...quiet, '--patience', '1', '--learning-rate', '0.5', '--out', file('p.keras'));
    expect(JSON.parse(stdout)).toMatchObject({ stopReason: 'earlyStopping' });
  });
});

describe('what is wrong with a table is one line', () => {
  test.each([
    [['train', file('flowers.csv')], '--target <column> is missing'],
    [['train', file('flowers.csv'), '--target', 'bloom'], "has no column 'bloom'. Did you mean 'blooms'?"],
    [
      ['train', file('flowers.csv'), '--target', 'blooms', '--task', 'regression'],
      "must have numbers for a regression. Received: 'yes'",
    ],
    [['train', file('flowers.csv'), '--target', 'blooms', '--ignore', 'id,size,colour'], "no column besides 'blooms'"],
    [['train', file('flowers.csv'), '--target', 'blooms', '--missing', 'x'], '--missing'],
    [['train', file('none.csv'), '--target', 'blooms'], 'there is no file'],
    [['train', file('gaps.csv'), '--target', 'b'], 'line 3'],
    [['evaluate', file('none.keras'), file('flowers.csv')], 'there is no file'],
    [['predict', file('flowers.keras'), file('bad.jsonl')], 'line 2'],
  ])('%j', async (words, message) => {
    writeFileSync(file('gaps.csv'), 'a,b\n1,yes\n,no\n3,yes\n');
    writeFileSync(file('bad.jsonl'), '{"size":1,"colour":"red"}\nnonsense\n');
    const { status, stderr } = await run(...words);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^gemmfit[^\n]+\n$/);
    expect(stderr).toContain(message);
  });

  test('rows with gaps can be left out', async () => {
    writeFileSync(
      file('gaps.csv'),
      `a,b\n${Array.from({ length: 40 }, (_, i) => `${i % 5 ? wave(i) : ''},${i % 2}`).join('\n')}\n`,
    );
    const { stdout } = await run(
      'train',
      file('gaps.csv'),
      '--target',
      'b',
      '--missing',
      'skip',
      '--out',
      file('g.keras'),
      ...quiet,
    );
    expect(JSON.parse(stdout).rows).toBe(32);
  });
});

describe('as a program', () => {
  const words = ['train', file('flowers.csv'), '--target', 'blooms', '--ignore', 'id', '--epochs', '400', '--layers', '8'];

  test('Ctrl-C saves what there is, and the same command goes on to the same weights', async () => {
    const whole = spawnSync(process.execPath, [program, ...words, '--out', file('whole.keras'), '--quiet'], { encoding: 'utf8' });
    expect(whole).toMatchObject({ status: 0, stderr: '' });
    const args = [...words, '--out', file('cut.keras'), '--checkpoint', file('points')];
    const child = spawn(process.execPath, [program, ...args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      if (!/Epoch 5\//.test(stderr) && /Epoch 5\//.test(stderr + chunk)) child.kill('SIGINT');
      stderr += chunk;
    });
    const status = await new Promise((ended) => child.on('close', ended));
    expect(status).toBe(130);
    const facts = JSON.parse(stdout);
    expect(facts).toMatchObject({ stopReason: 'signal', model: file('cut.keras') });
    expect(facts.epochs).toBeLessThan(400);
    expect(existsSync(file('cut.keras'))).toBe(true);
    const rest = spawnSync(process.execPath, [program, ...args, '--quiet', '--json'], { encoding: 'utf8' });
    expect(rest).toMatchObject({ status: 0, stderr: '' });
    const weights = async (name: string) => (await loadModel(file(name))).getWeights().map((w) => w.toArray());
    expect(await weights('cut.keras')).toEqual(await weights('whole.keras'));
  });

  test('rows from stdin', () => {
    const input = '{"size":5.1,"colour":"red"}\n';
    const { stdout, status } = spawnSync(process.execPath, [program, 'predict', file('whole.keras'), '-'], {
      encoding: 'utf8',
      input,
    });
    expect(status).toBe(0);
    expect(JSON.parse(stdout).prediction).toMatch(/^(yes|no)$/);
  });
});
