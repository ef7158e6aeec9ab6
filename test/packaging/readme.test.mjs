import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as gemmfit from '../../lib/index.js';
import { withSection } from '../../scripts/lib/readme.mjs';
import { accepts, layerClasses, readComments, tryLayer } from '../../scripts/readme/layer_table.mjs';

const root = resolve(import.meta.dirname, '../..');

describe('the table of layers', () => {
  // From the built package, so that each of its layers is made, run and trained once.
  test('the README has the one that there is', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/readme.mjs'), '--check'], {
      encoding: 'utf8',
    });
    expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: 'readme: right\n' });
  });

  const comments = readComments();
  const classes = layerClasses(gemmfit).filter(({ className }) => !/Cells?$/.test(className));
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

describe('sections', () => {
  const page = 'a\n<!-- x: begin (node old) -->\nold\n<!-- x: end -->\nb\n';

  test('what stands between the marks is replaced, and the command', () => {
    const after = 'a\n<!-- x: begin (node new) -->\nnew\nlines\n<!-- x: end -->\nb\n';
    expect(withSection(page, 'x', 'node new', 'new\nlines')).toBe(after);
    expect(withSection(page, 'x', 'node old', 'old')).toBe(page);
  });

  test('a page without the marks is refused', () => {
    expect(() => withSection(page, 'y', 'node y', '')).toThrow("the section 'y'");
    expect(() => withSection(page.replace('x: end', ''), 'x', 'node x', '')).toThrow("the section 'x'");
  });
});
