// A large x is looked at while the first pass gathers it; where a number is not finite the model gets back what it was.
import { expect, it } from 'vitest';
import { array } from '../../lib/data/ndarray.js';
import { layers } from '../../lib/layers/index.js';
import { optimizers } from '../../lib/optimizers/index.js';
import { setRandomSeed } from '../../lib/random.js';
import { sequential } from '../../lib/sequential.js';
import type { FitOptions } from '../../lib/training/fit.js';

const ROWS = 34_000;
const WIDTH = 64;
const good = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => Math.sin(i % 1013));
const y = Float32Array.from({ length: ROWS }, (_, i) => i % 2);
const withOne = (at: number, value: number) => {
  const x = good.slice();
  x[at] = value;
  return array(x, [ROWS, WIDTH]);
};

function make() {
  setRandomSeed(5);
  const model = sequential([
    layers.dense({ units: 6, activation: 'relu', inputShape: [WIDTH] }),
    layers.batchNormalization(),
    layers.dropout({ rate: 0.3 }),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ]);
  model.compile({ optimizer: optimizers.adam({ useEma: true }), loss: 'binary_crossentropy', metrics: ['accuracy'] });
  return model;
}
const options: FitOptions = { batchSize: 512, epochs: 2, verbose: 0 };

it.each([
  ['the first row', 5, {}],
  ['a row in the middle', 20_000 * WIDTH + 7, {}],
  ['a row that validates', (ROWS - 3) * WIDTH, { validationSplit: 0.1 }],
  ['rows in their order', 20_000 * WIDTH + 7, { shuffle: false }],
] as const)('refuses a number that is not finite in %s, and leaves no trace', async (_, at, more) => {
  const failed = make();
  const row = Math.floor(at / WIDTH);
  for (const value of [Number.NaN, Number.NEGATIVE_INFINITY])
    await expect(failed.fit(withOne(at, value), y, { ...options, ...more })).rejects.toMatchObject({
      name: 'ValueError',
      code: 'ERR_NOT_FINITE',
      message: expect.stringContaining(`x[${row}][${at % WIDTH}] is ${value}`),
    });
  expect(failed.history).toBeNull();
  const other = make();
  const x = array(good, [ROWS, WIDTH]);
  const [after, fresh] = [await failed.fit(x, y, options), await other.fit(x, y, options)];
  expect(after.history).toEqual(fresh.history);
  expect(failed.getWeights().map((w) => w.data)).toEqual(other.getWeights().map((w) => w.data));
  expect(failed.optimizer.iterations).toBe(other.optimizer.iterations);
});

it('takes such numbers where it is told to', async () => {
  const history = await make().fit(withOne(7, Number.NaN), y, { ...options, checkFinite: false });
  expect(history.history.loss[0]).toBeNaN();
});

it('looks before anything is trained where somebody listens', async () => {
  let began = false;
  const hook = {
    onTrainBegin() {
      began = true;
    },
  };
  await expect(make().fit(withOne(7, Number.NaN), y, { ...options, callbacks: [hook] })).rejects.toMatchObject({
    code: 'ERR_NOT_FINITE',
  });
  expect(began).toBe(false);
});

it('looks at y that is x once, and says that it is x', async () => {
  const model = sequential([layers.dense({ units: WIDTH, inputShape: [WIDTH] })]);
  model.compile({ loss: 'mse' });
  const x = withOne(30_000 * WIDTH, Number.NaN);
  await expect(model.fit(x, x, options)).rejects.toMatchObject({ message: expect.stringContaining('x[30000][0] is NaN') });
});
