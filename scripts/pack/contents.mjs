// What the package must hold, and may not. Pure functions of a file list and a manifest, so that tests can give them wrong ones.

import { posix } from 'node:path';

const always = [
  'package.json',
  'README.md',
  'LICENSE',
  'bin/gemmfit.mjs',
  'binding.d.ts',
  'CMakeLists.txt',
  'dist/cli.js',
  'dist/files.js',
  'dist/data_worker.mjs',
  'dist/hdf5_worker.mjs',
  'dist/shared.js',
];
/** Pages that the README and each other lead to. */
const pages = ['ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'VERSIONING.md', 'docs/README.md'];
const entries = ['index', 'diagnose'].flatMap((name) =>
  ['js', 'mjs', 'bundle.mjs', 'd.ts', 'd.mts'].map((kind) => `dist/${name}.${kind}`),
);
// Guides, examples with their data, and pictures of pages.
const besides = /^(docs\/(\w+\.md|images\/[\w-]+\.svg)|examples\/[\w/]+\.(mjs|csv)|bench\/results\/[\w-]+\.svg)$/;
const compiled = /^dist\/[\w/]+\.d\.m?ts$/;

/**
 * What is wrong with the files of a package. `sources`: those that a build from source needs; `binaries`: those that it is to bring.
 */
export function wrongFiles(files, { sources, binaries }) {
  const wanted = new Set([...always, ...pages, ...entries, ...sources, ...binaries]);
  const lacking = [...wanted].filter((file) => !files.includes(file));
  const extra = files.filter((file) => !wanted.has(file) && !compiled.test(file) && !besides.test(file));
  return [...lacking.map((file) => `${file} is not in it`), ...extra.map((file) => `${file} does not belong into it`)];
}

/** Names under which a page's headings can be linked to, as GitHub makes them. */
const anchors = (text) =>
  [...text.replace(/^```.*?^```/gms, '').matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/\]\([^)]*\)/g, '')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

/**
 * Relative links of a packed page, and relative imports of a packed example, that lead nowhere in the package. `read` gives a file's text.
 */
export function wrongLinks(files, read) {
  const leads = (file, target) => {
    const [path, anchor] = target.split('#');
    const to = path ? posix.join(posix.dirname(file), path) : file;
    return files.includes(to) && (!anchor || anchors(read(to)).includes(anchor));
  };
  const of = (file, pattern) =>
    [...read(file).matchAll(pattern)].map(([, target]) => target).filter((target) => !leads(file, target));
  const links = files.filter((file) => file.endsWith('.md')).map((file) => [file, of(file, /\]\((?!\w+:)([^)\s]+)\)/g)]);
  const imports = files
    .filter((file) => file.startsWith('examples/') && file.endsWith('.mjs'))
    .map((file) => [file, of(file, /from '(\.{1,2}\/[^']+)'/g)]);
  return [...links, ...imports].flatMap(([file, lost]) => lost.map((target) => `${file} leads to ${target}, which is not there`));
}

const ADDRESSES = ['homepage', 'repository', 'bugs'];

/** Libraries for files of models and data: small, without scripts, and loaded by the first such file. */
const FILE_LIBRARIES = ['h5wasm', 'hyparquet', 'yauzl'];

/** Libraries that only those install who use what needs them. */
const PEERS = ['apache-arrow', 'sharp'];

const targetsOf = (exported) => (typeof exported === 'string' ? [exported] : Object.values(exported ?? {}).flatMap(targetsOf));

/** What is wrong with the manifest of a package with these files. */
export function wrongManifest(manifest, files) {
  const wrong = [];
  // npm and bundlers read this field as the place to download binaries from.
  if (manifest.binary !== undefined) wrong.push('it has the field binary');
  for (const name of ADDRESSES) if (!manifest[name]) wrong.push(`it has no ${name}`);
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
    if (manifest.scripts?.[name]) wrong.push(`it has the script ${name}`);
  // Where this file is, npm makes an install script of its own.
  if (files.includes('binding.gyp') && manifest.gypfile !== false) wrong.push('binding.gyp makes npm build at install');
  const isOptional = (name) => PEERS.includes(name) && manifest.peerDependenciesMeta?.[name]?.optional === true;
  const loadedWhenUsed = (kind, name) =>
    (kind === 'dependencies' && FILE_LIBRARIES.includes(name)) || (kind === 'peerDependencies' && isOptional(name));
  for (const kind of ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies', 'bundledDependencies'])
    for (const name of Object.keys(manifest[kind] ?? {}).filter((n) => !loadedWhenUsed(kind, n)))
      wrong.push(`${kind} has ${name}, which training does not need`);
  const { exports, main, module, types, bin, typesVersions } = manifest;
  const named = [exports, main, module, types, bin, typesVersions].flatMap(targetsOf).map((file) => file.replace(/^\.\//, ''));
  for (const file of new Set(named)) if (!files.includes(file)) wrong.push(`it names ${file}, which is not there`);
  if (!exports?.['.']?.import?.types || !exports['.'].require?.types)
    wrong.push('exports has no types for both import and require');
  return wrong;
}
