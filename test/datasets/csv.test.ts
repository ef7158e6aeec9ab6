// CSV files that pandas wrote, held against what it read back; and files that nobody should have written.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NDArray } from '../../lib/data/ndarray.js';
import { NumberReader } from '../../lib/datasets/csv/numbers.js';
import { recordParts } from '../../lib/datasets/csv/records.js';
import { data } from '../../lib/index.js';
import { expected, failure, fixture, plain } from './support.js';

let folder: string;
let made = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemmfit-csv-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (text: string | Buffer) => {
  const path = join(folder, `${made++}.csv`);
  writeFileSync(path, text);
  return path;
};
const rowsOf = async (text: string, options?: object) => plain(await data.csv(file(text), options as object).toArray());
const fails = (text: string, options?: object) => failure(() => data.csv(file(text), options as object).toArray());

const { flowers } = expected;
const count = flowers.length.length;

describe('what pandas wrote', () => {
  const types = {
    length: 'float32',
    width: 'float32',
    count: 'float32',
    id: 'float64',
    wild: 'bool',
    city: 'string',
    species: 'string',
    target: 'float32',
  };
  const names = Object.keys(types);

  it.each([
    ['flowers.csv', {}],
    ['flowers.csv.gz', {}],
    ['flowers_bom.csv', {}],
    ['flowers_semicolon.csv', {}],
    ['flowers_quoted.csv', {}],
    ['flowers_headless.csv', { header: names }],
    ['flowers_crlf.csv', {}],
  ])('%s', async (name, options) => {
    const table = data.csv(fixture(name), options);
    expect(table.length).toBe(null);
    expect(await table.columns()).toEqual(types);
    const [all] = (await table.batch(1000).toArray()) as Record<string, NDArray>[];
    expect(table.length).toBe(count);
    for (const column of names) {
      const values = ArrayBuffer.isView(all[column].data) ? Array.from(all[column].data, Number) : all[column];
      const wanted = flowers[column].map((value: number | string | boolean) => {
        if (typeof value === 'string') return name.includes('crlf') ? value.replace('\nSweden', '') : value;
        return column === 'id' ? value : Math.fround(Number(value));
      });
      expect(values, column).toEqual(wanted);
    }
  });

  it('numbers, to the last bit of float32 and float64', async () => {
    const hex = (text: string) => {
      const [, sign, whole, fraction, exponent] = /^(-?)0x([\da-f])\.?([\da-f]*)p([+-]\d+)$/.exec(text) as RegExpExecArray;
      return (
        (sign ? -1 : 1) *
        (Number.parseInt(whole + fraction, 16) / 16 ** fraction.length) *
        2 ** Math.max(-1000, Number(exponent)) *
        2 ** Math.min(0, Number(exponent) + 1000)
      );
    };
    const full = expected.numbers.full.map(hex);
    const short = expected.numbers.short.map(hex);
    for (const type of ['float32', 'float64'] as const) {
      const round = type === 'float32' ? Math.fround : (v: number) => v;
      const table = data.csv(fixture('numbers.csv'), { columns: { full: type, short: type, long: type } });
      const [all] = (await table.batch(1000).toArray()) as Record<string, NDArray>[];
      expect(Array.from(all.full.data)).toEqual(full.map(round));
      expect(Array.from(all.short.data)).toEqual(short.map(round));
      // 31 digits are the exact number, but for those that need more.
      expect(Array.from(all.long.data)).toEqual(full.map(round));
    }
  });

  it('label, weight, select and classes', async () => {
    const table = data.csv(fixture('flowers.csv'), {
      label: 'species',
      sampleWeight: 'width',
      classes: ['setosa', 'versicolor', 'virginica'],
      select: ['count', 'length'],
    });
    const [[x, y, w]] = await table.batch(1000).toArray();
    expect(Object.keys(x)).toEqual(['length', 'count']);
    expect(Array.from(y.data, Number)).toEqual(
      flowers.species.map((s: string) => ['setosa', 'versicolor', 'virginica'].indexOf(s)),
    );
    expect(Array.from(w.data, Number)).toEqual(flowers.width.map(Math.fround));
  });

  it.each(['missing.csv', 'missing_na.csv'])('missing numbers of %s', async (name) => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const values = async (missing: object | string) =>
      (await data.csv(fixture(name), { missing: missing as 'nan', select: ['length'] }).toArray()).map(({ length }) => length);
    const wanted = expected.missing.map(Math.fround);
    expect(await values({ length: -1 })).toEqual(wanted);
    expect(await values('nan')).toEqual(wanted.map((v: number) => (v === -1 ? Number.NaN : v)));
    expect(await values('skip')).toEqual(wanted.filter((v: number) => v !== -1));
    const { code, message } = await failure(() => values('error'));
    expect(code).toBe('ERR_BAD_ROW');
    expect(message).toContain(`${name}, line 5: column 1 'length' is missing. Say what it becomes`);
    vi.restoreAllMocks();
  });

  it('several files, one after the other', async () => {
    const both = data.csv([fixture('flowers.csv'), fixture('flowers_quoted.csv')], { select: ['id'] });
    expect((await both.toArray()).map(({ id }) => id)).toEqual([...flowers.id, ...flowers.id]);
    const { message } = await failure(() => data.csv([fixture('flowers.csv'), fixture('missing.csv')]).toArray());
    expect(message).toContain('its columns are length, count, target');
  });
});

