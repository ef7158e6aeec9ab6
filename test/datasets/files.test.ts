// Parquet and JSON lines that pandas wrote, and threads that read them: the same rows, in their order, for any number of threads.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NDArray } from '../../lib/data/ndarray.js';
import { data } from '../../lib/index.js';
import { expected, failure, fixture, plain } from './support.js';

let folder: string;
let made = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemmfit-files-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (text: string) => {
  const path = join(folder, `${made++}`);
  writeFileSync(path, text);
  return path;
};

const { flowers } = expected;
type All = Record<string, NDArray | string[]>;
const numbers = (column: NDArray | string[]) => (Array.isArray(column) ? column : Array.from(column.data, Number));
const isFloat = (name: string) => ['length', 'width'].includes(name);
const check = (all: All) => {
  for (const name of Object.keys(flowers)) {
    const wanted = flowers[name].map((v: unknown) =>
      typeof v === 'string' ? v : isFloat(name) ? Math.fround(Number(v)) : Number(v),
    );
    expect(numbers(all[name]), name).toEqual(wanted);
  }
  const petals = all.petals as NDArray;
  expect(petals.shape).toEqual([flowers.length.length, 3]);
  expect(numbers(petals)).toEqual(expected.petals.flat());
};
const zstd = 'zstdDecompressSync' in (await import('node:zlib'));

describe('Parquet', () => {
  it.each(['snappy', 'gzip', 'brotli', 'none', ...(zstd ? ['zstd'] : [])])('%s', async (codec) => {
    const table = data.parquet(fixture(`flowers_${codec}.parquet`));
    expect(await table.columns()).toMatchObject({
      length: 'float32',
      count: 'float64',
      wild: 'bool',
      city: 'string',
      when: 'string',
      petals: 'array',
    });
    const [all] = (await table.batch(1000).toArray()) as unknown as All[];
    check(all);
    expect((all.when as string[])[1]).toBe('2020-01-02T00:00:00.000Z');
    expect(await data.parquet(fixture(`flowers_${codec}.parquet`)).count()).toBe(flowers.length.length);
  });

  it.runIf(!zstd)('Zstandard without a Node that knows it is refused by name', async () => {
    const error = await failure(() => data.parquet(fixture('flowers_zstd.parquet')).toArray());
    expect(error).toMatchObject({ code: 'ERR_FILE' });
    expect(error.message).toContain('ZSTD');
    expect(error.message).toContain('Zstandard from Node 22.15 on');
  });

  it('missing numbers', async () => {
    const values = async (missing: 'nan' | 'skip' | 'error' | object) =>
      (await data.parquet(fixture('missing.parquet'), { missing: missing as 'nan', select: ['length'] }).toArray()).map(
        ({ length }) => length,
      );
    const wanted = expected.missing.map(Math.fround);
    expect(await values({ length: -1 })).toEqual(wanted);
    expect(await values('nan')).toEqual(wanted.map((v: number) => (v === -1 ? Number.NaN : v)));
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    expect(await values('skip')).toEqual(wanted.filter((v: number) => v !== -1));
    vi.restoreAllMocks();
    expect((await failure(() => values('error'))).message).toContain("missing.parquet, row 3: column 'length' is missing");
  });

  it.each([
    [() => data.parquet('none.parquet').toArray(), 'ERR_NO_FILE'],
    [() => data.parquet(fixture('flowers.csv')).toArray(), 'ERR_FILE'],
    [() => data.parquet(fixture('flowers_none.parquet'), { label: 'x' }).toArray(), 'ERR_UNKNOWN_NAME'],
    [() => data.parquet([fixture('flowers_none.parquet'), fixture('missing.parquet')]).toArray(), 'ERR_UNKNOWN_NAME'],
  ])('%s', async (run, code) => expect(await failure(run)).toMatchObject({ code }));
});

