// Parsers against what they should give, and files cut at any length and changed in any place: a model, or an error of ours with a code.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLimits } from '../../lib/saving/limits.js';
import { readNpy, writeNpy } from '../../lib/saving/npy.js';
import { readSafetensors, writeSafetensors } from '../../lib/saving/safetensors.js';
import { parseStrictJson } from '../../lib/saving/strict_json.js';

const fuzz = Number(process.env.GEMMFIT_FUZZ ?? 0);
const numRuns = fuzz || 1000;
const limits = readLimits('fuzz', {});
const ours = (error: unknown) => {
  const { name, code } = error as { name: string; code?: string };
  return /^(Value|Runtime|Type)Error$/.test(name) && /^ERR_/.test(code ?? '');
};

describe('JSON', () => {
  it('is what JSON.parse says, where no key stands twice', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseStrictJson('fuzz', text)).toEqual(JSON.parse(text));
      }),
      { numRuns, seed: 1 },
    );
  });
  it('any text: a value that JSON.parse gives too, or ERR_JSON', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '\\',
      '\\u0061',
      '"a"',
      '"a":',
      '1',
      '1e999',
      '-',
      'null',
      ' ',
      '\n',
      '\u{1f600}',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 20 }), (pieces) => {
        const text = pieces.join('');
        let value: unknown;
        try {
          value = parseStrictJson('fuzz', text);
        } catch (error) {
          expect(error).toMatchObject({ name: 'ValueError', code: 'ERR_JSON' });
          return;
        }
        expect(value).toEqual(JSON.parse(text));
      }),
      { numRuns: 3 * numRuns, seed: 1 },
    );
  });
  it('a key twice at any depth is refused', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.integer({ min: 0, max: 30 }), (key, value, depth) => {
        const [k, v] = [JSON.stringify(key), JSON.stringify(value)];
        const text = `${'{"x":['.repeat(depth)}{${k}:${v},"other":1,${k}:${v}}${']}'.repeat(depth)}`;
        if (key !== 'other') expect(() => parseStrictJson('fuzz', text)).toThrow(expect.objectContaining({ code: 'ERR_JSON' }));
      }),
      { numRuns, seed: 1 },
    );
  });
});

const shapeAndData = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }).chain((shape) => {
  const size = shape.reduce((n, d) => n * d, 1);
  return fc.float32Array({ minLength: size, maxLength: size }).map((data) => ({ shape, data }));
});

describe('arrays', () => {
  it('.npy: what is written is read', () => {
    fc.assert(
      fc.property(shapeAndData, ({ shape, data }) => {
        const read = readNpy('fuzz', Buffer.concat(writeNpy({ shape, data })));
        expect([read.shape, read.data]).toEqual([shape, data]);
      }),
      { numRuns, seed: 1 },
    );
  });
  it('.safetensors: what is written is read, at any place of memory', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), shapeAndData, { maxKeys: 5 }), fc.integer({ min: 0, max: 9 }), (given, shift) => {
        const names = Object.keys(given).filter((name) => name !== '__metadata__');
        const bytes = Buffer.concat([Buffer.alloc(shift), ...writeSafetensors(new Map(names.map((n) => [n, given[n]])))]);
        const { tensors } = readSafetensors('fuzz', new Uint8Array(bytes).subarray(shift), limits);
        expect([...tensors.keys()].sort()).toEqual(names.sort());
        for (const n of names) expect([tensors.get(n)?.shape, tensors.get(n)?.data]).toEqual([given[n].shape, given[n].data]);
      }),
      { numRuns, seed: 1 },
    );
  });
  it.each<[string, Uint8Array, (bytes: Uint8Array) => unknown]>([
    ['.npy', Buffer.concat(writeNpy({ shape: [2, 3], data: new Float32Array(6) })), (b) => readNpy('fuzz', b)],
    [
      '.safetensors',
      Buffer.concat(
        writeSafetensors(
          new Map([
            ['a', { shape: [2, 3], data: new Float32Array(6) }],
            ['b', { shape: [2], data: new Int32Array(2) }],
          ]),
        ),
      ),
      (b) => readSafetensors('fuzz', b, limits),
    ],
  ])('%s: bytes that are changed, cut and put in: read, or an error with a code', (_, good, read) => {
    const change = fc.record({ at: fc.nat(good.length), bytes: fc.uint8Array({ maxLength: 8 }), cut: fc.nat(8) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let bytes: Uint8Array = good;
        for (const { at, bytes: put, cut } of changes)
          bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
        try {
          read(bytes);
        } catch (error) {
          if (!ours(error)) throw error;
        }
      }),
      { numRuns: 3 * numRuns, seed: 1 },
    );
  });
});

describe('whole files', () => {
  it('golden files and our own, a few cuts and changes each, in processes of their own', () => {
    // `npm run fuzz` tries every cut and 10,000 changes of each.
    const few = ['--changes', '3', '--prefixes', '3', '--every', '13'];
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(__dirname, 'fuzz/run.mjs'), ...few], {
      encoding: 'utf8',
    });
    expect(status, stdout.slice(-4000) + stderr.slice(-4000)).toBe(0);
    expect(stdout).toMatch(/, 0 findings/);
  }, 0);
});
