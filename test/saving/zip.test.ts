import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, fromBuffer, fromRandomAccessReader, RandomAccessReader } from 'yauzl';
import { crc32 } from '../../lib/crc32.js';
import { readLimits } from '../../lib/saving/limits.js';
import { readZip } from '../../lib/saving/zip.js';
import { writeZip } from '../../lib/saving/zip_writer.js';
import { rawZip } from './raw_zip.js';
import { temporaryFolder } from './support.js';

const folder = temporaryFolder();
const numRuns = Number(process.env.GEMMFIT_FUZZ ?? 0) || 300;
const limits = readLimits('test', {});
const name = fc.stringMatching(/^[a-z0-9_é水]{1,12}(\/[a-z]{1,5}){0,2}$/);
const members = fc
  .uniqueArray(fc.record({ name, pieces: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 3 }) }), {
    selector: (m) => m.name,
    maxLength: 6,
  })
  .map((list) => new Map(list.map((m) => [m.name, { pieces: m.pieces }])));

describe('an archive that is written', () => {
  it('is read, at any place of memory, and contents lie at multiples of 64', async () => {
    await fc.assert(
      fc.asyncProperty(members, fc.nat(9), fc.boolean(), async (given, shift, own) => {
        const bytes = new Uint8Array(Buffer.concat([Buffer.alloc(shift), ...(await writeZip(given))])).subarray(shift);
        const kept = Buffer.from(bytes);
        const read = await readZip('test', bytes, limits, own);
        expect([...read.keys()]).toEqual([...given.keys()]);
        for (const [key, { pieces }] of given) {
          const contents = read.get(key) as Uint8Array;
          expect(Buffer.compare(contents, Buffer.concat(pieces))).toBe(0);
          // In place, where numbers can be read; an archive of somebody else's is as it was.
          if (own) expect(contents.byteOffset % 8).toBe(0);
          else if (contents.length) expect((contents.byteOffset - shift) % 64).toBe(0);
        }
        if (!own) expect(Buffer.compare(kept, bytes)).toBe(0);
      }),
      { numRuns, seed: 1 },
    );
  });
  it('is what Python reads, with names in UTF-8', async () => {
    const path = join(folder, 'a.zip');
    const contents = new Map([
      ['config.json', { pieces: [Buffer.from('{"a"'), Buffer.from(':1}')] }],
      ['größe/水.npy', { pieces: [new Uint8Array(1000).fill(7)] }],
      ['empty', { pieces: [] }],
    ]);
    writeFileSync(path, Buffer.concat(await writeZip(contents)));
    const program = `import zipfile, json, sys
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(json.dumps([[i.filename, i.file_size, i.external_attr >> 16, i.date_time[0]] for i in z.infolist()]))`;
    const python = spawnSync('python3', ['-c', program, path], { encoding: 'utf8' });
    if (python.error) return; // No Python here.
    expect(python.stderr).toBe('');
    const year = new Date().getFullYear();
    expect(JSON.parse(python.stdout)).toEqual([
      ['config.json', 7, 0o100644, year],
      ['größe/水.npy', 1000, 0o100644, year],
      ['empty', 0, 0o100644, year],
    ]);
  });

  it('may have members of more than 4 GiB, and places beyond', async () => {
    // Nobody reads their bytes, so none are there.
    const large = { byteLength: 5 * 2 ** 30 } as Uint8Array;
    const last = Buffer.from('behind them');
    const pieces = await writeZip(
      new Map([
        ['large', { pieces: [large], crc: 1 }],
        ['last', { pieces: [last] }],
      ]),
    );
    const at: [number, Uint8Array][] = [];
    let size = 0;
    for (const piece of pieces) {
      at.push([size, piece]);
      size += piece.byteLength;
    }
    class Sparse extends RandomAccessReader {
      override read(buffer: Buffer, offset: number, length: number, position: number, done: (error: Error | null) => void) {
        buffer.fill(0, offset, offset + length);
        for (const [start, piece] of at)
          for (let i = Math.max(start, position); piece !== large && i < Math.min(start + piece.length, position + length); i++)
            buffer[offset + i - position] = piece[i - start];
        done(null);
      }
    }
    const seen = await new Promise<[string, number, number][]>((resolve, reject) => {
      fromRandomAccessReader(new Sparse(), size, { lazyEntries: true }, async (error, zip) => {
        if (error) return reject(error);
        const out: [string, number, number][] = [];
        zip.on('error', reject).on('end', () => resolve(out));
        zip.on('entry', async (entry: Entry) => {
          const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
          out.push([entry.fileName, entry.uncompressedSize, fileDataStart % 64]);
          if (entry.fileName === 'last') expect(entry.crc32).toBe(crc32(last));
          zip.readEntry();
        });
        zip.readEntry();
      });
    });
    expect(seen).toEqual([
      ['large', large.byteLength, 0],
      ['last', last.length, 0],
    ]);
  });
  it('is one without members, too', async () => {
    const bytes = Buffer.concat(await writeZip(new Map()));
    const count = await new Promise((resolve, reject) =>
      fromBuffer(bytes, { lazyEntries: true }, (error, zip) => (error ? reject(error) : resolve(zip.entryCount))),
    );
    expect(count).toBe(0);
  });
});

describe('an archive that is changed, cut or put together at random', () => {
  const change = fc.record({ at: fc.nat(2000), bytes: fc.uint8Array({ maxLength: 8 }), cut: fc.nat(8) });
  it.each([true, false])('is read, or an error with a code (own memory: %s)', async (own) => {
    await fc.assert(
      fc.asyncProperty(members, fc.array(change, { maxLength: 4 }), fc.boolean(), async (given, changes, packed) => {
        let bytes: Uint8Array = packed
          ? rawZip([...given].map(([key, { pieces }]) => ({ name: key, data: Buffer.concat(pieces), deflate: true })))
          : Buffer.concat(await writeZip(given));
        for (const { at, bytes: put, cut } of changes) {
          const place = at % (bytes.length + 1);
          bytes = Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + cut)]);
        }
        try {
          await readZip('test', new Uint8Array(bytes), limits, own);
        } catch (error) {
          expect(error).toMatchObject({ name: 'ValueError', code: expect.stringMatching(/^ERR_FILE/) });
        }
      }),
      { numRuns: 3 * numRuns, seed: 1 },
    );
  });
});
