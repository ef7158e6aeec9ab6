import { describe, expect, it } from 'vitest';
import { type ActivationIdentifier, activations, array, layers, modelFromJSON, Sequential } from '../../lib/index.js';

// Values of Keras 3.15.1 (over all axes: of TensorFlow) for sin(1.7 i) * 3 in an array of [2, 3, 4].
const shape = [2, 3, 4];
const x = array(
  Float32Array.from({ length: 24 }, (_, i) => Math.sin(i * 1.7) * 3),
  [1, ...shape],
);
const picked = [0, 5, 11, 23];
const softmax: [number[], number[]][] = [
  [
    [1, 2],
    [0.0173873, 0.31523, 0.01926, 0.579294],
  ],
  [
    [3, 1],
    [0.0222708, 0.273656, 0.015318, 0.460726],
  ],
  [
    [-2, -1],
    [0.0185463, 0.203513, 0.011861, 0.264113],
  ],
  [
    [1, 2, 3],
    [0.0078894, 0.086572, 0.005046, 0.151763],
  ],
];
const logs: [number[], number[]][] = [
  [
    [1, 2],
    [-4.0520153, -1.154453, -3.949743, -0.545945],
  ],
  [
    [1, 3],
    [-3.8044775, -1.295884, -4.178751, -0.774953],
  ],
  [
    [2, 3],
    [-3.9874845, -1.592023, -4.434482, -1.331378],
  ],
  [
    [1, 2, 3],
    [-4.8422389, -2.446778, -5.289236, -1.885438],
  ],
];
const unit = (activation: ActivationIdentifier) =>
  layers.dense({ units: 4, useBias: false, kernelInitializer: 'identity', activation, inputShape: shape });
const predict = async (model: Sequential) => {
  const flat = (await model.predict(x, { verbose: 0 })).data as Float32Array;
  return picked.map((i) => flat[i]);
};
const close = (found: number[], right: number[]) => {
  for (const [i, value] of right.entries()) expect(found[i]).toBeCloseTo(value, 5);
};

describe('softmax over several axes', () => {
  it.each(softmax)('%j', async (axis, right) => {
    const config = { className: 'softmax', config: { axis } };
    for (const layer of [
      unit(activations.softmax({ axis })),
      unit(config),
      unit({ class_name: 'Softmax', config: { axis } }),
      unit(layers.softmax({ axis })),
      layers.activation({ activation: activations.softmax({ axis }), inputShape: shape }),
      layers.softmax({ axis, inputShape: shape }),
    ]) {
      const model = new Sequential([layer]);
      close(await predict(model), right);
      const again = modelFromJSON(JSON.stringify(model.toJSON()));
      again.setWeights(model.getWeights());
      close(await predict(again), right);
    }
  });

  it.each(logs)('log_softmax %j', async (axis, right) => {
    for (const layer of [
      unit(activations.logSoftmax({ axis })),
      unit({ className: 'log_softmax', config: { axis } }),
      layers.activation({ activation: activations.logSoftmax({ axis }), inputShape: shape }),
    ]) {
      const model = new Sequential([layer]);
      close(await predict(model), right);
      close(await predict(model.clone()), right);
    }
  });

  it('in convolutions, and with sizes that are known with the data only', async () => {
    const conv = layers.conv2D({
      filters: 4,
      kernelSize: 1,
      activation: activations.softmax({ axis: [1, 3] }),
      inputShape: [null, null, 4],
    });
    const model = new Sequential([conv]);
    const sums = (await model.predict(x, { verbose: 0 })).toArray() as number[][][][];
    for (const column of [0, 1, 2]) expect(sums[0].flatMap((row) => row[column]).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    close(await predict(new Sequential([layers.softmax({ axis: [1, 3], inputShape: [null, null, 4] })])), softmax[1][1]);
  });

  it('a list of one axis is that axis, and others are refused', () => {
    expect(activations.softmax({ axis: [-1] }).getConfig()).toEqual({});
    expect(activations.softmax({ axis: [2] }).spec(2)).toEqual({ activation: 'softmax' });
    const refused = (axis: number[]) => () =>
      new Sequential([layers.activation({ activation: activations.softmax({ axis }), inputShape: shape })]);
    expect(refused([])).toThrow(/must name an axis/);
    expect(refused([1, 1.5])).toThrow(/whole number/);
    expect(refused([1, -3])).toThrow(/each axis once/);
    expect(refused([0, 1])).toThrow(/the batch/);
    expect(refused([1, 4])).toThrow(/Received: 4/);
    expect(() => activations.sparsemax({ axis: [1, 2] } as never)).toThrow(/one axis/);
    expect(() => activations.glu({ axis: [1] } as never)).toThrow(/one axis/);
    expect(() => new layers.LSTMCell({ units: 2, activation: activations.softmax({ axis: [1, 2] }) })).toThrow(
      /works along axis 1,2/,
    );
  });
});

describe('BatchNormalization', () => {
  const config = (own: object) => ({
    class_name: 'Sequential',
    config: { layers: [{ class_name: 'BatchNormalization', config: { batch_input_shape: [null, 3], name: 'bn', ...own } }] },
  });
  it('a config with batch renormalization is refused by name; one that says it has none is taken', () => {
    const unused = { renorm: false, renorm_clipping: { rmax: 3, rmin: 0.3, dmax: 5 }, renorm_momentum: 0.9 };
    expect(modelFromJSON(config(unused)).layers[0].className).toBe('BatchNormalization');
    expect(modelFromJSON(config({ renorm: false, renorm_clipping: null, renorm_momentum: 0.99 })).built).toBe(true);
    for (const used of [{ renorm: true }, { ...unused, renorm: true }])
      expect(() => modelFromJSON(config(used))).toThrow(/'bn'.*batch renormalization is not available/);
  });
});
