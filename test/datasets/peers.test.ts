// Images that Pillow saved and Arrow files of pyarrow, read by libraries that users install.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NDArray } from '../../lib/data/ndarray.js';
import { data } from '../../lib/index.js';
import { expected, failure, fixture } from './support.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemmfit-peers-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('images', () => {
  const root = fixture('images');
  const names = ['a/alpha.png', 'a/deep/photo.jpg', 'b/grey.png', 'b/palette.gif', 'b/rgb.png', 'c/turned.jpg'];
  const imageSize = [4, 6] as const;

  it('are those of Pillow, in the order of their folders and names', async () => {
    const dataset = data.images(root, { imageSize });
    expect(dataset.classNames).toEqual(['a', 'b', 'c']);
    expect(dataset.length).toBe(6);
    const all = await dataset.toArray();
    expect(all.map(([, label]) => label)).toEqual([0, 0, 1, 1, 1, 2]);
    for (const [i, name] of names.entries()) {
      const [image] = all[i];
      expect(image.shape).toEqual([4, 6, 3]);
      expect(image.dtype).toBe('uint8');
      // Which way up it was held is noted in the last one.
      if (name === 'c/turned.jpg') continue;
      const wanted = expected.images[name] as number[];
      const most = name.endsWith('.jpg') ? 3 : 0;
      for (const [k, value] of wanted.entries())
        expect(Math.abs(image.data[k] - value), `${name} ${k}`).toBeLessThanOrEqual(most);
    }
  });

  it('have the channels that are asked for, and batches', async () => {
    const [[grey]] = await data
      .images(root, { imageSize, colorMode: 'grayscale', classNames: ['b'] })
      .take(1)
      .toArray();
    expect(grey.shape).toEqual([4, 6, 1]);
    expect(Array.from(grey.data)).toEqual((expected.images['b/grey.png'] as number[]).filter((_, i) => i % 3 === 0));
    const [[alpha]] = await data.images(root, { imageSize, colorMode: 'rgba' }).take(1).toArray();
    expect(alpha.at(0, 0, 3)).toBe(200);
    const [[x, y]] = await data
      .images(root, { imageSize: [5, 5] })
      .batch(6)
      .toArray();
    expect([x.shape, y.shape]).toEqual([[6, 5, 5, 3], [6]]);
    const alone = await data.images(root, { imageSize, labels: null }).toArray();
    expect(alone.length).toBe(6);
    expect((alone[0] as NDArray<Uint8Array>).shape).toEqual([4, 6, 3]);
  });

  it('are turned as they were meant to be seen, cropped and filled up', async () => {
    const turned = async (options: object) => {
      const [[image]] = await data.images(root, { classNames: ['c'], ...options }).toArray();
      return image;
    };
    // Red on the left becomes red above.
    const image = await turned({ imageSize: [6, 4] });
    expect(image.at(0, 2, 0)).toBeGreaterThan(200);
    expect(image.at(5, 2, 2)).toBeGreaterThan(200);
    const padded = await turned({ imageSize: [6, 10], padToAspectRatio: true });
    expect([padded.at(0, 0, 0), padded.at(0, 9, 2)]).toEqual([0, 0]);
    const cropped = await turned({ imageSize: [2, 4], cropToAspectRatio: true });
    expect(cropped.at(0, 0, 0)).toBeGreaterThan(cropped.at(1, 0, 0));
  });

  it('keep their order, however many are decoded at once; a state leads back to them', async () => {
    const pets = (numParallelCalls: number) => data.images(fixture('pets'), { imageSize: [8, 8], numParallelCalls });
    const bytes = async (dataset: AsyncIterable<[NDArray<Uint8Array>, number]>) => {
      const out: string[] = [];
      for await (const [image, label] of dataset) out.push(`${label} ${Buffer.from(image.data).toString('base64')}`);
      return out;
    };
    const one = await bytes(pets(1));
    expect(await bytes(pets(8))).toEqual(one);
    const shuffled = () => pets(3).shuffle(16, 1).repeat(2);
    const all = await bytes(shuffled());
    expect(all.slice(0, 16)).not.toEqual(all.slice(16));
    expect([...all.slice(0, 16)].sort()).toEqual([...one].sort());
    const later = shuffled();
    later.setState({ pass: 0, given: 21, seeds: [1] });
    expect(await bytes(later)).toEqual(all.slice(21));
  });

  it('are loaded for the part of a split that has them', async () => {
    const { train, validation } = data
      .images(fixture('pets'), { imageSize: [8, 8] })
      .split({ validation: 0.25, by: 'stratified', seed: 3 });
    const labels = async (part: typeof train) => (await part.toArray()).map(([, label]) => label);
    expect((await labels(validation)).length + (await labels(train)).length).toBe(16);
    expect((await labels(validation)).filter((label) => label === 0).length).toBe(2);
    // One that cannot be read is in one part only.
    const broken = join(folder, 'broken');
    for (let i = 0; i < 8; i++) {
      mkdirSync(join(broken, 'a'), { recursive: true });
      writeFileSync(join(broken, 'a', `${i}.png`), 'no image');
    }
    const parts = data.images(broken).split({ validation: 0.5, by: 'last' });
    const error = await failure(() => parts.validation.toArray());
    expect(error).toMatchObject({ code: 'ERR_FILE' });
    expect(error.message).toContain(join('a', '4.png'));
  });

  it.each([
    [() => data.images('none'), 'ERR_NO_FILE'],
    [() => data.images(fixture('flowers.csv')), 'ERR_FILE'],
    [() => data.images(root, { classNames: ['d'] }), 'ERR_UNKNOWN_NAME'],
    [() => data.images(join(root, 'b')), 'ERR_EMPTY'],
    [() => data.images(root, { imageSize: [0, 3] }), 'ERR_OUT_OF_RANGE'],
    [() => data.images(root, { colorMode: 'hsv' as 'rgb' }), 'ERR_OUT_OF_RANGE'],
    [() => data.images(root, { cropToAspectRatio: true, padToAspectRatio: true }), 'ERR_OUT_OF_RANGE'],
  ])('%s', async (run, code) => expect(await failure(run)).toMatchObject({ code }));
});

describe('Arrow', () => {
  const { flowers } = expected;
  it.each(['flowers.arrow', 'flowers_stream.arrow'])('%s', async (name) => {
    const table = data.arrow(fixture(name));
    expect(await table.columns()).toMatchObject({
      length: 'float32',
      count: 'float64',
      wild: 'bool',
      city: 'string',
      petals: 'array',
    });
    const [all] = (await table.batch(1000).toArray()) as unknown as Record<string, NDArray | string[]>[];
    for (const column of Object.keys(flowers)) {
      const values = all[column];
      const isFloat = ['length', 'width'].includes(column);
      const wanted = flowers[column].map((v: unknown) =>
        typeof v === 'string' ? v : isFloat ? Math.fround(Number(v)) : Number(v),
      );
      expect(Array.isArray(values) ? values : Array.from(values.data, Number), column).toEqual(wanted);
    }
    expect(Array.from((all.petals as NDArray).data)).toEqual(expected.petals.flat());
  });

  it.each([
    [() => data.arrow('none.arrow').toArray(), 'ERR_NO_FILE'],
    [() => data.arrow(fixture('flowers.csv')).toArray(), 'ERR_FILE'],
    [() => data.arrow(fixture('flowers.arrow'), { label: 'x' }).toArray(), 'ERR_UNKNOWN_NAME'],
  ])('%s', async (run, code) => expect(await failure(run)).toMatchObject({ code }));
});
