import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
// @ts-expect-error: a script without types
import { targets } from '../../scripts/prebuild/targets.mjs';

// The built package in a folder of its own, with files in the places of binaries, in a Node that says it is another system. Where a binary is
// opened, its path is noted, and the one of this machine is loaded in its place.
const root = resolve(import.meta.dirname, '../..');
const real = join(root, 'build/Release/gemmfit.node');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gemmfit-loader-')));

const preload = `
  const given = JSON.parse(process.env.PRETEND);
  for (const name of ['platform', 'arch']) if (given[name]) Object.defineProperty(process, name, { value: given[name] });
  if ('napi' in given) Object.defineProperty(process, 'versions', { value: { ...process.versions, napi: given.napi ?? undefined } });
  if (given.libc) {
    const header = given.libc === 'glibc' ? { glibcVersionRuntime: '2.31' } : {};
    process.report.getReport = () => ({ header });
  }
  globalThis.opened = [];
  require.extensions['.node'] = (module, path) => {
    globalThis.opened.push(path);
    const { size } = require('node:fs').statSync(path);
    process.dlopen(module, size ? path : ${JSON.stringify(real)});
  };`;
const use = `
  let error;
  let answers = false;
  try {
    answers = require('./dist/index.js').version.threads > 0;
  } catch (e) {
    error = { message: e.message, code: e.code, name: e.constructor.name };
  }
  console.log(JSON.stringify({ opened: globalThis.opened, answers, error }));`;

interface Pretended {
  platform?: string;
  arch?: string;
  libc?: 'glibc' | 'musl';
  napi?: string | null;
}
interface Outcome {
  opened: string[];
  answers: boolean;
  error?: { message: string; code: string; name: string };
}

function load(pretend: Pretended, env: Record<string, string> = {}): Outcome {
  const { GEMMFIT_ADDON_PATH: _, ...inherited } = process.env;
  const options = { cwd: folder, encoding: 'utf8', env: { ...inherited, PRETEND: JSON.stringify(pretend), ...env } } as const;
  const { stdout, stderr } = spawnSync(process.execPath, ['-r', './preload.cjs', 'use.cjs'], options);
  try {
    const outcome: Outcome = JSON.parse(stdout);
    return { ...outcome, opened: outcome.opened.map((path) => path.slice(folder.length + 1).replaceAll('\\', '/')) };
  } catch {
    throw new Error(`no outcome: ${stdout}${stderr}`);
  }
}

function place(path: string, content = ''): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

const systems: [Pretended, string][] = [
  [{ platform: 'linux', arch: 'x64', libc: 'glibc' }, 'prebuilds/linux-x64/gemmfit.glibc.node'],
  [{ platform: 'linux', arch: 'x64', libc: 'musl' }, 'prebuilds/linux-x64/gemmfit.musl.node'],
  [{ platform: 'linux', arch: 'arm64', libc: 'glibc' }, 'prebuilds/linux-arm64/gemmfit.glibc.node'],
  [{ platform: 'linux', arch: 'arm64', libc: 'musl' }, 'prebuilds/linux-arm64/gemmfit.musl.node'],
  [{ platform: 'darwin', arch: 'x64' }, 'prebuilds/darwin-x64/gemmfit.node'],
  [{ platform: 'darwin', arch: 'arm64' }, 'prebuilds/darwin-arm64/gemmfit.node'],
  [{ platform: 'win32', arch: 'x64' }, 'prebuilds/win32-x64/gemmfit.node'],
  [{ platform: 'win32', arch: 'arm64' }, 'prebuilds/win32-arm64/gemmfit.node'],
];
const [here, itsFile] = systems[0]!;
const command = 'npm explore gemmfit -- npm run build';

