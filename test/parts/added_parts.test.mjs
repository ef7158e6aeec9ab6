// A new part is at most one native file and one line, and one TypeScript file and one line: here each kind gets one in a copy of the package, and a
// model trains with all of them. The files under lib/ and native/ are those that whoever adds a part would write.
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildAddedParts } from '../../scripts/lib/native.mjs';

const root = resolve(import.meta.dirname, '../..');
const here = (path) => join(import.meta.dirname, path);
const copy = join(root, 'build/parts');

const native = ['activations', 'constraints', 'losses', 'metrics', 'ops', 'optimizers', 'regularizers'];
const families = readdirSync(here('lib')).sort();

/** The file of TypeScript that a family gets, and the line of its all.ts: the only thing outside that file that changes. */
function addTo(family) {
  const [file] = readdirSync(here(`lib/${family}`));
  const text = readFileSync(here(`lib/${family}/${file}`), 'utf8');
  // As it would stand there: beside the family's other files.
  writeFileSync(join(copy, 'lib', family, file), text.replaceAll('../../../../lib/', '../'));
  const list = text.match(/^export const (\w+) = \{/m)?.[1];
  appendFileSync(join(copy, 'lib', family, 'all.ts'), `export { ${list} } from './${file.replace('.ts', '.js')}';\n`);
}

let gemmfit;
beforeAll(() => {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  cpSync(join(root, 'lib'), join(copy, 'lib'), { recursive: true });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  for (const family of families) addTo(family);
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  buildSync({
    entryPoints: [join(copy, 'lib/index.ts'), join(copy, 'lib/files.ts')],
    outdir: join(copy, 'dist'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['*.node', './files.js', ...Object.keys(dependencies)],
  });
  process.env.GEMMFIT_ADDON_PATH = buildAddedParts({ quiet: true });
  gemmfit = createRequire(import.meta.url)(join(copy, 'dist/index.js'));
}, 600_000);

describe('what a new part takes', () => {
  test.each(native)('native/%s: one file and one line', (room) => {
    const files = readdirSync(here(`native/${room}`));
    expect(files.filter((file) => file.endsWith('.cc'))).toHaveLength(1);
    expect(files).toHaveLength(2);
    expect(readFileSync(here(`native/${room}/line.def`), 'utf8')).toMatch(/^GEMMFIT_[A-Z]+\(\w+\)\n$/);
  });

  test('every family of parts gets one, by one file and one line', () => {
    const withTable = readdirSync(join(root, 'lib'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'evaluation')
      .filter((entry) => readdirSync(join(root, 'lib', entry.name)).includes('all.ts'))
      .map((entry) => entry.name);
    expect(families).toEqual(withTable.sort());
    for (const family of families) expect(readdirSync(here(`lib/${family}`))).toHaveLength(1);
  });
});

test('each is known under its names, and has a factory', () => {
  const { activations, callbacks, constraints, initializers, layers, losses, metrics, optimizers, regularizers, schedules } =
    gemmfit;
  const made = [
    activations.bent({ bend: 0.25 }),
    callbacks.counter(),
    constraints.below(),
    initializers.alternating(),
    layers.doubling(),
    losses.quartic(),
    metrics.shareWithin(),
    optimizers.signDescent(),
    regularizers.l4(),
    schedules.halving(),
  ];
  expect(made.map((part) => part.constructor.name)).toEqual([
    'Bent',
    'Counter',
    'Below',
    'Alternating',
    'Doubling',
    'Quartic',
    'ShareWithin',
    'SignDescent',
    'L4',
    'Halving',
  ]);
});

test('a model trains with all of them', async () => {
  const { callbacks, layers, optimizers, sequential } = gemmfit;
  const model = sequential([
    layers.dense({
      units: 1,
      inputShape: [2],
      activation: 'bent',
      kernelInitializer: 'alternating',
      kernelRegularizer: { className: 'L4', config: { factor: 0.5 } },
      kernelConstraint: 'below',
    }),
    layers.doubling(),
  ]);
  model.compile({ optimizer: 'signDescent', loss: 'quartic', metrics: ['share_within'] });
  const x = [
    [1, 0],
    [0, 1],
  ];
  const y = [[3], [-1]];
  // The kernel is (1, -1): outputs are 2 (1 + (sqrt 2 - 1) / 2) and 2 (-1 + (sqrt 2 - 1) / 2), of which the regularizer knows nothing.
  const bent = (v) => v + 0.5 * (Math.sqrt(v * v + 1) - 1);
  const quartic = ((2 * bent(1) - 3) ** 4 + (2 * bent(-1) + 1) ** 4) / 2;
  const [loss, share] = await model.evaluate(x, y, { verbose: 0 });
  expect(loss).toBeCloseTo(quartic + 0.5 * 2, 5);
  expect(share).toBe(0);

  // Each weight goes by the rate against the sign of its gradient, which here is the regularizer's: 4 factor w^3 outweighs the loss.
  const slope = (v, label) => (4 * (2 * bent(v) - label) ** 3 * 2 * (1 + (0.5 * v) / Math.sqrt(v * v + 1))) / 2;
  const gradient = [slope(1, 3) + 2, slope(-1, -1) - 2];
  const counter = callbacks.counter();
  await model.fit(x, y, { epochs: 1, batchSize: 2, verbose: 0, callbacks: [counter] });
  const [kernel] = model.getWeights();
  expect([...kernel.data]).toEqual([1 - 0.01 * Math.sign(gradient[0]), -1 - 0.01 * Math.sign(gradient[1])].map(Math.fround));
  expect(counter.epochs).toBe(1);

  // Above the limit a weight is brought back to it.
  model.compile({ optimizer: optimizers.sgd({ learningRate: { className: 'Halving', config: { steps: 1 } } }), loss: 'quartic' });
  await model.fit(x, [[100], [100]], { epochs: 1, batchSize: 2, verbose: 0 });
  expect([...model.getWeights()[0].data]).toEqual([1, 1]);
});
