// The package's dependencies as files, as they lie in node_modules: installations without a network take them from there.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/shell.mjs';
import { node, npmCli } from './programs.mjs';

const manifestOf = (name) => JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'));

function all(names, found = new Set()) {
  for (const name of names) {
    if (found.has(name)) continue;
    found.add(name);
    all(Object.keys(manifestOf(name).dependencies ?? {}), found);
  }
  return [...found];
}

/** Packs each of them into `folder`; the files by name. */
export function packDependencies(folder) {
  mkdirSync(folder, { recursive: true });
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return all(Object.keys(dependencies)).map((name) => {
    const printed = node(
      [npmCli, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder, join(root, 'node_modules', name)],
      { cwd: root },
    );
    const [{ filename }] = Object.values(JSON.parse(printed));
    return { name, file: join(folder, filename) };
  });
}

/** What a project's manifest says so that every package manager takes these files. */
export function overridesFor(dependencies) {
  const files = Object.fromEntries(dependencies.map(({ name, file }) => [name, `file:${file}`]));
  return { overrides: files, resolutions: files, pnpm: { overrides: files } };
}
