// No order of imports throws: each file of a family of parts may be the first that is loaded.
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test, vi } from 'vitest';

const lib = resolve(import.meta.dirname, '../../lib');
const families = readdirSync(lib, { withFileTypes: true })
  // What helps to evaluate is made of parts and is none.
  .filter((entry) => entry.isDirectory() && entry.name !== 'evaluation' && readdirSync(join(lib, entry.name)).includes('all.ts'))
  .map((entry) => entry.name);
const files = [
  ...families.flatMap((family) => readdirSync(join(lib, family)).map((file) => `${family}/${file}`)),
  ...readdirSync(lib),
].filter((file) => file.endsWith('.ts'));

test('there are ten families', () => {
  expect(families).toHaveLength(10);
  expect(files.length).toBeGreaterThan(100);
});

test.each(files)('%s', async (file) => {
  vi.resetModules();
  await import(join(lib, file));
});
