// What the tests of files share.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Sequential } from '../../lib/sequential.js';

/** A folder that is gone after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gemmfit-saving-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The weights of a model, to be compared to the bit. */
export const bits = (model: Sequential) => model.getWeights().map((w) => Buffer.from(w.data.buffer).toString('base64'));