describe('JSON lines', () => {
  it('what pandas wrote', async () => {
    const table = data.jsonLines(fixture('flowers.jsonl'));
    expect(await table.columns()).toMatchObject({
      length: 'float32',
      id: 'float64',
      wild: 'bool',
      city: 'string',
      petals: 'array',
    });
    const [all] = (await table.batch(1000).toArray()) as unknown as All[];
    check(all);
  });

  it.each([
    ['{"a": 1}\n\n{"a": "x"}\n', 'line 3: column \'a\' is "x", which is no number'],
    ['{"a": 1}\n{"a": 2\n', 'line 2: is no JSON'],
    ['{"a": 1}\n[1]\n', 'line 2: is [1], and no object'],
    ['{"a": 1}\n{"b": 2}\n', "line 2: column 'a' is missing"],
    ['{"a": 1}\n{"a": null}\n', "line 2: column 'a' is missing"],
  ])('%j', async (text, message) => {
    const path = file(text);
    const error = await failure(() => data.jsonLines(path, { inferRows: 1 }).toArray());
    expect(error).toMatchObject({ code: 'ERR_BAD_ROW' });
    expect(error.message).toContain(`${path}, ${message}`);
  });

  it('rows that do not fit are left out where that is asked for', async () => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const table = data.jsonLines(file('{"a": 1}\nno\n{"a": "x"}\n{"a": 2, "b": 3}\n'), { badRows: 'skip', inferRows: 1 });
    expect(await table.toArray()).toEqual([{ a: 1 }, { a: 2 }]);
    expect(table.badRows.count).toBe(2);
    vi.restoreAllMocks();
  });
});

describe('threads', () => {
  /** Larger than the parts in which files are read. */
  const ROWS = 60000;
  let large: string;
  let lines: string;
  beforeAll(() => {
    const row = (i: number) => [i, Math.sin(i), `text "${i % 13}"\n`];
    large = file(
      `a,b,c\n${Array.from({ length: ROWS }, (_, i) => row(i))
        .map(([a, b, c]) => `${a},${b},"${String(c).replaceAll('"', '""')}"`)
        .join('\n')}\n`,
    );
    lines = file(
      Array.from({ length: ROWS }, (_, i) => JSON.stringify(Object.fromEntries(row(i).map((v, k) => ['abc'[k], v])))).join('\n'),
    );
  });

  it.each([
    ['csv', (workers: number) => data.csv(large, { workers })],
    ['jsonLines', (workers: number) => data.jsonLines(lines, { workers })],
    ['parquet', (workers: number) => data.parquet(fixture('flowers_snappy.parquet'), { workers })],
  ])('%s', async (_, make) => {
    const read = async (workers: number) => {
      const [all] = (await make(workers)
        .batch(2 * ROWS)
        .toArray()) as unknown as All[];
      return Object.values(all).map((column) =>
        Array.isArray(column) ? column : Buffer.from(column.data.buffer).toString('base64'),
      );
    };
    const here = await read(0);
    expect(here[0].length).toBeGreaterThan(50);
    expect(await read(1)).toEqual(here);
    expect(await read(3)).toEqual(here);
  });

  it('a bad row is told with its line in the file, after the rows before it', async () => {
    const path = file(`a\n${'1\n'.repeat(1_500_000)}x\n1\n`);
    for (const workers of [0, 2]) {
      let rows = 0;
      const error = await failure(async () => {
        for await (const batch of data.csv(path, { workers }).batch(100_000)) rows += (batch.a as NDArray).length;
      });
      expect(error).toMatchObject({ name: 'ValueError', code: 'ERR_BAD_ROW' });
      expect(error.message).toContain('line 1500002');
      expect(rows).toBe(1_500_000);
    }
  });

  it('a reading that is left ends its threads', async () => {
    for await (const _ of data.csv(large, { workers: 2 })) break;
    const { getActiveResourcesInfo } = process as unknown as { getActiveResourcesInfo(): string[] };
    expect(getActiveResourcesInfo().filter((name) => name === 'Worker' || name === 'MessagePort')).toEqual([]);
  });

  it("call a module's function, in order", async () => {
    const module = new URL('./augment.mjs', import.meta.url);
    const source = data.fromArrays(
      Array.from({ length: 300 }, (_, i) => [i, -i]),
      Array.from({ length: 300 }, (_, i) => 20 + i),
    );
    const one = plain(await source.map(module).toArray());
    expect((one as unknown[])[2]).toEqual([{ shape: [2], data: [4, -4] }, 23]);
    expect(plain(await source.map(module, { workers: 3 }).toArray())).toEqual(one);
    const { message } = await failure(() =>
      data
        .fromArrays([[1]], [13])
        .map(module)
        .toArray(),
    );
    expect(message).toBe('thirteen');
    expect(await failure(() => source.map(((v: unknown) => v) as never, { workers: 2 }))).toMatchObject({ code: 'ERR_TYPE' });
    const missing = new URL('./none.mjs', import.meta.url);
    expect((await failure(() => source.map(missing).toArray())).message).toContain('none.mjs');
  });
});
