// Files that earlier versions wrote, as VERSIONING.md promises: models load, predict and have the very weights; a checkpoint goes on to the numbers of a training that was
// never stopped. make.mjs made them; what it wrote once is never made anew.
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { binaryKind } from '../../lib/checkpoint/checkpointer.js';
import { listCheckpoints, readCheckpointFile, writeCheckpoint } from '../../lib/checkpoint/file.js';
import * as gemmfit from '../../lib/index.js';
import type { Sequential } from '../../lib/sequential.js';
// @ts-expect-error: a module without types, which a script without a build uses too
import { fixture } from './fixtures/model.mjs';
import { temporaryFolder } from './support.js';

const folder = join(__dirname, 'fixtures');
const versions = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const { x, make, fit } = fixture(gemmfit);
const weightsOf = (model: Sequential) => model.getWeights().map(({ shape, data }) => ({ shape: [...shape], data: [...data] }));
/** Rounding differs between machines. */
const near = (got: ArrayLike<number>, right: readonly number[], digits: number) => {
  expect(got.length).toBe(right.length);
  right.forEach((value, i) => {
    expect(got[i]).toBeCloseTo(value, digits);
  });
};

const temporary = temporaryFolder();

describe.each(versions.map((entry) => entry.name))('files of version %s', (version) => {
  const at = (name: string) => join(folder, version, name);
  const { saved, resumed } = JSON.parse(readFileSync(at('expected.json'), 'utf8'));

  it.each(['model.keras', 'model.h5', 'tfjs'])('%s', async (name) => {
    const model = await gemmfit.loadModel(at(name));
    expect(weightsOf(model)).toEqual(saved.weights);
    near((await model.predict(x, { verbose: 0 })).data, saved.predictions, 5);
    expect(model.optimizer.iterations).toBe(saved.iterations);
    await fit(model);
  });

  it.each(['weights.h5', 'safetensors', 'npz'])('model.%s', async (ending) => {
    const model = make();
    await model.loadWeights(at(`model.${ending}`));
    expect(weightsOf(model)).toEqual(saved.weights);
  });

  it('config.json', () => {
    const model = gemmfit.modelFromJSON(readFileSync(at('config.json'), 'utf8'));
    expect(model.toJSON()).toEqual(make().toJSON());
  });

  it('a checkpoint in the middle of an epoch', async () => {
    const path = join(temporary, version);
    cpSync(at('checkpoint'), path, { recursive: true });
    // Bits hang on the machine, and a checkpoint is refused by another kind: here numbers are compared, and it is taken for this one's.
    const [name] = await listCheckpoints(path);
    const file = await readCheckpointFile(path, name);
    const print = file.meta.fit as { prints: Record<string, unknown> };
    expect(typeof print.prints.binary).toBe('string');
    print.prints.binary = binaryKind();
    const [, epoch, step] = name.match(/(\d+)-(\d+)/) as RegExpMatchArray;
    await writeCheckpoint(path, file, +epoch, +step, 1);
    const model = make();
    const history = await fit(model, { epochs: 3, checkpoint: { path, resume: 'must' } });
    expect(history.resumedFrom).toMatchObject({ epoch: 1, step: 2 });
    weightsOf(model).forEach(({ data }, i) => {
      near(data, resumed.weights[i].data, 4);
    });
    for (const [key, values] of Object.entries(resumed.history)) near(history.history[key], values as number[], 4);
  });
});
