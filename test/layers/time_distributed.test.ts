import { describe, expect, it } from 'vitest';
import { layers, Sequential, setRandomSeed, setThreads } from '../../lib/index.js';
import type { Layer } from '../../lib/layers/layer.js';
import { built, programOf, throwing } from './helpers.js';

describe('TimeDistributed', () => {
  it('applies a layer to every step', () => {
    const inner = layers.dense({ units: 2, activation: 'relu' });
    const layer = built(layers.timeDistributed({ layer: inner }) as never as Layer, [4, 6, 3]);
    expect(layer.computeOutputShape([4, 6, 3])).toEqual([4, 6, 2]);
    expect(layer.weights).toEqual(inner.weights);
    const label = "layer 'time_distributed_layer'";
    expect(programOf(layer, [4, 6, 3])).toMatchObject([
      { op: 'stepsToRows', inputs: [0], output: 1 },
      { op: 'dense', units: 2, useBias: true, weights: [0, 1], label, inputs: [1], output: 2, stream: [1, 0, 0] },
      { op: 'activation', activation: 'relu', label, inputs: [2], output: 3, stream: [1, 0, 1] },
      { op: 'rowsToSteps', inputs: [3], output: 4 },
    ]);
    expect(() => layer.computeOutputShape([4])).toThrow(throwing('ERR_SHAPE', /rank 2 or more/));
  });

  it('hands trainable down', () => {
    const inner = layers.dense({ units: 2 });
    const layer = layers.timeDistributed({ layer: inner });
    layer.buildFor([4, 3]);
    layer.trainable = false;
    expect(inner.trainable).toBe(false);
    expect(layer.trainable).toBe(false);
    expect(layer.weights.some((w) => w.trainable)).toBe(false);
    layer.trainable = true;
    expect(layer.weights.every((w) => w.trainable)).toBe(true);
    layers.timeDistributed({ layer: inner, trainable: false });
    expect(inner.trainable).toBe(false);
  });

  it('refuses cells and stateful layers', () => {
    expect(() => layers.timeDistributed({ layer: new layers.GRUCell({ units: 2 }) })).toThrow(throwing('ERR_TYPE', /not a cell/));
    expect(() => layers.timeDistributed({ layer: layers.gru({ units: 2, stateful: true }) })).toThrow(
      throwing('ERR_LAYER', /stateful/),
    );
    expect(() => layers.timeDistributed({ layer: 3 as never })).toThrow(throwing('ERR_TYPE', /must be a layer/));
  });

  const data = (shape: number[], seed = 1) => ({
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(seed * 97 + i * i * 0.37)),
    shape,
  });

  it('gives batch normalization the same bits on one thread and on two', async () => {
    const weights = async (threads: number) => {
      setThreads(threads);
      setRandomSeed(3);
      const model = new Sequential([
        layers.timeDistributed({ layer: layers.conv1D({ filters: 24, kernelSize: 3 }), inputShape: [5, 40, 6] }),
        layers.timeDistributed({ layer: layers.batchNormalization() }),
        layers.timeDistributed({ layer: layers.flatten() }),
        layers.timeDistributed({ layer: layers.batchNormalization({ momentum: 0.5 }) }),
        layers.dense({ units: 3 }),
      ]);
      model.compile({ optimizer: 'adam', loss: 'mse' });
      await model.fit(data([70, 5, 40, 6]), data([70, 5, 3], 2), { epochs: 2, batchSize: 32, verbose: 0 });
      return model.getWeights().map((w) => Buffer.from(w.data.slice().buffer).toString('hex'));
    };
    expect(await weights(2)).toEqual(await weights(1));
  });

  it('draws the noise that samples share anew for each step', async () => {
    setRandomSeed(5);
    const model = new Sequential([
      layers.timeDistributed({ layer: layers.dropout({ rate: 0.5, noiseShape: [1, 8] }), inputShape: [6, 8] }),
      layers.dense({ units: 1, useBias: false, kernelInitializer: 'ones' }),
    ]);
    model.compile({ optimizer: 'sgd', loss: 'mae' });
    // The gradient of a kernel's element is how often its feature was kept, with its sign: from 0 to 6 steps of all samples alike.
    await model.trainOnBatch(
      { data: new Float32Array(4 * 6 * 8).fill(1), shape: [4, 6, 8] },
      { data: new Float32Array(24), shape: [4, 6, 1] },
    );
    const kept = Array.from(model.getWeights()[0].data, (w) => ((1 - w) * 100 * 6) / 2);
    expect(kept.every((k) => Math.abs(k - Math.round(k)) < 1e-3)).toBe(true);
    expect(kept.some((k) => k > 0.5 && k < 5.5)).toBe(true);
  });

  it('predicts with spectral normalization, and refuses to train it over several steps', async () => {
    const made = (steps: number) => {
      const model = new Sequential([
        layers.timeDistributed({
          layer: layers.spectralNormalization({ layer: layers.dense({ units: 2 }) }),
          inputShape: [steps, 3],
          name: 'each',
        }),
      ]);
      model.compile({ optimizer: 'sgd', loss: 'mse' });
      return model;
    };
    const plain = new Sequential([layers.timeDistributed({ layer: layers.dense({ units: 2 }), inputShape: [4, 3] })]);
    const model = made(4);
    const [kernel, vector, bias] = model.getWeights();
    plain.setWeights([kernel, bias]);
    expect(vector.shape).toEqual([1, 2]);
    expect(model.predictSync(data([2, 4, 3]))).toEqual(plain.predictSync(data([2, 4, 3])));
    await expect(made(4).trainOnBatch(data([2, 4, 3]), data([2, 4, 2]))).rejects.toEqual(throwing('ERR_LAYER', /'each.*4 steps/));
    await expect(made(1).trainOnBatch(data([2, 1, 3]), data([2, 1, 2]))).resolves.toBeTypeOf('number');
  });

  it.each([
    ['a layer that takes one number a step', () => layers.lstm({ units: 2 })],
    ['a wrapper of steps', () => layers.timeDistributed({ layer: layers.dense({ units: 2 }) })],
    ['batch normalization of images', () => layers.batchNormalization()],
  ])('refuses a mask whose part does not fit: %s', (_, layer) => {
    const model = new Sequential([
      layers.masking({ inputShape: [3, 6] }),
      layers.timeDistributed({ layer: layers.reshape({ targetShape: [2, 3] }) }),
      layers.timeDistributed({ layer: layer(), name: 'each' }),
    ]);
    expect(() => model.predictSync(data([2, 3, 6]))).toThrow(throwing('ERR_MASK', /'each.*mask/));
  });
});
