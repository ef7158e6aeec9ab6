import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { array, layers, optimizers, sequential, setRandomSeed } from '../../lib/index.js';

const N = 40;
const warned: string[] = [];
beforeEach(() => {
  warned.length = 0;
  vi.spyOn(process, 'emitWarning').mockImplementation(((text: string, { code }: { code: string }) => {
    if (code === 'GEMMFIT_VALIDATE') warned.push(text);
  }) as never);
});
afterEach(() => vi.restoreAllMocks());

const inputs = (scale: number) =>
  array(
    Float32Array.from({ length: N * 3 }, (_, i) => scale * Math.sin(i)),
    [N, 3],
  );
const mixed = Float32Array.from({ length: N }, (_, i) => i % 2);
function make(first: object[] = [], rate = 0.01) {
  setRandomSeed(2);
  const model = sequential([
    ...first,
    layers.dense({ units: 4, activation: 'relu' }),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ] as never);
  model.compile({ optimizer: optimizers.sgd({ learningRate: rate }), loss: 'binary_crossentropy' });
  return model;
}
const options = { verbose: 0, validate: true } as const;

describe('validate warns of', () => {
  it.each<[string, number, string | null]>([
    ['large inputs', 255, 'as large as 255'],
    ['small inputs', 1e-4, 'no number larger than'],
    ['inputs of about 1', 1, null],
  ])('%s', async (_, scale, says) => {
    await make().fit(inputs(scale), mixed, options);
    expect(warned).toEqual(says === null ? [] : [expect.stringContaining(says)]);
    warned.length = 0;
    // Not where it is not asked, and not where a layer scales.
    await make().fit(inputs(scale), mixed, { verbose: 0 });
    await make([layers.rescaling({ scale: 1 / scale, inputShape: [3] })]).fit(inputs(scale), mixed, options);
    expect(warned).toEqual([]);
  });

  it.each<[string, (i: number) => number, string | null]>([
    ['sorted labels', (i) => (i < 20 ? 0 : 1), 'sorted by class'],
    ['a class that is only held out', (i) => (i < 30 ? 0 : i % 2), 'class 1 is only among'],
    ['one class that is held out', (i) => (i < 30 ? i % 2 : 1), 'held out to validate are of class 1'],
    ['labels in no order', (i) => i % 2, null],
  ])('%s', async (_, label, says) => {
    const y = Float32Array.from({ length: N }, (_unused, i) => label(i));
    await make().fit(inputs(1), y, { ...options, validationSplit: 0.25 });
    expect(warned.filter((text) => !text.includes('nothing to learn'))).toEqual(
      says === null ? [] : [expect.stringContaining(says)],
    );
  });

  it('one class alone', async () => {
    await make().fit(inputs(1), new Float32Array(N), options);
    expect(warned).toEqual([expect.stringContaining('nothing to learn')]);
  });

  it('a loss that grows, once', async () => {
    const model = sequential([layers.dense({ units: 1, inputShape: [3] })]);
    model.compile({ optimizer: optimizers.sgd({ learningRate: 3 }), loss: 'mse' });
    await model.fit(inputs(1), mixed, { ...options, epochs: 4 });
    expect(warned).toEqual([expect.stringContaining('the learning rate, 3, is too large')]);
  });
});
