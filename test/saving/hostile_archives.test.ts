// Archives, arrays and JSON that say what is not so: an error of ours with a code, and nothing outside of the file is looked at.
import { describe, expect, it } from 'vitest';
import { layers } from '../../lib/layers/index.js';
import { loadModel } from '../../lib/load_model.js';
import { readLimits } from '../../lib/saving/limits.js';
import { readNpy, writeNpy } from '../../lib/saving/npy.js';
import { readSafetensors, writeSafetensors } from '../../lib/saving/safetensors.js';
import { parseStrictJson } from '../../lib/saving/strict_json.js';
import { readZip } from '../../lib/saving/zip.js';
import { sequential } from '../../lib/sequential.js';
import { type RawMember, rawZip } from './raw_zip.js';

const limits = readLimits('test', {});
const OUTSIDE = /leads out|absolute|relative|invalid characters/;
const error = (code: string, message?: RegExp) =>
  expect.objectContaining({ name: 'ValueError', code, ...(message ? { message: expect.stringMatching(message) } : {}) });

describe('zip archives', () => {
  const ok: RawMember = { name: 'a.txt', data: 'hello' };
  it('an honest one is read', async () => {
    const members = await readZip('test', rawZip([ok, { name: 'b', data: 'x'.repeat(1000), deflate: true }]), limits, false);
    expect(Buffer.from(members.get('a.txt') as Uint8Array).toString()).toBe('hello');
    expect(members.get('b')?.length).toBe(1000);
  });

  const zeros = new Uint8Array(20_000_000);
  it.each<[string, RawMember[], string, RegExp?]>([
    ['a link', [{ name: 'config.json', data: '/etc/passwd', mode: 0o120777 }], 'ERR_FILE_REFUSED', /is a link/],
    ['a name that leads up', [{ ...ok, name: '../a.txt' }], 'ERR_FILE_REFUSED', OUTSIDE],
    ['a name that leads up inside', [{ ...ok, name: 'a/../../a.txt' }], 'ERR_FILE_REFUSED', OUTSIDE],
    ['an absolute name', [{ ...ok, name: '/etc/passwd' }], 'ERR_FILE_REFUSED', OUTSIDE],
    ['a name of a drive', [{ ...ok, name: 'C:/a.txt' }], 'ERR_FILE_REFUSED', OUTSIDE],
    ['backslashes', [{ ...ok, name: '..\\a.txt' }], 'ERR_FILE_REFUSED', OUTSIDE],
    ['a name with a zero', [{ ...ok, name: 'a\0b' }], 'ERR_FILE_REFUSED', OUTSIDE],
    ['a name twice', [ok, ok], 'ERR_FILE_REFUSED', /twice/],
    ['an encrypted member', [{ ...ok, deflate: true, flags: 1 }], 'ERR_FILE_REFUSED', /encrypted/],
    ['another method', [{ ...ok, method: 12 }], 'ERR_FILE'],
    ['a wrong checksum', [{ ...ok, crc: 1 }], 'ERR_FILE', /checksum/],
    ['a size that is too large', [{ ...ok, size: 6, packed: 6 }], 'ERR_FILE'],
    ['a size that is too small', [{ name: 'a', data: zeros, deflate: true, size: 100 }], 'ERR_FILE'],
    ['a size far beyond', [{ name: 'a', data: 'x'.repeat(9), deflate: true, size: 2 ** 31 }], 'ERR_FILE_REFUSED', /grow more/],
    ['a member that grows too much', [{ name: 'a', data: zeros, deflate: true }], 'ERR_FILE_REFUSED', /grow more/],
    ['more bytes than the limit', [{ ...ok, zip64: { size: 2n ** 40n, packed: 2n ** 40n } }], 'ERR_FILE_REFUSED', /bytes/],
    ['a size beyond what numbers hold', [{ ...ok, zip64: { size: 2n ** 63n, packed: 5n } }], 'ERR_FILE'],
    [
      'members that share bytes',
      [ok, ...[1, 2, 3].map((i) => ({ name: `m${i}`, data: '', packed: 400, size: 400, offset: 0 }))],
      'ERR_FILE_REFUSED',
      /share bytes/,
    ],
    ['a place outside', [{ ...ok, offset: 2 ** 31 }], 'ERR_FILE'],
  ])('%s: refused', async (_, members, code, message) => {
    await expect(readZip('test', rawZip(members), limits, false)).rejects.toEqual(error(code, message));
  });
  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['no archive', Buffer.from('PK\x03\x04 no archive at all')],
    ['a count that is not so', rawZip([ok], 3)],
  ])('%s: damaged', async (_, bytes) => {
    await expect(readZip('test', bytes, limits, false)).rejects.toEqual(error('ERR_FILE'));
  });
  it('more members than the limit', async () => {
    const many = Array.from({ length: 30 }, (_, i) => ({ ...ok, name: `${i}` }));
    await expect(readZip('test', rawZip(many), { ...limits, members: 20 }, false)).rejects.toEqual(
      error('ERR_FILE_REFUSED', /30 members/),
    );
  });
  it('members that nobody asked for are not unpacked', async () => {
    const members = await readZip(
      'test',
      rawZip([ok, { name: 'assets/words.txt', data: 'x', crc: 1 }]),
      limits,
      false,
      (n) => n === 'a.txt',
    );
    expect([...members.keys()]).toEqual(['a.txt']);
  });
  it.each(['config.json', 'model.weights.h5'])('a .keras file without %s', async (missing) => {
    const members = ['config.json', 'model.weights.h5'].filter((n) => n !== missing).map((name) => ({ name, data: '{}' }));
    await expect(loadModel(rawZip(members))).rejects.toEqual(error('ERR_FILE'));
  });
});

