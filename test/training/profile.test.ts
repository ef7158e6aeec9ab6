import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { array, layers, type Sequential, sequential, setRandomSeed, setThreads, ValueError } from '../../lib/index.js';
import { profileOf } from '../../lib/training/profile.js';

const rows = 256;
const x = Float32Array.from({ length: rows * 40 }, (_, i) => Math.sin(i));
const y = Float32Array.from({ length: rows }, (_, i) => i % 2);

function model(): Sequential {
  setRandomSeed(3);
  const m = sequential([
    layers.dense({ units: 64, activation: 'relu', inputShape: [40] }),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ]);
  m.compile({ optimizer: 'adam', loss: 'binary_crossentropy' });
  return m;
}
const folder = () => mkdtempSync(join(tmpdir(), 'gemmfit-profile-'));

describe('fit with a profile', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    delete process.env.GEMMFIT_TRACE;
    setThreads(2);
  });

  it('says what the time went to, and changes no bit', async () => {
    const print = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const plain = model();
    const bare = await plain.fit(x, y, { epochs: 2, verbose: 0 });
    expect(bare.profile).toBeNull();
    expect(print).not.toHaveBeenCalled();
    const traced = model();
    const start = performance.now();
    const { profile } = await traced.fit(x, y, { epochs: 2, verbose: 0, profile: true, validationData: [x, y] });
    const wall = (performance.now() - start) / 1000;
    expect(traced.getWeights().map((w) => [...w.data])).toEqual(plain.getWeights().map((w) => [...w.data]));
    if (!profile) throw new Error('no profile');
    const names = profile.rows.map((row) => row.name);
    for (const name of [
      'gather',
      'forward dense #0',
      'weights dense #0',
      'update of weights',
      'test forward dense #0',
      'loss and metrics',
    ])
      expect(names).toContain(name);
    const sum = profile.rows.reduce((total, row) => total + row.seconds, 0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThanOrEqual(wall * profile.threads);
    expect(profile.rows.reduce((total, row) => total + row.share, 0)).toBeCloseTo(1, 5);
    const forward = profile.rows.find((row) => row.name === 'forward dense #0');
    expect(forward?.gflops).toBeCloseTo((2 * 2 * rows * 40 * 64) / (forward?.seconds as number) / 1e9, 6);
    expect(profile.rows.find((row) => row.name === 'gather')?.gflops).toBeNull();
    expect(print.mock.calls.flat().join('')).toContain('forward dense #0');
  });

  it('writes a trace that Chrome reads, one process a fit', async () => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const file = join(folder(), 'trace.json');
    const m = model();
    await m.fit(x, y, { verbose: 0, profile: file });
    await m.fit(x, y, { verbose: 0, profile: file });
    const { traceEvents } = JSON.parse(readFileSync(file, 'utf8'));
    const spans = traceEvents.filter((e: { ph: string }) => e.ph === 'X');
    expect(new Set(spans.map((e: { pid: number }) => e.pid)).size).toBe(2);
    for (const e of spans) {
      expect(typeof e.name).toBe('string');
      expect(e.dur).toBeGreaterThanOrEqual(0);
      expect(e.ts).toBeGreaterThanOrEqual(0);
    }
    expect(traceEvents.some((e: { ph: string; name: string }) => e.ph === 'M' && e.name === 'thread_name')).toBe(true);
  });

  it('adds a fit to the file that this process wrote, and to no other', async () => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const [file, other] = [join(folder(), 'trace.json'), join(folder(), 'other.json')];
    const m = model();
    const events = (path: string) => JSON.parse(readFileSync(path, 'utf8')).traceEvents;
    writeFileSync(file, 'of a process before');
    await m.fit(x, y, { verbose: 0, profile: file });
    const first = events(file);
    await m.fit(x, y, { verbose: 0, profile: file });
    await m.fit(x, y, { verbose: 0, profile: other });
    expect(events(file).slice(0, first.length)).toEqual(first);
    const processes = (path: string) => new Set(events(path).map((e: { pid: number }) => e.pid)).size;
    expect([processes(file), processes(other)]).toEqual([2, 1]);
    writeFileSync(file, 'somebody else came between');
    await m.fit(x, y, { verbose: 0, profile: file });
    expect(processes(file)).toBe(1);
  });

  it('takes the file from GEMMFIT_TRACE without a word', async () => {
    const print = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    process.env.GEMMFIT_TRACE = join(folder(), 'env.json');
    await model().fit(x, y, { verbose: 0 });
    expect(JSON.parse(readFileSync(process.env.GEMMFIT_TRACE, 'utf8')).traceEvents.length).toBeGreaterThan(10);
    expect(print).not.toHaveBeenCalled();
  });

  it('profiles a model that the first batch of a dataset builds', async () => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const m = sequential([layers.dense({ units: 1 })]);
    m.compile({ loss: 'mse' });
    const batches = () => [[array(x.slice(0, 40), [4, 10]), array(y.slice(0, 4), [4, 1])]];
    await expect(m.fit(() => [], null, { verbose: 0, profile: true })).rejects.toMatchObject({ code: 'ERR_EMPTY' });
    const { profile } = await m.fit(batches, null, { verbose: 0, epochs: 2, profile: true });
    expect(profile?.rows.length).toBeGreaterThan(1);
  });

  it('refuses what it cannot honour before training begins', async () => {
    const m = model();
    const before = m.getWeights()[0].data;
    await expect(m.fit(x, y, { profile: join(folder(), 'no', 'such', 'folder.json') })).rejects.toThrow(ValueError);
    await expect(m.fit(x, y, { profile: 1 as never })).rejects.toThrow(/'profile' must be true, false or the name of a file/);
    expect(m.getWeights()[0].data).toEqual(before);
    await m.fit(x, y, { verbose: 0 });
  });

  it('takes the update out of the gradients it lies within', () => {
    const totals = Float64Array.from([4, 8e9, 1, 1, 0, 2, 5, 0, 1]);
    const empty = { label: new Int32Array(0), begin: new Float64Array(0), duration: new Float64Array(0) };
    const { rows: parts } = profileOf({
      labels: ['weights dense #0', 'update of weights', 'gather'],
      threads: [{ totals, ...empty }],
    });
    expect(parts.map((r) => [r.name, r.seconds])).toEqual([
      ['gather', 5],
      ['weights dense #0', 3],
      ['update of weights', 1],
    ]);
    expect(parts[0].share).toBeCloseTo(5 / 9, 10);
    expect(parts[1].gflops).toBeCloseTo(8 / 3, 10);
  });
});
