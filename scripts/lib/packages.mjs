// npm packages: installed when node_modules is not what package-lock.json says.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, windows } from './shell.mjs';

const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;

/** Whether node_modules holds the packages of package-lock.json, by the record that npm itself leaves there. */
export function packagesCurrent() {
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) return false;
  const wanted = read('package-lock.json');
  const present = read('node_modules/.package-lock.json');
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const have = present[path];
    if (!have) return optional === true;
    return have.version === version && have.integrity === integrity && existsSync(join(root, path));
  });
}

export function installPackages() {
  // A user's settings may leave out development or optional packages; the compiler and biome's binary are such.
  npm(['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Runs npm: the one that runs this script, where npm does. */
export function npm(args, options = {}) {
  const cli = process.env.npm_execpath;
  if (cli && /npm-cli\.c?js$/.test(cli)) run(process.execPath, [cli, ...args], { quiet: true, ...options });
  else run('npm', args, { quiet: true, shell: windows, ...options });
}