describe('rows that do not fit', () => {
  it.each([
    ['a,b\n1,2\n3\n', 'line 3: has 1 values where there are 2 columns'],
    ['a,b\n1,2\n\n3,4,5\n', 'line 4: has more than 2 values'],
    ['a,b\n1,2\n3,x\n', 'line 3: column 2 \'b\' is "x", which is no number'],
    ['a,b\nq,"two\nlines"\n"x\ny",3\nz,"4"5\n', "line 6: column 2 'b' goes on after its closing quote"],
    ['a,b\n1,"x\n2,3\n', 'is not closed'],
    ['a\n1\n0x10\n', '"0x10", which is no number'],
    ['a\n1\n1 2\n', '"1 2", which is no number'],
    ['a\n1\n--1\n', '"--1", which is no number'],
    ['a\n1\n1e\n', '"1e", which is no number'],
    ['a\n1\n.\n', '".", which is no number'],
  ])('%j', async (text, message) => {
    // The type is known from the first row alone.
    const error = await fails(text, { inferRows: 1, missing: 'nan' });
    expect(error).toMatchObject({ name: 'ValueError', code: 'ERR_BAD_ROW' });
    expect(error.message).toContain(message);
  });

  it('the rows before it are given', async () => {
    const seen: unknown[] = [];
    await failure(async () => {
      for await (const row of data.csv(file('a\n1\n2\nx\n4\n'), { inferRows: 2 })) seen.push(row);
    });
    expect(seen).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it('are counted and left out where that is asked for', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const path = file('a,b\n1,2\n3\n"x\ny",1,2\n4,"5"6\n7,8\n');
    const table = data.csv(path, { badRows: 'skip', inferRows: 1 });
    for (let pass = 0; pass < 2; pass++) {
      expect(await table.toArray()).toEqual([
        { a: 1, b: 2 },
        { a: 7, b: 8 },
      ]);
      expect(table.badRows.count).toBe(3);
      expect(table.badRows.examples.map((text) => /line \d+/.exec(text)?.[0])).toEqual(['line 3', 'line 4', 'line 6']);
    }
    expect(warned.mock.calls[0][0]).toBe(
      `${path}: 3 rows were left out, the first: ${path}, line 3: has 1 values where there are 2 columns.`,
    );
    warned.mockRestore();
  });

  it('integers hold what they can', async () => {
    expect(await rowsOf('a\n255\n0\n', { columns: { a: 'uint8' } })).toEqual([{ a: 255 }, { a: 0 }]);
    for (const wrong of ['256', '-1', '1.5', 'NA'])
      expect((await fails(`a\n${wrong}\n`, { columns: { a: 'uint8' } })).message).toContain('line 2');
    expect(await data.csv(file('a\n9223372036854775807\n'), { columns: { a: 'int64' } }).toArray()).toEqual([
      { a: 9223372036854775807n },
    ]);
    expect(await fails('a\n9223372036854775808\n', { columns: { a: 'int64' } })).toMatchObject({ code: 'ERR_BAD_ROW' });
  });

  it('a class that is none', async () => {
    expect((await fails('a,s\n1,x\n2,z\n', { label: 's', classes: ['x', 'y'] })).message).toContain('line 3');
  });
});

describe('files', () => {
  it('of spaces, empty lines and no last line break', async () => {
    expect(await rowsOf('a, b\n 1 , 2\n\n3,4')).toEqual([
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ]);
    expect(await rowsOf('a\n"1"\n" 2"\n')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await rowsOf('a,b\nx,\n,"y ""z"""\n')).toEqual([
      { a: 'x', b: '' },
      { a: '', b: 'y "z"' },
    ]);
    expect(await rowsOf('1,2\n3,4\n', { header: false })).toEqual([
      { 0: 1, 1: 2 },
      { 0: 3, 1: 4 },
    ]);
    expect(await rowsOf('a\tb\n1\t2\n')).toEqual([{ a: 1, b: 2 }]);
    expect(await rowsOf('a\ntrue\nFalse\n')).toEqual([{ a: 1 }, { a: 0 }]);
    expect(await rowsOf('a\ninf\n-Infinity\n')).toEqual([{ a: Infinity }, { a: -Infinity }]);
    expect(await rowsOf('a,b\n')).toEqual([]);
  });

  it.each([
    [() => data.csv('none.csv').toArray(), 'ERR_NO_FILE'],
    [() => data.csv(folder).toArray(), 'ERR_FILE'],
    [() => data.csv(file('')).toArray(), 'ERR_EMPTY'],
    [() => data.csv(file('a,a\n1,2\n')).toArray(), 'ERR_DATASET'],
    [() => data.csv(file('a,\n1,2\n')).toArray(), 'ERR_DATASET'],
    [() => data.csv(file('a,b\n1,2\n'), { label: 'c' }).toArray(), 'ERR_UNKNOWN_NAME'],
    [() => data.csv(file('a,b\n1,2\n'), { columns: { c: 'string' } }).toArray(), 'ERR_UNKNOWN_NAME'],
    [() => data.csv(file('a\n1\n'), { label: 'a' }).toArray(), 'ERR_DATASET'],
    [() => data.csv(file('a\n1\n'), { columns: { a: 'text' as 'string' } }), 'ERR_OUT_OF_RANGE'],
    [() => data.csv(file('a\n1\n'), { classes: ['x'] }), 'ERR_OUT_OF_RANGE'],
    [() => data.csv(file('a\n1\n'), { delimiter: '1' }), 'ERR_OUT_OF_RANGE'],
    [() => data.csv(file('a\n1\n'), { missing: 'zero' as 'nan' }), 'ERR_OUT_OF_RANGE'],
    [() => data.csv(3 as never), 'ERR_TYPE'],
    [() => data.csv('a.csv', { lable: 'a' } as never), 'ERR_UNKNOWN_OPTION'],
    [() => data.csv(file(Buffer.alloc(2 ** 25, 'a'))).toArray(), 'ERR_BAD_ROW'],
  ])('%s', async (run, code) => expect(await failure(run)).toMatchObject({ code }));
});

describe('where the file is cut', () => {
  const text = fc.stringMatching(/^[a",\n\r ]{0,12}$/);
  const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;

  it('changes nothing', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, size) => {
          const bytes = Buffer.from(rows.map((row) => `${row.map(quote).join(',')}\n`).join(''));
          const parts = async function* () {
            for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
          };
          const records: string[] = [];
          for await (const part of recordParts('f', parts(), 44)) records.push(part.toString());
          expect(records.join('')).toBe(bytes.toString());
          const table = data.csv(file(`x,y\n${records.join('')}`), { columns: { x: 'string', y: 'string' } });
          expect((await table.toArray()).map(({ x, y }) => [x, y])).toEqual(rows);
          // Each part is whole records.
          const all = await Promise.all(
            records.map((r) => data.csv(file(r), { header: ['x', 'y'], columns: { x: 'string', y: 'string' } }).toArray()),
          );
          expect(all.flat().map(({ x, y }) => [x, y])).toEqual(rows);
        },
      ),
      { numRuns: 60 },
    ));
});

