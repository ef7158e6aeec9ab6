// The tarball installed by each package manager: no network, no scripts, empty caches.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/shell.mjs';
import { overridesFor, packDependencies } from './dependencies.mjs';
import { example, wrongOutput } from './example.mjs';
import { node, npmCli, npmFolder } from './programs.mjs';
import { check, fail, figures } from './report.mjs';

const tool = (path) => join(root, 'node_modules', path);
const versionIn = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;

const yarnSettings = (cache) => `enableNetwork: false
enableScripts: false
enableTelemetry: false
enableGlobalCache: false
pnpEnableEsmLoader: true
globalFolder: ${JSON.stringify(cache)}
`;
const managers = [
  {
    name: 'npm',
    folder: npmFolder,
    install: (cache) => [npmCli, 'install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', `--cache=${cache}`],
  },
  {
    name: 'pnpm',
    folder: tool('pnpm'),
    install: (cache) => [tool('pnpm/bin/pnpm.cjs'), 'install', '--offline', '--ignore-scripts', `--store-dir=${cache}`],
  },
  {
    name: 'yarn 1',
    folder: tool('yarn'),
    install: (cache) => [tool('yarn/bin/yarn.js'), 'install', '--offline', '--ignore-scripts', `--cache-folder=${cache}`],
  },
  {
    name: "yarn 4 (Plug'n'Play)",
    folder: tool('@yarnpkg/cli-dist'),
    settings: (cache) => ({ '.yarnrc.yml': yarnSettings(cache), 'yarn.lock': '' }),
    install: () => [tool('@yarnpkg/cli-dist/bin/yarn.js'), 'install'],
    // Its packages are files of a zip archive, but for those with binaries.
    run: [tool('@yarnpkg/cli-dist/bin/yarn.js'), 'node'],
  },
];

/** A new project that depends on the tarball, and takes the package's dependencies from files. */
export function project(folder, tarball, dependencies, files = {}) {
  mkdirSync(folder, { recursive: true });
  const manifest = {
    name: 'consumer',
    version: '1.0.0',
    private: true,
    dependencies: { gemmfit: `file:${tarball}` },
    ...overridesFor(dependencies),
  };
  const all = { 'package.json': JSON.stringify(manifest), ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Folder of the project that a manager installed into. */
export const projectOf = (work, name) => join(work, name.replace(/\W+/g, '-'), 'project');

export async function installEverywhere(work, tarball) {
  figures.installs = {};
  const dependencies = packDependencies(join(work, 'dependencies'));
  for (const { name, folder, settings, install, run = [] } of managers) {
    const home = join(work, name.replace(/\W+/g, '-'));
    const cache = join(home, 'cache');
    const options = {
      cwd: project(projectOf(work, name), tarball, dependencies, { 'example.mjs': example().mjs, ...settings?.(cache) }),
      env: { HOME: home, XDG_CACHE_HOME: cache, XDG_DATA_HOME: cache, XDG_STATE_HOME: cache, XDG_CONFIG_HOME: cache, CI: '' },
    };
    const version = versionIn(folder);
    await check(`${name} installs it (${version})`, () => {
      const start = performance.now();
      node(install(cache), options);
      figures.installs[name] = { version, milliseconds: performance.now() - start };
    });
    await check(`the README's example trains as ${name} installed it`, () => {
      const wrong = wrongOutput(node([...run, 'example.mjs'], options));
      if (wrong) fail(wrong);
    });
  }
}
