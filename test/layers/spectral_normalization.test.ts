import { expect, it } from 'vitest';
import type { NDArray } from '../../lib/index.js';
import { array, layers, modelFromJSON, sequential, setRandomSeed } from '../../lib/index.js';

const x = Array.from({ length: 8 }, (_, i) => [i / 8, 1 - i / 4, (i * i) / 32]);
const y = Array.from({ length: 8 }, (_, i) => [i % 2, i % 3]);
const flat = (a: NDArray) => [...a.data];

function make(options: object = {}) {
  const wrapped = layers.spectralNormalization({
    layer: layers.dense({ units: 2, useBias: false }),
    powerIterations: 60,
    inputShape: [3],
    ...options,
  });
  const model = sequential([wrapped]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  return { model, wrapped };
}

/** The largest singular value of a matrix of two columns. */
function largest(w: readonly number[]) {
  let [a, b, c] = [0, 0, 0];
  for (let i = 0; i < w.length; i += 2) {
    a += w[i] * w[i];
    b += w[i] * w[i + 1];
    c += w[i + 1] * w[i + 1];
  }
  return Math.sqrt((a + c) / 2 + Math.hypot((a - c) / 2, b));
}

it('divides the kernel by its largest singular value, then trains it', async () => {
  const { model, wrapped } = make();
  expect(wrapped.weights.map((w) => [w.name, [...w.shape], w.trainable])).toEqual([
    ['kernel', [3, 2], true],
    ['vector_u', [1, 2], false],
  ]);
  const kernel = [3, 1, -2, 4, 0.5, 2];
  model.setWeights([
    [
      [3, 1],
      [-2, 4],
      [0.5, 2],
    ],
    [[1, 0.5]],
  ]);
  await model.fit(x, y, { batchSize: 8, verbose: 0 });
  // One step of the gradient of the mean squared error at the divided kernel.
  const divided = kernel.map((k) => k / largest(kernel));
  const want = divided.map((k, at) => {
    const [row, column] = [Math.floor(at / 2), at % 2];
    let gradient = 0;
    x.forEach((sample, i) => {
      const out = sample.reduce((sum, v, r) => sum + v * divided[r * 2 + column], 0);
      gradient += (2 * (out - y[i][column]) * sample[row]) / 16;
    });
    return k - 0.01 * gradient;
  });
  flat(model.getWeights()[0] as NDArray).forEach((k, i) => {
    expect(k).toBeCloseTo(want[i], 5);
  });
});

it('leaves the kernel alone outside of training', async () => {
  const { model } = make();
  const before = flat(model.getWeights()[0] as NDArray);
  await model.predict(x, { verbose: 0 });
  await model.evaluate(x, y, { verbose: 0 });
  expect(flat(model.getWeights()[0] as NDArray)).toEqual(before);
});

it('lists the kernel, its own vector, then the rest, as Keras does; a depthwise kernel is one', () => {
  const names = (layer: unknown, shape: number[]) => {
    const model = sequential([layers.spectralNormalization({ layer: layer as never, inputShape: shape })]);
    return model.weights.map((w) => `${w.name} ${w.shape.join()}`);
  };
  expect(names(layers.conv1D({ filters: 2, kernelSize: 3 }), [4, 2])).toEqual(['kernel 3,2,2', 'vector_u 1,2', 'bias 2']);
  expect(names(layers.embedding({ inputDim: 5, outputDim: 3 }), [4])).toEqual(['embeddings 5,3', 'vector_u 1,3']);
  const depthwise = layers.depthwiseConv2D({ kernelSize: 2, depthMultiplier: 3 });
  expect(names(depthwise, [4, 4, 2])).toEqual(['depthwise_kernel 2,2,2,3', 'vector_u 1,3', 'bias 6']);
});

it('hands `trainable` down and comes back from its config', () => {
  const { model, wrapped } = make({ trainable: false });
  expect(wrapped.layer.trainable).toBe(false);
  wrapped.trainable = true;
  expect(wrapped.layer.trainable).toBe(true);
  const again = modelFromJSON(model.toJSON());
  expect(again.toJSON()).toEqual(model.toJSON());
  expect((again.layers[0] as typeof wrapped).powerIterations).toBe(60);
});

it('says what it cannot wrap', () => {
  const wrap = (layer: unknown) => sequential([layers.spectralNormalization({ layer: layer as never, inputShape: [4, 2] })]);
  expect(() => wrap(layers.flatten()).build()).toThrow(/kernel or embeddings.*Flatten/);
  expect(() => wrap(layers.separableConv1D({ filters: 2, kernelSize: 2 })).build()).toThrow(
    /kernel or embeddings.*SeparableConv1D/,
  );
  expect(() => wrap(3)).toThrow(TypeError);
  expect(() => make({ powerIterations: 0 })).toThrow(/powerIterations/);
});

it('is penalized for the kernel that it has normalized', async () => {
  const model = sequential([
    layers.spectralNormalization({ layer: layers.dense({ units: 3, useBias: false, kernelRegularizer: 'l2' }), inputShape: [4] }),
  ]);
  model.compile({ optimizer: { className: 'SGD', config: { learningRate: 0 } }, loss: 'mse' });
  const input = array(
    Float32Array.from({ length: 8 }, (_, i) => Math.sin(1 + i * i)),
    [2, 4],
  );
  const before = model.getWeights()[0] as NDArray;
  const zeros = array(new Float32Array(6), [2, 3]);
  const loss = await model.trainOnBatch(input, zeros);
  const after = model.getWeights()[0] as NDArray;
  expect(after.data).not.toEqual(before.data);
  const squares = (a: NDArray) => (a.data as Float32Array).reduce((sum, v) => sum + v * v, 0);
  expect(loss).toBeCloseTo(squares(model.predictSync(input)) / 6 + 0.01 * squares(after), 5);
});

it('of a table so large that others are updated row by row meets no row that is behind', async () => {
  const trained = async (embeddingsRegularizer: unknown) => {
    setRandomSeed(1);
    const layer = layers.embedding({ inputDim: 40000, outputDim: 8, embeddingsRegularizer: embeddingsRegularizer as never });
    const model = sequential([
      layers.spectralNormalization({ layer, inputShape: [3] }),
      layers.flatten(),
      layers.dense({ units: 1 }),
    ]);
    model.compile({ optimizer: 'adam', loss: 'mse' });
    for (let step = 0; step < 4; step++) {
      const ids = array(
        Int32Array.from({ length: 12 }, (_, i) => (i * 3700 + step * 1001) % 40000),
        [4, 3],
      );
      await model.trainOnBatch(ids, [[1], [2], [3], [4]]);
    }
    return model.getWeights().map((w) => w.data);
  };
  // A penalty of 0 changes nothing, but for all rows being updated.
  expect(await trained(null)).toEqual(await trained({ className: 'L2', config: { l2: 0 } }));
});
