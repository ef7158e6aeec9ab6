import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
// @ts-expect-error: a script without types
import { examine } from '../../scripts/prebuild/rules.mjs';
// @ts-expect-error: a script without types
import { targets } from '../../scripts/prebuild/targets.mjs';

// Small libraries that break one rule each, made by this machine's compiler.
const folder = mkdtempSync(join(tmpdir(), 'gemmfit-rules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const target = (name: string) => targets.find((t: { name: string }) => t.name === name);
const linuxX64 = process.platform === 'linux' && process.arch === 'x64';

const register = `
  #define EXPORT __attribute__((visibility("default")))
  EXPORT void* napi_register_module_v1(void* env, void* exports) { return exports; }
  EXPORT int node_api_module_get_api_version_v1(void) { return 8; }`;
const flags = ['-shared', '-fPIC', '-fvisibility=hidden', '-nostartfiles', '-Wl,-z,nodelete', '-Wl,--as-needed'];

function library(name: string, source: string, linked: string[] = flags): string {
  const file = join(folder, `${name}.node`);
  writeFileSync(join(folder, `${name}.c`), source);
  execFileSync('gcc', ['-w', '-o', file, join(folder, `${name}.c`), ...linked]);
  return file;
}

const faults = (file: string, floor?: string): string[] => examine(target('linux-x64-glibc'), file, floor).faults;

describe.runIf(linuxX64)('rules of binaries', () => {
  const good = () => library('good', register);

  test('a library that keeps them has no faults, and its notes say what it is', () => {
    const { faults, notes } = examine(target('linux-x64-glibc'), good());
    expect(faults).toEqual([]);
    expect(notes.join(', ')).toMatch(/^glibc 0, 0\.\d\d MB \(0\.\d\d MB gzipped\), exports 2, needs nothing$/);
  });

  test('an export more', () => {
    expect(faults(library('more', `${register} EXPORT int cblas_sgemm;`))).toEqual([
      "exports beyond Node-API's two: 1: cblas_sgemm",
    ]);
  });

  test('an export less', () => {
    expect(
      faults(
        library(
          'less',
          'void* napi_register_module_v1(void) { return 0; }',
          flags.filter((f) => !f.includes('hidden')),
        ),
      ),
    ).toEqual(['exports that are missing: node_api_module_get_api_version_v1']);
  });

  test('a library that users may not have', () => {
    const linked = [...flags.slice(0, -1), '-Wl,--no-as-needed', '-lstdc++'];
    expect(faults(library('needs', register, linked))).toEqual(['libraries that users may not have: libstdc++.so.6']);
  });

  test('a newer glibc, unless another floor is given', () => {
    // A libc that has a function of this version, whatever this machine's has.
    writeFileSync(join(folder, 'versions'), 'GLIBC_2.34 { fresh; };');
    const versions = `-Wl,--version-script=${join(folder, 'versions')}`;
    const libc = library('libc', 'void fresh(void) {}', ['-shared', '-fPIC', '-nostdlib', '-Wl,-soname,libc.so.6', versions]);
    const source = `${register} extern void fresh(void); void (*kept)(void) __attribute__((used)) = fresh;`;
    const file = library('glibc', source, [...flags, '-nodefaultlibs', libc]);
    expect(faults(file)).toEqual(['it asks for glibc 2.34, which is newer than 2.28']);
    expect(faults(file, '2.36')).toEqual([]);
    expect(examine(target('linux-x64-glibc'), file, '2.36').notes).toContain(
      'NOT FOR RELEASE: glibc may be as new as 2.36, not 2.28',
    );
  });

  test('glibc in a binary for musl', () => {
    const file = library(
      'musl',
      `${register} extern int puts(const char*); int (*kept)(const char*) __attribute__((used)) = puts;`,
    );
    expect(faults(file)).toEqual([]);
    expect(examine(target('linux-x64-musl'), file).faults).toEqual([
      'libraries that users may not have: libc.so.6',
      'it asks for glibc 2.2.5, which is newer than 0',
    ]);
  });

  test('more than 3.5 MB', () => {
    const file = join(folder, 'large.node');
    copyFileSync(good(), file);
    appendFileSync(file, Buffer.alloc(3.5e6));
    expect(faults(file)).toEqual([expect.stringMatching(/^3\.5\d MB are more than 3\.50 MB$/)]);
  });

  test('a library that can be unloaded', () => {
    expect(
      faults(
        library(
          'unload',
          register,
          flags.filter((f) => !f.includes('nodelete')),
        ),
      ),
    ).toEqual(['linked without -z nodelete']);
  });

  test('another processor', () => {
    expect(examine(target('linux-arm64-glibc'), good()).faults).toEqual(['it is for x64']);
  });
});
