// node seeds.mjs FOLDER: what libFuzzer begins with. Programs are those that the models of test/interop become, one for each layer class and optimizer.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { trials } from '../../../test/interop/models.mjs';
import { encodeFeed, encodeProgram } from './encode.mjs';

const [folder] = process.argv.slice(2);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
process.env.GEMMFIT_ADDON_PATH = here('recorder.cjs');
const require = createRequire(import.meta.url);
const gemmfit = require('../../../dist/index.js');
const { recorded } = require('./recorder.cjs');

const write = (target, name, bytes) => {
  mkdirSync(join(folder, target), { recursive: true });
  writeFileSync(join(folder, target, name), bytes);
};

let programs = 0;
for (const { shape, layers, optimizer, ids } of Object.values(trials(gemmfit))) {
  const model = gemmfit.sequential([gemmfit.input({ shape, ...(ids ? { dtype: 'int32' } : {}) }), ...layers]);
  for (const loss of ['mse', 'kl_divergence']) {
    recorded.length = 0;
    model.compile({ optimizer: optimizer ?? 'sgd', loss, metrics: ['mae', 'cosine_similarity'] });
    // Its engine is made.
    model.predictSync(gemmfit.array(new Float32Array(shape.reduce((n, d) => n * d, 1)), [1, ...shape]));
    const labelSize = model.outputShape.slice(1).reduce((n, d) => n * d, 1);
    for (const network of recorded)
      write(
        'program',
        `p${programs++}`,
        encodeProgram({ ...network, sample: shape, rows: 3, labelSize, batch: 2, ids: Boolean(ids) }),
      );
  }
}
const options = [
  {},
  { batch: 3, shuffle: 'rows', passes: -1, pass: 2, seed: 5 },
  { batch: 4, shuffle: 'batches', first: 1, count: 9, skip: 1 },
  { batch: 5, classWeights: { classes: [0, 1], weights: [0.5, 2], argmax: true, labelWidth: 2 } },
];
for (let type = 0; type < 9; type++)
  for (const [i, each] of options.entries())
    write(
      'feed',
      `f${type}${i}`,
      encodeFeed({
        rows: 12,
        arrays: [
          [type, 3],
          [0, 2],
          [0, i % 2],
        ],
        options: each,
      }),
    );
for (let i = 0; i < 20; i++)
  write(
    'state',
    `s${i}`,
    Uint8Array.from({ length: 200 }, (_, k) => (k * k * (i + 3) + i) & 255),
  );
console.log(`${programs} programs`);
