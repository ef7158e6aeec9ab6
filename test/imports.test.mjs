import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrowsUp, circles, importsOf } from '../scripts/lib/imports.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('the rules of imports', () => {
  let folder;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'gemmfit-imports-'));
    const write = (name, text) => {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    };
    write('top.ts', "import { a } from './low/a.js';\nimport 'node:fs';\nexport const top = a;\n");
    write('low/a.ts', "import type { B } from './b.js';\nexport const a = 1 as unknown as B;\n");
    write('low/b.ts', "export { c as B } from './c.mjs';\n");
    write('low/c.mts', "export type c = typeof import('./a.js');\n");
    write('low/up.ts', "import type { top } from '../top.js';\nexport type Up = typeof top;\n");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('see imports of types, what is passed on, and types in the middle of a file', () => {
    expect(Object.fromEntries(importsOf(folder))).toEqual({
      'top.ts': ['low/a.ts'],
      'low/a.ts': ['low/b.ts'],
      'low/b.ts': ['low/c.mts'],
      'low/c.mts': ['low/a.ts'],
      'low/up.ts': ['top.ts'],
    });
  });

  it('name a circle, an arrow that goes up, and a file without a room', () => {
    const imports = importsOf(folder);
    const found = circles(imports);
    expect(found).toHaveLength(1);
    for (const name of ['low/a.ts', 'low/b.ts', 'low/c.mts']) expect(found[0]).toContain(name);
    expect(arrowsUp(imports, [['top.ts'], ['low/']])).toEqual(['low/up.ts imports top.ts, which stands above it']);
    expect(arrowsUp(imports, [['low/']])[0]).toMatch(/^top\.ts has no room/);
  });

  it('hold in lib/', () => {
    const imports = importsOf(join(root, 'lib'));
    expect(imports.size).toBeGreaterThan(200);
    expect([...circles(imports), ...arrowsUp(imports)]).toEqual([]);
  });
});

it('each module of lib/ can be the first that is imported', () => {
  const folder = join(root, 'build/modules');
  rmSync(folder, { recursive: true, force: true });
  const entryPoints = readdirSync(join(root, 'lib'), { recursive: true })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => join(root, 'lib', file));
  createRequire(join(root, 'package.json'))('esbuild').buildSync({
    entryPoints,
    outdir: join(folder, 'lib'),
    outbase: join(root, 'lib'),
    format: 'cjs',
    platform: 'node',
    target: 'node20',
  });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  // One process for all: what a module has brought into the cache is taken out again before the next.
  const script = `
    const { readdirSync } = require('node:fs');
    const { join } = require('node:path');
    const lib = join(process.argv[1], 'lib');
    const failed = [];
    let count = 0;
    for (const file of readdirSync(lib, { recursive: true }).filter((file) => file.endsWith('.js'))) {
      for (const path of Object.keys(require.cache)) if (path.startsWith(lib)) delete require.cache[path];
      count++;
      try {
        require(join(lib, file));
      } catch (error) {
        failed.push(file + ': ' + error.message);
      }
    }
    console.log(JSON.stringify({ count, failed }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script, folder], {
    encoding: 'utf8',
    env: { ...process.env, GEMMFIT_ADDON_PATH: join(root, 'build/Release/gemmfit.node') },
  });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({ count: entryPoints.length, failed: [] });
});
