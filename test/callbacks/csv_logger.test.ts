import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Logs } from '../../lib/callbacks/callback.js';
import { CSVLogger } from '../../lib/callbacks/csv_logger.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gemmfit-csv-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function log(callback: CSVLogger, rows: readonly Logs[], from = 0): Promise<string> {
  await callback.onTrainBegin({});
  for (const [i, row] of rows.entries()) callback.onEpochEnd(from + i, row);
  await callback.onTrainEnd({});
  return readFile(callback.filename, 'utf8');
}

const path = (name: string) => join(folder, name);

test('bytes as Keras writes them: sorted keys, CRLF, all digits', async () => {
  const text = await log(new CSVLogger(path('a.csv')), [
    { loss: 0.30000001192092896, accuracy: 0.5, val_loss: 1, val_accuracy: 1e-5 },
    { loss: Number.NaN, accuracy: 0, val_loss: Number.POSITIVE_INFINITY, val_accuracy: 2e16, later: 3 },
  ]);
  expect(text).toBe(
    'epoch,accuracy,loss,val_accuracy,val_loss\r\n0,0.5,0.30000001192092896,1e-05,1.0\r\n1,0.0,nan,2e+16,inf\r\n',
  );
});

test('without validation in the first epoch there are columns for it, filled with NA', async () => {
  const text = await log(new CSVLogger({ filename: path('b.csv') }), [
    { loss: 2, lr: 0.1 },
    { loss: 1.5, lr: 0.1, val_loss: 3 },
  ]);
  expect(text).toBe('epoch,loss,lr,val_loss,val_lr\r\n0,2.0,0.1,NA,NA\r\n1,1.5,0.1,3.0,NA\r\n');
});

test('lists, quotes and other separators', async () => {
  const rows = [{ 'a;b': 1, f1: [0.25, 0.5], nd: { data: Float32Array.of(1, 2), shape: [2] }, note: 'say "hi"', val_x: null }];
  const text = await log(new CSVLogger(pathToFileURL(path('c.csv')), { separator: ';' }), rows);
  expect(text).toBe('epoch;"a;b";f1;nd;note;val_x\r\n0;1.0;"""[0.25, 0.5]""";"""[1.0, 2.0]""";"say ""hi""";\r\n');
});

test('append goes on without a second header, and starts with one in an empty or new file', async () => {
  const append = (name: string) => new CSVLogger({ filename: path(name), append: true });
  expect(await log(append('d.csv'), [{ val_loss: 1 }])).toBe('epoch,val_loss\r\n0,1.0\r\n');
  expect(await log(append('d.csv'), [{ val_loss: 2 }], 1)).toBe('epoch,val_loss\r\n0,1.0\r\n1,2.0\r\n');
  await writeFile(path('e.csv'), '');
  expect(await log(append('e.csv'), [{ val_loss: 1 }])).toBe('epoch,val_loss\r\n0,1.0\r\n');
});

test('a logger used again starts the file anew', async () => {
  const logger = new CSVLogger(path('f.csv'));
  await log(logger, [{ loss: 1 }]);
  expect(await log(logger, [{ mae: 2, val_mae: 3 }])).toBe('epoch,mae,val_mae\r\n0,2.0,3.0\r\n');
  expect(await log(logger, [])).toBe('');
});

test('ten thousand epochs at once lose nothing and keep their order', async () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => ({ val_loss: i + 0.5 }));
  const lines = (await log(new CSVLogger(path('g.csv')), rows)).split('\r\n');
  expect(lines).toHaveLength(10_002);
  expect(lines.slice(1, -1).every((line, i) => line === `${i},${i}.5`)).toBe(true);
});

test('a file that cannot be written is an error before training', async () => {
  const nowhere = new CSVLogger(path('no/such/folder.csv'));
  await expect(nowhere.onTrainBegin({})).rejects.toThrow(
    expect.objectContaining({ name: 'RuntimeError', code: 'ERR_FILE', message: expect.stringContaining('ENOENT') }),
  );
});

test.runIf(process.platform === 'linux')('a disk that is full is an error of the next hook', async () => {
  const full = new CSVLogger('/dev/full');
  await full.onTrainBegin({});
  full.onEpochEnd(0, { loss: 1 });
  await expect(full.onTrainEnd({})).rejects.toThrow(/ENOSPC/);
  expect(() => full.onEpochEnd(1, { loss: 1 })).toThrow(/ENOSPC/);
});

test.each([
  [[], 'TypeError'],
  [[''], 'TypeError'],
  [[{ separator: ';' }], 'TypeError'],
  [['x.csv', { separator: ';;' }], 'ValueError'],
  [['x.csv', { separator: '\n' }], 'ValueError'],
  [['x.csv', { separator: 1 }], 'TypeError'],
  [['x.csv', { append: 'yes' }], 'TypeError'],
  [['x.csv', { seperator: ';' }], 'TypeError'],
  [[{ filename: 'x.csv' }, { append: true }], 'TypeError'],
])('%j is refused', (args, name) => {
  expect(() => new CSVLogger(...(args as [never]))).toThrow(expect.objectContaining({ name }));
});
