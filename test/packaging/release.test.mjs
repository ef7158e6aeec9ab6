import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { targets } from '../../scripts/prebuild/targets.mjs';

const root = resolve(import.meta.dirname, '../..');
const workflow = readFileSync(join(root, '.github/workflows/release.yml'), 'utf8');
const files = targets.map((target) => target.file);

describe('the release', () => {
  test('makes the binary of every target, and of no other', () => {
    const made = [...workflow.matchAll(/- target: (\S+)\n +binary: (\S+)\n/g)].map(([, name, file]) => ({ name, file }));
    const wanted = targets.map(({ name, file }) => ({ name, file }));
    const byName = (a, b) => a.name.localeCompare(b.name);
    expect(made.sort(byName)).toEqual(wanted.sort(byName));
  });

  test('looks whether all are there, and tries the package, before it publishes', () => {
    const steps = ['check_prebuild.mjs --all', 'npm run test:pack -- --built', 'npm publish --provenance'];
    const places = steps.map((step) => workflow.indexOf(step));
    expect(places.every((place) => place > workflow.indexOf('\n  publish:'))).toBe(true);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
  });
});

describe('the check before it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gemmfit-release-'));
  beforeAll(() => cpSync(join(root, 'scripts'), join(folder, 'scripts'), { recursive: true }));
  beforeEach(() => {
    rmSync(join(folder, 'prebuilds'), { recursive: true, force: true });
    for (const file of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), 'no binary');
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const check = () => spawnSync(process.execPath, ['scripts/check_prebuild.mjs', '--all'], { cwd: folder, encoding: 'utf8' });

  test.each(files)('fails without %s', (file) => {
    rmSync(join(folder, file));
    const { status, stderr } = check();
    expect(status).toBe(1);
    expect(stderr).toContain(`not there: ${file}`);
  });

  test('does not say so when all are there, and looks into them', () => {
    const { status, stderr } = check();
    expect(status).toBe(1);
    expect(stderr).not.toContain('not there');
  });
});
