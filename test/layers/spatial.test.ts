import { describe, expect, it } from 'vitest';
import { layers, sequential } from '../../lib/index.js';
import type { Layer } from '../../lib/layers/layer.js';

/** 0, 1, 2, ... in an array of this shape. */
function counting(shape: readonly number[]): unknown {
  let next = 0;
  const make = (axes: readonly number[]): unknown =>
    axes.length === 0 ? next++ : Array.from({ length: axes[0] }, () => make(axes.slice(1)));
  return make(shape);
}

async function predict(layer: Layer, sample: readonly number[], rows = 2) {
  const model = sequential([layer]);
  model.build([null, ...sample]);
  return model.predict(counting([rows, ...sample]) as never, { verbose: 0 });
}

// Each is run by the engine: its shape must be the one the layer promised.
const cases: [Layer, number[]][] = [
  [layers.maxPooling1D({ poolSize: 3, padding: 'same' }), [7, 2]],
  [layers.maxPooling2D({ dataFormat: 'channels_first' }), [2, 5, 4]],
  [layers.maxPooling3D({ strides: 1 }), [3, 4, 5, 2]],
  [layers.averagePooling1D({ poolSize: 2, strides: 3 }), [7, 2]],
  [layers.averagePooling2D({ poolSize: [2, 3], padding: 'same' }), [5, 4, 3]],
  [layers.averagePooling3D(), [3, 4, 5, 2]],
  [layers.globalMaxPooling1D(), [4, 3]],
  [layers.globalMaxPooling2D({ keepdims: true }), [4, 3, 2]],
  [layers.globalMaxPooling3D({ keepdims: true, dataFormat: 'channels_first' }), [2, 4, 3, 2]],
  [layers.globalAveragePooling2D({ dataFormat: 'channels_first' }), [4, 3, 2]],
  [layers.globalAveragePooling3D(), [4, 3, 2, 5]],
  [layers.adaptiveAveragePooling1D({ outputSize: 3 }), [7, 2]],
  [layers.adaptiveAveragePooling2D({ outputSize: [2, 7] }), [5, 4, 3]],
  [layers.adaptiveAveragePooling3D({ outputSize: 2, dataFormat: 'channels_first' }), [2, 3, 4, 5]],
  [layers.adaptiveMaxPooling1D({ outputSize: 3 }), [7, 2]],
  [layers.adaptiveMaxPooling2D({ outputSize: 2 }), [5, 4, 3]],
  [layers.adaptiveMaxPooling3D({ outputSize: [1, 2, 3] }), [3, 4, 5, 2]],
  [layers.zeroPadding1D({ padding: [0, 2] }), [3, 2]],
  [layers.zeroPadding2D({ padding: [1, 2], dataFormat: 'channels_first' }), [2, 3, 4]],
  [layers.zeroPadding3D(), [1, 2, 3, 2]],
  [layers.cropping1D(), [4, 3]],
  [
    layers.cropping2D({
      cropping: [
        [1, 0],
        [0, 2],
      ],
    }),
    [3, 4, 2],
  ],
  [layers.cropping3D({ dataFormat: 'channels_first' }), [2, 3, 4, 5]],
  [layers.upSampling1D({ size: 3 }), [4, 2]],
  [layers.upSampling2D({ size: [2, 3], interpolation: 'lanczos3', dataFormat: 'channels_first' }), [2, 3, 4]],
  [layers.upSampling3D(), [1, 2, 3, 2]],
  [layers.prelu({ sharedAxes: [1] }), [4, 3]],
  [layers.groupNormalization({ groups: 3 }), [4, 6]],
  [layers.unitNormalization({ axis: [1, 2] }), [4, 6]],
  [new layers.RMSNormalization({ axis: 1 }), [4, 6]],
  [layers.normalization({ axis: null }), [4, 6]],
];

it.each(cases.map(([layer, sample]) => [layer.className, layer, sample] as const))(
  '%s has the shape it promises',
  async (_, layer, sample) => {
    const y = await predict(layer, sample);
    expect(y.shape).toEqual([2, ...layer.computeOutputShape(sample)]);
  },
);

describe('values', () => {
  it('of pooling', async () => {
    expect((await predict(layers.maxPooling1D(), [4, 1], 1)).toArray()).toEqual([[[1], [3]]]);
    expect((await predict(layers.averagePooling1D({ poolSize: 3, strides: 1, padding: 'same' }), [3, 1], 1)).toArray()).toEqual([
      [[0.5], [1], [1.5]],
    ]);
    expect((await predict(layers.globalMaxPooling2D(), [2, 2, 2], 1)).toArray()).toEqual([[6, 7]]);
  });
  it('of resizing', async () => {
    expect((await predict(layers.zeroPadding1D(), [2, 1], 1)).toArray()).toEqual([[[0], [0], [1], [0]]]);
    expect((await predict(layers.cropping1D({ cropping: [1, 0] }), [2, 1], 1)).toArray()).toEqual([[[1]]]);
    expect((await predict(layers.upSampling2D({ size: [1, 2], interpolation: 'bilinear' }), [1, 2, 1], 1)).toArray()).toEqual([
      [[[0], [0.25], [0.75], [1]]],
    ]);
  });
  it('of normalization, adapted before or after the model is built', async () => {
    const layer = layers.normalization();
    const model = sequential([layer]);
    model.build([null, 2]);
    layer.adapt([
      [0, 10],
      [2, 30],
    ]);
    expect((await model.predict([[1, 40]] as never, { verbose: 0 })).toArray()).toEqual([[0, 2]]);
    const given = sequential([layers.normalization({ mean: [1, 20], variance: [1, 100], invert: true })]);
    given.build([null, 2]);
    expect((await given.predict([[0, 2]] as never, { verbose: 0 })).toArray()).toEqual([[1, 40]]);
  });
});

it('trains through all of them', async () => {
  const model = sequential([
    layers.normalization({ mean: 0.5, variance: 0.25, inputShape: [8, 8, 4] }),
    layers.zeroPadding2D(),
    layers.maxPooling2D({ poolSize: 3, strides: 2 }),
    layers.prelu({ sharedAxes: [1, 2] }),
    layers.groupNormalization({ groups: 2 }),
    layers.upSampling2D({ interpolation: 'bicubic' }),
    layers.cropping2D({ cropping: 1 }),
    layers.averagePooling2D(),
    new layers.RMSNormalization(),
    layers.adaptiveMaxPooling2D({ outputSize: 2 }),
    layers.globalAveragePooling2D(),
    layers.unitNormalization(),
    layers.dense({ units: 1 }),
  ]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const x = Float32Array.from({ length: 16 * 256 }, (_, i) => ((i * 7919) % 1009) / 1009);
  const y = Float32Array.from({ length: 16 }, (_, i) => (i % 5) / 5);
  const history = await model.fit(x, y, { epochs: 5, batchSize: 4, shuffle: false, verbose: 0 });
  const loss = history.history.loss as number[];
  expect(loss.every(Number.isFinite)).toBe(true);
  expect(loss[4]).toBeLessThan(loss[0]);
});
