import { describe, expect, it } from 'vitest';
import { array, layers, type NDArray, sequential, setRandomSeed } from '../../lib/index.js';
import { layerRegistry } from '../../lib/layers/index.js';
import type { Layer, Shape } from '../../lib/layers/layer.js';
import defaults from '../parity/units/layer_defaults.json';
import { throwing } from './helpers.js';

const error = (call: () => unknown): unknown => {
  try {
    call();
  } catch (e) {
    return e;
  }
  return undefined;
};
const ones = (...shape: number[]) => array(new Float32Array(shape.reduce((n, d) => n * d, 1)).fill(1), shape);

// The mean absolute error from a label far below is the prediction and a constant: its gradient is 1.
const farBelow = array([[-1e6]]);

/**
 * What a noisy layer drew in each step of a training: a bias below it is moved by the gradient of the output's sum, which is the draw.
 */
async function draws(make: () => Layer, steps: number, width = 64): Promise<number[][]> {
  setRandomSeed(5);
  const model = sequential([
    layers.dense({ units: width, kernelInitializer: 'zeros', inputShape: [1] }),
    make(),
    layers.dense({ units: 1, kernelInitializer: 'ones', trainable: false }),
  ]);
  model.compile({ optimizer: 'sgd', loss: 'mae' });
  const bias = () => Array.from((model.layers[0].getWeights()[1] as NDArray).data as Float32Array);
  const out: number[][] = [];
  let before = bias();
  for (let i = 0; i < steps; i++) {
    await model.trainOnBatch(ones(1, 1), farBelow);
    const now = bias();
    out.push(now.map((v, j) => Math.round((before[j] - v) * 1e5) / 1e3));
    before = now;
  }
  return out;
}

describe('seeds', () => {
  const kinds: [string, (seed?: number) => Layer][] = [
    ['dropout', (seed) => layers.dropout({ rate: 0.5, seed })],
    ['alphaDropout', (seed) => layers.alphaDropout({ rate: 0.5, seed })],
    ['gaussianDropout', (seed) => layers.gaussianDropout({ rate: 0.5, seed })],
  ];
  it.each(kinds)('%s draws anew each step, from the seed alone', async (_, make) => {
    const [a, b] = await draws(make, 2);
    expect(a).not.toEqual(b);
    expect(await draws(make, 2)).toEqual([a, b]);
    const own = await draws(() => make(3), 2);
    expect(own).not.toEqual([a, b]);
    expect(await draws(() => make(3), 2)).toEqual(own);
    expect(await draws(() => make(4), 2)).not.toEqual(own);
  });
});

