// HDF5 files that lead elsewhere, say that they hold more than they do, or hold what is no weight: refused, and the model is as it was.
// make_hostile.py makes them: only h5py writes such files.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { layers } from '../../lib/layers/index.js';
import { loadModel } from '../../lib/load_model.js';
import { readHdf5 } from '../../lib/saving/hdf5/hdf5.js';
import { readLimits } from '../../lib/saving/limits.js';
import { sequential } from '../../lib/sequential.js';
import { archiveOf } from './support.js';

const folder = join(__dirname, 'hostile');
const small = () => sequential([layers.dense({ units: 2, inputShape: [3], name: 'dense' })]);
const bytesOf = (name: string) => readFileSync(join(folder, `${name}.weights.h5`));

const reasons: Record<string, RegExp> = {
  chunk_bomb: /chunks of shape \[16384,32768\]/,
  compound: /neither numbers nor texts/,
  compressed_bomb: /more than the \d+ bytes/,
  cycle: /under another name/,
  deep: /deeper than 64/,
  enumeration: /neither numbers nor texts/,
  external_link: /is a link/,
  external_link_group: /is a link/,
  external_storage: /in another file, '.*passwd'/,
  external_storage_device: /in another file, '.*random'/,
  external_storage_itself: /in another file, '.*file.h5'/,
  external_storage_stdin: /in another file, '.*stdin'/,
  named_type: /neither a group nor a dataset/,
  one_text_often: /neither numbers nor texts/,
  opaque: /neither numbers nor texts/,
  ragged: /neither numbers nor texts/,
  references: /neither numbers nor texts/,
  shape_bomb: /more than the \d+ bytes/,
  shape_bomb_contiguous: /more than the \d+ bytes/,
  shape_bomb_overflow: /more than the \d+ bytes/,
  soft_link: /is a link/,
  soft_link_loop: /is a link/,
  texts: /neither numbers nor texts/,
  two_names: /under another name/,
  virtual: /virtual dataset/,
  virtual_own: /virtual dataset/,
};

it('every file has its test', () => {
  const files = readdirSync(folder).map((f) => f.replace('.weights.h5', ''));
  expect(files.sort()).toEqual([...Object.keys(reasons), 'many', 'proto'].sort());
});

describe.each(Object.entries(reasons))('%s', (name, reason) => {
  it('loadWeights refuses it, and the model keeps its weights', async () => {
    const model = small();
    const before = model.getWeights().map((w) => [...w.data]);
    const refused = await model.loadWeights(join(folder, `${name}.weights.h5`)).catch((e) => e);
    expect(refused).toMatchObject({ name: 'ValueError', code: 'ERR_FILE_REFUSED', message: expect.stringMatching(reason) });
    expect(model.getWeights().map((w) => [...w.data])).toEqual(before);
  });
});

it.each(['external_link', 'external_storage', 'shape_bomb', 'compressed_bomb'])(
  'inside a .keras archive %s is refused too',
  async (name) => {
    const members = { 'config.json': JSON.stringify(small()), 'model.weights.h5': new Uint8Array(bytesOf(name)) };
    const bytes = await archiveOf(members);
    await expect(loadModel(bytes)).rejects.toMatchObject({
      code: 'ERR_FILE_REFUSED',
      message: expect.stringMatching(reasons[name]),
    });
  },
);

it('limits of the caller hold', async () => {
  const file = join(folder, 'many.weights.h5');
  await small().loadWeights(file);
  await expect(small().loadWeights(file, { limits: { objects: 50 } })).rejects.toMatchObject({ code: 'ERR_FILE_REFUSED' });
  await expect(small().loadWeights(file, { limits: { depth: 2 } })).rejects.toMatchObject({ code: 'ERR_FILE_REFUSED' });
  await expect(small().loadWeights(file, { limits: { bytes: 1000 } })).rejects.toMatchObject({ code: 'ERR_FILE_REFUSED' });
});

it('names such as __proto__ are names', async () => {
  await small().loadWeights(join(folder, 'proto.weights.h5'));
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

describe('a library that would turn for ever', () => {
  it('a heap of texts whose objects do not lie in it is damaged: the library would keep 32 bits of their sizes', async () => {
    const bytes = Buffer.from(await small().toBuffer('h5'));
    expect((await loadModel(bytes)).layers.length).toBe(1);
    const heap = bytes.indexOf('GCOL');
    for (const size of [2n ** 64n - 16n, 42n * 2n ** 32n, 1n << 20n]) {
      const changed = Buffer.from(bytes);
      changed.writeBigUInt64LE(size, heap + 24);
      await expect(loadModel(changed)).rejects.toMatchObject({ code: 'ERR_FILE', message: expect.stringContaining('heap') });
    }
  });

  it('is ended after limits.seconds', async () => {
    const { EventEmitter } = await import('node:events');
    let ended = 0;
    class Silent extends EventEmitter {
      postMessage() {}
      async terminate() {
        ended++;
      }
    }
    vi.doMock('node:worker_threads', () => ({ Worker: Silent }));
    await expect(readHdf5('test', new Uint8Array(8), { ...readLimits('test', {}), seconds: 1 }, false)).rejects.toMatchObject({
      code: 'ERR_FILE_REFUSED',
      message: expect.stringContaining('1 seconds'),
    });
    expect(ended).toBe(1);
    vi.doUnmock('node:worker_threads');
  });
});
