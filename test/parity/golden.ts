import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as gemmfit from '../../lib/index.js';
import { layerRegistry } from '../../lib/layers/index.js';
import { layersOf, replay } from './replay.js';

// Trainings that tf-keras 2.21 and Keras 3.15 ran on fixed data: predictions, history, weights and evaluation must be theirs.
// Run once for each value of GEMMFIT_GEMM, in a process of its own: golden*.test.ts.
const folder = join(__dirname, 'cases');
const cases = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
const missing = (c: unknown) => layersOf(c).filter((name) => !layerRegistry.find(name));

describe(`golden cases of Keras, GEMMFIT_GEMM=${gemmfit.version.gemm}`, () => {
  for (const c of cases) {
    const absent = missing(c);
    if (absent.length) it.skip(`${c.name} (needs ${absent.join(', ')})`, () => undefined);
    else
      it(c.name, async () => {
        expect(await replay(gemmfit, c)).toEqual([]);
      });
  }
  it('multiplies as the environment says', () => {
    expect(gemmfit.version.gemm).toBe(process.env.GEMMFIT_GEMM ?? 'auto');
  });
  it('leaves out only cases with layers that are not there yet', () => {
    expect(cases.filter((c) => missing(c).length === 0).length).toBeGreaterThanOrEqual(107);
  });
});
