import { expect, it } from 'vitest';
import { array, layers, sequential } from '../../lib/index.js';

// 1e-30 * 1e-10 is a subnormal number in single precision.
const model = sequential([
  layers.dense({ units: 1, kernelInitializer: { className: 'Constant', config: { value: 1e-30 } }, inputShape: [1] }),
]);
const x = array(Float32Array.of(1e-10, 1), [2, 1]);

it('predictions are the same on every thread: subnormal numbers count as 0', async () => {
  model.compile({ loss: 'mse' });
  const here = [...model.predictSync(x).data];
  expect(here).toEqual([0, Math.fround(1e-30)]);
  expect([...(await model.predict(x)).data]).toEqual(here);
});

it("JavaScript's own numbers keep theirs", () => {
  model.predictSync(x);
  expect((x.data[0] as number) * 1e-300).toBeGreaterThan(0);
});
