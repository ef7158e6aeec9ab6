// What compiles the addon besides the system's tools: cmake-js and the headers of Node-API.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from './packages.mjs';
import { root } from './shell.mjs';

const names = ['cmake-js', 'node-addon-api', 'node-api-headers'];

/** Whether this is a clone of the repository: an installed package has no lib/, no tests and no packages for development. */
export const isClone = existsSync(join(root, 'lib'));

/** The folder whose node_modules has them: this one in a clone. For an installed package they are installed into build/tools. */
export function nativeTools() {
  if (isClone) return root;
  const folder = join(root, 'build/tools');
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const versionOf = (name) => {
    const path = join(folder, 'node_modules', name, 'package.json');
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).version : undefined;
  };
  if (names.some((name) => versionOf(name) !== devDependencies[name])) {
    mkdirSync(folder, { recursive: true });
    const dependencies = Object.fromEntries(names.map((name) => [name, devDependencies[name]]));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
    npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'], { cwd: folder });
  }
  return folder;
}
