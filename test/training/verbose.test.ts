import { afterEach, expect, test } from 'vitest';
import { layers, sequential } from '../../lib/index.js';
import { captured } from '../callbacks/fakes.js';

const model = sequential([layers.dense({ units: 1, inputShape: [1] })]);
model.compile({ optimizer: 'sgd', loss: 'mse' });
const x = [[1], [2]];
const y = [1, 2];

const kept = process.stdout.isTTY;
const watched = (isTTY: boolean) => Object.defineProperty(process.stdout, 'isTTY', { value: isTTY, configurable: true });
afterEach(() => {
  watched(kept);
});

test('evaluate and predict say nothing where nobody watches, unless told to', async () => {
  watched(false);
  expect(await captured(() => model.evaluate(x, y))).toBe('');
  expect(await captured(() => model.predict(x))).toBe('');
  expect(await captured(() => model.evaluate(x, y, { verbose: 1 }))).toMatch(/^evaluate 1\/1 \[=+\] - .* - loss: .*\n$/);
  expect(await captured(() => model.predict(x, { verbose: 2 }))).toMatch(/^predict 1\/1 - 0s - .*\n$/);
  expect(await captured(() => model.fit(x, y))).toMatch(/^1\/1 \[=+\] - .* - loss: .*\n$/);
});

test('on a terminal they have a bar that tells which it is', async () => {
  watched(true);
  expect(await captured(() => model.evaluate(x, y))).toMatch(/evaluate 1\/1 \[=+\]/);
  expect(await captured(() => model.predict(x))).toMatch(/predict 1\/1 \[=+\]/);
  expect(await captured(() => model.predict(x, { verbose: 0 }))).toBe('');
});
