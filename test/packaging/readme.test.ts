import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { layers } from '../../lib/index.js';

const readme = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');

// The table of what is there must not lie: no layer too many, none left out.
it('the README names exactly the layers there are', () => {
  const cell = /^\| Layers \| (.*) \|$/m.exec(readme)?.[1] ?? '';
  const named = cell.split(/[,;] /).flatMap((name) => {
    const range = /^(.*)1D-3D$/.exec(name);
    return range ? ['1D', '2D', '3D'].map((d) => range[1] + d) : [name];
  });
  const known = Object.values(layers).flatMap((l) => ('className' in l ? [l.className as string] : []));
  expect(named.sort()).toEqual([...new Set(known)].sort());
});
