import { expect, it } from 'vitest';
import { array, layers, optimizers, sequential } from '../../lib/index.js';

function rng(seed: number): () => number {
  let s = seed;
  return () => {
    s = (s * 16807) % 2147483647;
    return s / 2147483647;
  };
}
const uniform = (seed: number, n: number, low = -1, high = 1) => {
  const r = rng(seed);
  return Float32Array.from({ length: n }, () => low + (high - low) * r());
};
function filled(model: ReturnType<typeof sequential>) {
  const r = rng(77);
  model.setWeights(
    model.weights.map((w) =>
      array(
        Float32Array.from({ length: w.shape.reduce((a, b) => a * b, 1) }, () => 0.8 * (r() - 0.5)),
        [...w.shape],
      ),
    ),
  );
  return model;
}

it('labels that are halves are of the class they round to, to even: as in both Kerases', async () => {
  const y = Float32Array.from(uniform(9, 10), (v, i) => (i % 3 ? (v > 0 ? 1 : 0) : 0.5));
  const model = filled(sequential([layers.dense({ units: 1, activation: 'sigmoid', inputShape: [4] })]));
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss: 'binary_crossentropy' });
  const options = { epochs: 2, batchSize: 4, shuffle: false, verbose: 0, classWeight: { 0: 0.5, 1: 3 } } as const;
  const { loss } = (await model.fit(array(uniform(1, 40), [10, 4]), array(y, [10, 1]), options)).history;
  expect(loss[0]).toBeCloseTo(1.0837801, 5);
  expect(loss[1]).toBeCloseTo(1.018877, 5);
});

it('class weights go with weights of lines, of samples and of each item', async () => {
  const r = rng(4);
  const y = array(
    Int32Array.from({ length: 48 }, () => Math.floor(r() * 2)),
    [4, 3, 4],
  );
  const lines = uniform(5, 12, 0, 2);
  const loss = async (sampleWeight: unknown) => {
    const model = filled(
      sequential([layers.conv2d({ filters: 2, kernelSize: 1, activation: 'softmax', inputShape: [3, 4, 1] })]),
    );
    model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' });
    const x = array(uniform(3, 48), [4, 3, 4, 1]);
    return (
      await model.fit(x, y, {
        verbose: 0,
        shuffle: false,
        batchSize: 2,
        classWeight: { 0: 1, 1: 3 },
        sampleWeight: sampleWeight as never,
      })
    ).history.loss[0];
  };
  const expand = (weights: Float32Array, each: number) =>
    Float32Array.from({ length: 48 }, (_, i) => weights[Math.floor(i / each)]);
  expect(await loss(array(lines, [4, 3]))).toBeCloseTo(1.3358803, 5); // Keras 3.15.1
  expect(await loss(array(lines, [4, 3]))).toBe(await loss(array(expand(lines, 4), [4, 3, 4])));
  expect(await loss(lines.slice(0, 4))).toBe(await loss(array(expand(lines, 12), [4, 3, 4])));
});
