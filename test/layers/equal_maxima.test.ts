import { expect, it } from 'vitest';
import { layers as L, optimizers, sequential } from '../../lib/index.js';

/** The gradient of the input by what pooling gives, for one channel: the change of a bias that is all of the input, by SGD. */
async function gradient(pool: unknown, shape: number[], values: number[]): Promise<number[]> {
  const size = values.length;
  const model = sequential([
    L.dense({ units: size, useBias: true, kernelInitializer: 'zeros', inputShape: [1] }),
    L.reshape({ targetShape: shape }),
    pool as never,
    L.flatten(),
    L.dense({ units: 1, kernelInitializer: 'ones', useBias: false, trainable: false }),
  ]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: 1 }), loss: 'mae' });
  const [kernel, , top] = model.getWeights();
  model.setWeights([kernel, Float32Array.from(values), top]);
  await model.trainOnBatch([[0]], [[-1000]]);
  return [...model.getWeights()[1].data].map((v, i) => values[i] - Number(v));
}

const channelsFirst = { dataFormat: 'channels_first' } as const;
// Keras 2 and 3 on TensorFlow.
it.each([
  ['1D', L.globalMaxPooling1D(), [4, 1], [2, 1, 2, 0], [0.5, 0, 0.5, 0]],
  ['1D, channels first', L.globalMaxPooling1D(channelsFirst), [1, 4], [2, 2, 2, 2], [0.25, 0.25, 0.25, 0.25]],
  ['2D', L.globalMaxPooling2D(), [2, 2, 1], [3, 3, 1, 3], [1 / 3, 1 / 3, 0, 1 / 3]],
  ['2D, channels first', L.globalMaxPooling2D(channelsFirst), [1, 2, 2], [0, 3, 3, 1], [0, 0.5, 0.5, 0]],
  ['3D', L.globalMaxPooling3D(), [1, 2, 2, 1], [-1, -1, -2, -2], [0.5, 0.5, 0, 0]],
  ['windows give it to the first', L.maxPooling1D({ poolSize: 4 }), [4, 1], [2, 1, 2, 0], [1, 0, 0, 0]],
])('equal maxima share the gradient of global max pooling: %s', async (_, pool, shape, values, right) => {
  (await gradient(pool, shape, values)).forEach((g, i) => {
    expect(g).toBeCloseTo(right[i], 5);
  });
});

it('behind a ReLU too: what it cut off has no gradient', async () => {
  const model = (activation: string) => {
    const m = sequential([
      L.conv1D({ filters: 1, kernelSize: 1, activation, useBias: false, kernelInitializer: 'ones', inputShape: [4, 1] }),
      L.globalMaxPooling1D(),
    ]);
    m.compile({ optimizer: optimizers.sgd({ learningRate: 1 }), loss: 'mae' });
    return m;
  };
  const step = async (activation: string, x: number[]) => {
    const m = model(activation);
    await m.trainOnBatch([x.map((v) => [v])], [[-1000]]);
    return m.getWeights()[0].data[0];
  };
  expect(await step('relu', [2, 2, 1, -5])).toBeCloseTo(1 - 2, 5); // half of each 2
  expect(await step('relu', [-2, -1, -1, -5])).toBeCloseTo(1, 5);
  expect(await step('linear', [-2, -1, -1, -5])).toBeCloseTo(1 + 1, 5);
});