beforeAll(() => {
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  writeFileSync(join(folder, 'preload.cjs'), preload);
  writeFileSync(join(folder, 'use.cjs'), use);
});
beforeEach(() => {
  for (const name of ['build', 'prebuilds']) rmSync(join(folder, name), { recursive: true, force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the binary', () => {
  test.each(systems)('%o takes %s', (system, file) => {
    for (const [, path] of systems) place(path);
    expect(load(system)).toEqual({ opened: [file], answers: true });
  });

  test('is one that the scripts make, and they make no other', () => {
    const made: string[] = targets.map((target: { file: string }) => target.file);
    expect(made.sort()).toEqual(systems.map(([, file]) => file).sort());
  });

  test('that was built from source comes first', () => {
    place(itsFile);
    place('build/Release/gemmfit.node');
    expect(load(here).opened).toEqual(['build/Release/gemmfit.node']);
  });

  test('that was built from source and does not load is passed over', () => {
    place(itsFile);
    place('build/Release/gemmfit.node', 'not a library');
    expect(load(here)).toEqual({ opened: ['build/Release/gemmfit.node', itsFile], answers: true });
  });

  test('named by GEMMFIT_ADDON_PATH is the only one', () => {
    place(itsFile);
    place('build/Release/gemmfit.node');
    place('other.node');
    const path = join(folder, 'other.node');
    expect(load(here, { GEMMFIT_ADDON_PATH: path }).opened).toEqual(['other.node']);
    rmSync(path);
    const { opened, error } = load(here, { GEMMFIT_ADDON_PATH: path });
    expect(opened).toEqual([]);
    expect(error).toMatchObject({ name: 'RuntimeError', code: 'ERR_NO_BINARY' });
    expect(error?.message).toContain(`GEMMFIT_ADDON_PATH is ${path}: Cannot find module`);
  });
});

describe('without a binary that fits', () => {
  test('the error says which files were looked for, that they are absent, and what builds one', () => {
    // Those of other systems do not count.
    for (const [, path] of systems.slice(1)) place(path);
    const { opened, error } = load(here);
    expect(opened).toEqual([]);
    expect(error).toMatchObject({ name: 'RuntimeError', code: 'ERR_NO_BINARY' });
    expect(error?.message).toContain(`no binary fits linux-x64-glibc (Node ${process.version})`);
    expect(error?.message).toContain(`${join(folder, 'build/Release/gemmfit.node')}: no such file`);
    expect(error?.message).toContain(`${join(folder, itsFile)}: no such file`);
    expect(error?.message).toContain(command);
  });

  test('the error says why one that is there does not load', () => {
    place(itsFile, 'not a library, though it has the length of one of the shortest');
    const { opened, error } = load(here);
    expect(opened).toEqual([itsFile]);
    expect(error?.message).toMatch(/gemmfit\.glibc\.node: .*(invalid ELF header|file too short|not a mach-o|not a valid Win32)/);
    expect(error?.message).toContain(command);
  });

  test.each([
    [{ platform: 'freebsd', arch: 'x64' }, 'freebsd-x64'],
    [{ platform: 'linux', arch: 'riscv64', libc: 'glibc' }, 'linux-riscv64-glibc'],
    [{ platform: 'constructor', arch: 'x' }, 'constructor-x'],
  ] satisfies [Pretended, string][])('%o has none', (system, name) => {
    for (const [, path] of systems) place(path);
    const { opened, error } = load(system);
    expect(opened).toEqual([]);
    expect(error?.message).toContain(`prebuilds/: none is made for ${name}`);
    expect(error?.message).toContain(command);
  });
});

describe('Node-API', () => {
  // A binary for a newer Node-API ends the process where it is loaded.
  test.each(['7', null])('%s opens no binary', (napi) => {
    place(itsFile);
    const { opened, error } = load({ ...here, napi });
    expect(opened).toEqual([]);
    expect(error).toMatchObject({ name: 'RuntimeError', code: 'ERR_NODE_API' });
    expect(error?.message).toContain(`Received: Node-API ${napi ?? undefined} of ${process.version}`);
  });

  test.each(['8', '10'])('%s does', (napi) => {
    place(itsFile);
    expect(load({ ...here, napi }).answers).toBe(true);
  });
});
