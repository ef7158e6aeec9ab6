// The tarball: made of what is built, and looked at before anything is installed from it.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Failure, root, run } from '../lib/shell.mjs';
import { inspect } from '../prebuild/inspect.mjs';
import { host, targets } from '../prebuild/targets.mjs';
import { wrongFiles, wrongLinks, wrongManifest } from './contents.mjs';
import { node, npmCli } from './programs.mjs';
import { check, fail, figures, none } from './report.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');

/** Binaries for this system, and their check. */
export const prebuilds = () => void run(process.execPath, [npmCli, 'run', 'prebuild']);

/** What the one of this system computes. */
export const tryBinary = () => void run(process.execPath, ['scripts/try_prebuild.mjs', host.name]);

/** The check of those that are there. */
export const checkBinaries = () => void run(process.execPath, ['scripts/check_prebuild.mjs']);

const there = () => targets.filter((target) => existsSync(join(root, target.file)));

// Programs of a build from source: npm runs the last by itself before it.
const programs = ['scripts/build.mjs', 'scripts/lib/cmake_js.mjs', 'scripts/prebuild/hook.mjs'];

/** Files that a build from source needs. */
function sources() {
  const native = readdirSync(join(root, 'native'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((file) => !file.startsWith('native/test/'));
  const { buildSync } = createRequire(join(root, 'package.json'))('esbuild');
  const options = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    outdir: 'build',
    metafile: true,
  };
  // What a clone alone runs.
  const { metafile } = buildSync({ ...options, entryPoints: programs, external: ['../prebuild.mjs'] });
  return [...native, ...Object.keys(metafile.inputs)];
}

function pack(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const printed = node([npmCli, 'pack', '--json', '--pack-destination', folder], { cwd: root, network: true });
  const [packed] = Object.values(JSON.parse(printed));
  const { size, unpackedSize, filename } = packed;
  Object.assign(figures, { packed: size, unpacked: unpackedSize, files: packed.files.length });
  return { tarball: join(folder, filename), files: packed.files.map((file) => file.path) };
}

function binaryFigures(target) {
  const file = join(root, target.file);
  const { exports, versions } = inspect(file, target.platform);
  const floor = versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  return {
    name: target.name,
    size: statSync(file).size,
    gzipped: gzipSync(readFileSync(file)).length,
    exports: exports.length,
    ...(target.libc === 'glibc' && { floor }),
  };
}

/** Packs what is built into `folder`; the tarball's path. */
export async function makeTarball(folder) {
  const binaries = there().map((target) => target.file);
  const packed = await check('npm pack', () => pack(folder));
  if (!packed) throw new Failure('there is no tarball');
  const { tarball, files } = packed;
  await check('it holds what it must, and nothing else', () => {
    none(wrongFiles(files, { sources: sources(), binaries: [...binaries, 'prebuilds/LICENSES'] }));
    return `${files.length} files`;
  });
  await check('its manifest names what is there, installs nothing and runs nothing', () =>
    none(wrongManifest(JSON.parse(read('package.json')), files)),
  );
  await check('its pages and examples lead to what is there', () => none(wrongLinks(files, read)));
  figures.binaries = there().map(binaryFigures);
  const tool = (path) => join(root, 'node_modules', path);
  await check('publint, strict', () => {
    const printed = node([tool('publint/src/cli.js'), 'run', tarball, '--strict'], { cwd: folder });
    return printed.includes('All good') || fail(printed);
  });
  await check('are the types wrong (attw)', () => {
    node([tool('@arethetypeswrong/cli/dist/index.js'), tarball, '--no-color'], { cwd: folder });
  });
  return tarball;
}
