// Stamps under build/stamps tell what a product was made from, so that a run with nothing to do costs nothing.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './shell.mjs';

const stampPath = (name) => join(root, 'build/stamps', name);

/** Names, sizes and times of the files below these paths, as one hash. */
export function fingerprint(paths, extra = '') {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${extra}`);
  const visit = (path) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (!stat) hash.update(`${path} absent\n`);
    else if (stat.isDirectory()) for (const name of readdirSync(join(root, path)).sort()) visit(`${path}/${name}`);
    else hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
  };
  paths.forEach(visit);
  return hash.digest('hex');
}

/** Whether `product` exists and was made from what `print` describes. */
export const isFresh = (name, product, print) =>
  existsSync(join(root, product)) && existsSync(stampPath(name)) && readFileSync(stampPath(name), 'utf8') === print;

/** Runs `make` with the stamp taken away before and set after, so that a build that was cut off is done again. */
export function stamped(name, print, make) {
  rmSync(stampPath(name), { force: true });
  make();
  mkdirSync(join(root, 'build/stamps'), { recursive: true });
  writeFileSync(stampPath(name), print);
}
