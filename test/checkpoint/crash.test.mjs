// A hundred trainings that are killed; `npm run test:crash` does as many as wanted.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('trainings that were killed at any instant come to the same bits', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(fileURLToPath(new URL('.', import.meta.url)), 'crash/run.mjs'), '--runs', '100'],
    {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    },
  );
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/100 trainings .* 0 with other bits/);
}, 900_000);