describe('numbers', () => {
  const reader = new NumberReader(44);
  const read = (text: string, isFloat32: boolean) => {
    const isRead = reader.read(Buffer.from(`${text},`), 0, isFloat32);
    return isRead ? (isFloat32 ? Math.fround(reader.value) : reader.value) : undefined;
  };

  it('are those of Number, or left to it', () => {
    let left = 0;
    const runs = 20000;
    const digits = fc.stringMatching(/^\d{0,24}$/);
    fc.assert(
      fc.property(
        fc.constantFrom('', '-', '+'),
        digits,
        fc.boolean(),
        digits,
        fc.option(fc.integer({ min: -60, max: 60 })),
        (sign, whole, point, fraction, power) => {
          const text = `${sign}${whole}${point ? `.${fraction}` : ''}${power === null ? '' : `e${power}`}`;
          const wanted = whole || (point && fraction) ? Number(text) : undefined;
          for (const isFloat32 of [true, false]) {
            const value = read(text, isFloat32);
            if (value === undefined) left++;
            else expect(value, text).toBe(isFloat32 ? Math.fround(wanted as number) : wanted);
          }
        },
      ),
      { numRuns: runs },
    );
    expect(left).toBeLessThan(2 * runs);
  });

  it('between two of float32 are left to Number', () => {
    // Half way between 1 and the next float32, and a little above it: only the exact sum tells.
    expect(read('1.000000059604644775390625', true)).toBe(undefined);
    expect(read('1.00000005960464477', true)).toBe(undefined);
    expect(read('1.0000000596046', true)).toBe(1);
  });
});