describe('in training', () => {
  it('Dropout keeps 1 / (1 - rate) or nothing', async () => {
    const [first] = await draws(() => layers.dropout({ rate: 0.75 }), 1, 400);
    expect([...new Set(first)].sort()).toEqual([0, 4]);
    const kept = first.filter((v) => v !== 0).length;
    expect(kept).toBeGreaterThan(60);
    expect(kept).toBeLessThan(140);
  });

  it('noise shapes and spatial dropout share draws', async () => {
    const wide = (layer: Layer) => {
      // Not a layer of its own in Keras: steps and features out of one row, and back.
      return sequential([
        layers.dense({ units: 24, kernelInitializer: 'zeros', inputShape: [1] }),
        layers.reshape({ targetShape: [6, 4] }),
        layer,
        layers.flatten(),
        layers.dense({ units: 1, kernelInitializer: 'ones', trainable: false }),
      ]);
    };
    for (const [layer, shared] of [
      [layers.spatialDropout1D({ rate: 0.5 }), (i: number) => i % 4],
      [layers.dropout({ rate: 0.5, noiseShape: [null, 6, 1] }), (i: number) => Math.floor(i / 4)],
    ] as const) {
      const model = wide(layer);
      model.compile({ optimizer: 'sgd', loss: 'mae' });
      await model.trainOnBatch(ones(1, 1), farBelow);
      const bias = (model.layers[0].getWeights()[1] as NDArray).data;
      for (let i = 0; i < 24; i++) for (let j = 0; j < i; j++) if (shared(i) === shared(j)) expect(bias[i]).toBe(bias[j]);
    }
  });

  it('ActivityRegularization adds its mean over the batch, also to what evaluate says', async () => {
    const model = sequential([layers.activityRegularization({ l1: 0.5, l2: 0.25, inputShape: [2] })]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const x = array([
      [1, -2],
      [3, 0],
    ]);
    expect(await model.evaluate(x, x, { verbose: 0 })).toBeCloseTo((0.5 * 6 + 0.25 * 14) / 2, 5);
  });
});

describe('in inference', () => {
  it('nothing changes', async () => {
    const x = array(
      Float32Array.from({ length: 48 }, (_, i) => Math.sin(i)),
      [2, 2, 3, 4],
    );
    const model = sequential([
      layers.dropout({ rate: 0.5, inputShape: [2, 3, 4] }),
      layers.spatialDropout2D({ rate: 0.5, dataFormat: 'channels_first' }),
      layers.alphaDropout({ rate: 0.5 }),
      layers.gaussianDropout({ rate: 0.5 }),
      layers.gaussianNoise({ stddev: 1 }),
    ]);
    expect((await model.predict(x, { verbose: 0 })).data).toEqual(x.data);
  });
});

describe('configs', () => {
  it("are Keras's", () => {
    for (const [name, layer] of [
      ['Dropout', layers.dropout({ rate: 0.5 })],
      ['GaussianNoise', layers.gaussianNoise({ stddev: 0.5 })],
    ] as const)
      for (const version of ['keras3', 'tfkeras'] as const)
        expect(layerRegistry.resolve({ class_name: name, config: defaults[version][name] }).getConfig()).toEqual(
          layer.getConfig(),
        );
  });

  it('come back', () => {
    for (const layer of [
      layers.dropout({ rate: 0.5, noiseShape: [null, 1], seed: 3 }),
      layers.spatialDropout3D({ rate: 0.1, dataFormat: 'channels_first' }),
      layers.spatialDropout1D({ rate: 0.1 }),
      layers.alphaDropout({ rate: 0.1 }),
      layers.activityRegularization({ l1: 1 }),
    ])
      expect(layerRegistry.resolve({ className: layer.className, config: layer.getConfig() }).getConfig()).toEqual(
        layer.getConfig(),
      );
  });
});

describe('errors', () => {
  it('of options', () => {
    for (const make of [layers.dropout, layers.alphaDropout, layers.gaussianDropout, layers.spatialDropout1D]) {
      expect(error(() => make({ rate: -0.1 }))).toEqual(throwing('ERR_OUT_OF_RANGE', /'rate'.*Received: -0.1/));
      expect(error(() => make({ rate: 1.1 }))).toEqual(throwing('ERR_OUT_OF_RANGE', /'rate'/));
      expect(error(() => make({} as never))).toEqual(throwing('ERR_TYPE', /'rate'/));
      expect(error(() => make({ rate: 0.5, seed: 0.5 }))).toEqual(throwing('ERR_TYPE', /'seed'/));
    }
    expect(error(() => layers.gaussianDropout({ rate: 1 }))).toEqual(throwing('ERR_OUT_OF_RANGE', /< 1/));
    expect(error(() => layers.gaussianNoise({ stddev: -1 }))).toEqual(throwing('ERR_OUT_OF_RANGE', /'stddev'/));
    expect(error(() => layers.dropout({ rate: 0.5, noiseShape: 3 as never }))).toEqual(throwing('ERR_TYPE', /'noiseShape'/));
    expect(error(() => layers.dropout({ rate: 0.5, noiseShape: [0] }))).toEqual(throwing('ERR_SHAPE', /'noiseShape'/));
    expect(error(() => layers.dropout({ rate: 0.5, noise: [1] } as never))).toEqual(throwing('ERR_UNKNOWN_OPTION', /noiseShape/));
    expect(error(() => layers.activityRegularization({ l1: -1 }))).toEqual(throwing('ERR_OUT_OF_RANGE', /'l1'/));
  });

  it('of shapes', () => {
    const shape = (layer: Layer, input: Shape) => error(() => layer.computeOutputShape(input));
    expect(shape(layers.dropout({ rate: 0.5, noiseShape: [1, 2] }), [3])).toEqual(
      throwing('ERR_SHAPE', /\[batch, 3\].*Received: \[1, 2\]/),
    );
    expect(shape(layers.dropout({ rate: 0.5, noiseShape: [null] }), [3])).toEqual(throwing('ERR_SHAPE', /'noiseShape'/));
    expect(shape(layers.spatialDropout1D({ rate: 0.5 }), [3])).toEqual(throwing('ERR_SHAPE', /rank 2/));
    expect(shape(layers.spatialDropout3D({ rate: 0.5 }), [3, 3])).toEqual(throwing('ERR_SHAPE', /rank 4/));
  });
});
