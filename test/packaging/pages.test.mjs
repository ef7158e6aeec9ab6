import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { figures, sections, withLines } from '../../bench/lib/pages.mjs';
import * as gemmfit from '../../lib/index.js';
import { accepts, layerClasses, readComments, tryLayer } from '../../scripts/lib/layer_table.mjs';
import { isWritten, withSection } from '../../scripts/lib/sections.mjs';

const root = resolve(import.meta.dirname, '../..');

describe('the table of layers', () => {
  // From the built package, so that each of its layers is made, run and trained once.
  test('docs/layers.md has the one that there is', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/layer_page.mjs'), '--check'], {
      encoding: 'utf8',
    });
    expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: 'layers: right\n' });
  });

  const comments = readComments();
  // A cell is no layer of a stack, and a feature space takes tables.
  const classes = layerClasses(gemmfit).filter(({ className }) => !/Cells?$|^FeatureSpace$/.test(className));
  test.each(classes.map((c) => [c.className, c]))(
    '%s takes what its comment says, and no other rank',
    (className, layerClass) => {
      const comment = comments.get(className);
      const { make, shapes } = tryLayer(gemmfit, layerClass, comment);
      const taken = shapes.filter((shape) => accepts(make(), shape));
      expect(taken).not.toEqual([]);
      if (!comment.input || comment.input.includes('...')) return;
      const [{ length }] = shapes;
      const others = [1, 2, 3, 4, 5].filter((rank) => rank !== length);
      expect(others.filter((rank) => accepts(make(), Array(rank).fill(24)))).toEqual([]);
    },
  );
});

describe('figures', () => {
  // The newest file that has all of them: one of a few workloads is no page.
  const folder = 'bench/results';
  const read = (name) => JSON.parse(readFileSync(join(root, folder, name), 'utf8'));
  const named = readdirSync(join(root, folder)).filter((name) => /^\d{4}-\d\d-\d\d\.json$/.test(name));
  const newest = named.sort().findLast((name) => read(name).serving);

  test('README and docs/benchmarks.md have those of the newest results', () => {
    const made = sections(read(newest), `${folder}/${newest}`);
    expect(made.map(({ page }) => page)).toEqual(['README.md', 'docs/benchmarks.md']);
    for (const section of made) expect(isWritten(section.page, withLines(section)), section.page).toBe(true);
  });

  test('of results without them there are none', () => {
    const results = read(newest);
    expect(() => figures({ ...results, serving: [] })).toThrow('there is no measurement');
    const failed = { ...results.workloads.W2b128, results: [{ system: 'gemmfit', failed: 'it was stopped' }] };
    expect(() => figures({ ...results, workloads: { ...results.workloads, W2b128: failed } })).toThrow('gemmfit has no time');
  });
});

describe('sections', () => {
  const page = 'a\n<!-- x: begin (node old) -->\nold\n<!-- x: end -->\nb\n';

  test('what stands between the marks is replaced, and the command', () => {
    const after = 'a\n<!-- x: begin (node new) -->\nnew\nlines\n<!-- x: end -->\nb\n';
    expect(withSection(page, { name: 'x', command: 'node new', body: 'new\nlines' })).toBe(after);
    expect(withSection(page, { name: 'x', command: 'node old', body: 'old' })).toBe(page);
  });

  test('a page without the marks is refused', () => {
    expect(() => withSection(page, { name: 'y', command: 'node y', body: '' })).toThrow("the section 'y'");
    const cut = page.replace('x: end', '');
    expect(() => withSection(cut, { name: 'x', command: 'node x', body: '' })).toThrow("the section 'x'");
  });
});