describe('JSON', () => {
  const deep = (n: number) => '['.repeat(n) + ']'.repeat(n);
  it.each<[string, string | Uint8Array]>([
    ['a key twice', '{"a": 1, "a": 2}'],
    ['a key twice in two spellings', '{"a": 1, "\\u0061": 2}'],
    ['a key twice far down', '[{"x": {"layers": 1, "b": [], "layers": 2}}]'],
    ['nested deep', deep(100_000)],
    ['nested deep in objects', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
    ['NaN', '{"a": NaN}'],
    ['Infinity', '[Infinity]'],
    ['a comment', '{} // x'],
    ['nothing', ''],
    ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
  ])('%s: refused', (_, text) => {
    expect(() => parseStrictJson('test', text)).toThrow(error('ERR_JSON'));
  });
  it('keys such as __proto__ change nothing', () => {
    const value = parseStrictJson(
      'test',
      '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}',
    ) as object;
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('safetensors', () => {
  const file = (header: unknown, data = new Uint8Array(0)): Uint8Array => {
    const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
    const head = Buffer.alloc(8);
    head.writeBigUInt64LE(BigInt(json.length));
    return Buffer.concat([head, json, data]);
  };
  const f32 = (shape: unknown, from: unknown, to: unknown, dtype: unknown = 'F32') => ({
    dtype,
    shape,
    data_offsets: [from, to],
  });
  const eight = new Uint8Array(8);
  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['a header longer than the file', Buffer.from([255, 255, 255, 255, 255, 255, 255, 255, 123, 125])],
    ['a header of half the file', Buffer.from([40, 0, 0, 0, 0, 0, 0, 0, 123, 125])],
    ['a list', file('[]')],
    ['a text', file('"x"')],
    ['an entry that is null', file({ a: null })],
    ['tensors that share bytes', file({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, eight)],
    ['the same bytes twice', file({ a: f32([2], 0, 8), b: f32([2], 0, 8) }, eight)],
    ['a hole', file({ a: f32([1], 4, 8) }, eight)],
    ['bytes behind the last', file({ a: f32([1], 0, 4) }, eight)],
    ['fewer bytes than said', file({ a: f32([4], 0, 16) }, eight)],
    ['another size than the shape', file({ a: f32([3], 0, 8) }, eight)],
    ['another kind than the bytes', file({ a: f32([2], 0, 8, 'F64') }, eight)],
    ['an unknown kind', file({ a: f32([2], 0, 8, 'F8_E4M3') }, eight)],
    ['a kind of Object.prototype', file({ a: f32([2], 0, 8, 'constructor') }, eight)],
    ['a negative place', file({ a: f32([2], -8, 0) }, eight)],
    ['a place that is no number', file({ a: f32([2], '0', 8) }, eight)],
    ['a negative dimension', file({ a: f32([-2], 0, 8) }, eight)],
    ['half a dimension', file({ a: f32([0.5], 0, 2) }, eight)],
    ['a shape that is huge', file({ a: f32([2 ** 40, 2 ** 40], 0, 8) }, eight)],
    ['a shape of zero times much', file({ a: f32([0, 2 ** 53], 0, 8) }, eight)],
    ['a shape that is no list', file({ a: f32({ length: 1 }, 0, 8) }, eight)],
    ['metadata that are no texts', file({ __metadata__: { a: 1 } })],
  ])('%s: refused', (_, bytes) => {
    expect(() => readSafetensors('test', bytes, limits)).toThrow(error('ERR_FILE'));
  });
  it('a name twice', () => {
    const entry = JSON.stringify(f32([1], 0, 4));
    expect(() => readSafetensors('test', file(`{"a": ${entry}, "a": ${entry}}`, new Uint8Array(4)), limits)).toThrow(
      error('ERR_JSON'),
    );
  });
  it('more tensors than the limit', () => {
    const tensors = new Map(Array.from({ length: 9 }, (_, i) => [`${i}`, { shape: [1], data: new Float32Array(1) }]));
    const bytes = Buffer.concat(writeSafetensors(tensors));
    expect(() => readSafetensors('test', bytes, { ...limits, objects: 5 })).toThrow(error('ERR_FILE_REFUSED'));
  });
});

describe('npy', () => {
  const honest = Buffer.concat(writeNpy({ shape: [2, 3], data: Float32Array.from([1, 2, 3, 4, 5, 6]) }));
  const changed = (from: string, to: string) => {
    const text = honest.toString('latin1');
    expect(text).toContain(from);
    return Buffer.from(text.replace(from, to.padEnd(from.length).slice(0, Math.max(from.length, to.length))), 'latin1');
  };
  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['other bytes', Buffer.from('\x93NUMPX\x01\x00\x00\x00aaaa', 'latin1')],
    ['objects, which are code', changed("'<f4'", "'|O8'")],
    ['a structure', changed("'<f4'", "['a']")],
    ['texts', changed("'<f4'", "'<U4'")],
    ['another kind than the bytes', changed("'<f4'", "'<f8'")],
    ['a shape larger than the bytes', changed('(2, 3)', '(9, 9)')],
    ['a shape that is huge', changed('(2, 3), }             ', '(999999999999, 99999), }')],
    ['a negative dimension', changed('(2, 3)', '(-2, 3)')],
    ['no shape', changed("'shape'", "'shapo'")],
    ['a header longer than the file', Buffer.concat([honest.subarray(0, 8), Buffer.from([255, 255]), honest.subarray(10)])],
    ['a header of 4 GiB', Buffer.concat([honest.subarray(0, 6), Buffer.from([2, 0, 255, 255, 255, 255]), honest.subarray(12)])],
    ['a byte less', honest.subarray(0, -1)],
    ['a byte more', Buffer.concat([honest, Buffer.from([0])])],
  ])('%s: refused', (_, bytes) => {
    expect(() => readNpy('test', bytes)).toThrow(error('ERR_FILE'));
  });
});

it('what the archive of a .npz file names outside of it is not opened', async () => {
  const model = sequential([layers.dense({ units: 2, inputShape: [3] })]);
  const before = model.getWeights().map((w) => [...w.data]);
  const npy = Buffer.concat(writeNpy({ shape: [3, 2], data: new Float32Array(6) }));
  const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
  const folder = mkdtempSync(`${(await import('node:os')).tmpdir()}/gemmfit-npz-`);
  writeFileSync(`${folder}/w.npz`, rawZip([{ name: '../arr_0.npy', data: npy }]));
  await expect(model.loadWeights(`${folder}/w.npz`)).rejects.toEqual(error('ERR_FILE_REFUSED'));
  rmSync(folder, { recursive: true });
  expect(model.getWeights().map((w) => [...w.data])).toEqual(before);
});
