import { afterEach, describe, expect, it } from 'vitest';
import {
  dtypePolicy,
  layers,
  modelFromJSON,
  type Sequential,
  sequential,
  setDtypePolicy,
  setRandomSeed,
  setThreads,
  version,
} from '../lib/index.js';

// biome-ignore lint/suspicious/noExplicitAny: JSON of the files, and arguments of a wrong type
type Any = any;

afterEach(() => setDtypePolicy('float32'));

const dense = (config: object = {}) => ({
  class_name: 'Dense',
  config: { name: 'd', units: 2, batch_input_shape: [null, 3], ...config },
});
const read = (config: object) => modelFromJSON({ class_name: 'Sequential', config: { name: 's', layers: [dense(config)] } });
const thrown = (act: () => unknown): Any => {
  try {
    act();
  } catch (error) {
    return error;
  }
};

describe('the policy', () => {
  it('is float32 unless a layer or the global policy says otherwise, and that of a layer stays', () => {
    const before = layers.dense({ units: 2 });
    setDtypePolicy('mixed_bfloat16');
    expect(dtypePolicy()).toBe('mixed_bfloat16');
    const after = layers.dense({ units: 2 });
    const own = layers.dense({ units: 2, dtype: 'float32' });
    setDtypePolicy('float32');
    expect([before, after, own].map((l) => l.dtypePolicy)).toEqual(['float32', 'mixed_bfloat16', 'float32']);
    expect([before, after, own].map((l) => l.getConfig().dtype)).toEqual(['float32', 'mixed_bfloat16', 'float32']);
  });

  it.each(['float16', 'mixed_float16', 'bfloat16', 'float64', '', 1, {}, { config: { name: 'mixed_float16' } }])(
    'is refused where it is %j, and what there is is named',
    (dtype) => {
      for (const act of [() => layers.dense({ units: 2, dtype: dtype as never }), () => setDtypePolicy(dtype as Any)])
        expect(thrown(act)).toMatchObject({
          name: 'ValueError',
          code: 'ERR_DTYPE',
          message: expect.stringMatching(/'float32', 'mixed_bfloat16'/),
        });
      expect(dtypePolicy()).toBe('float32');
    },
  );

  it('is refused by recurrent layers, whose products are float32 only, and taken by all others', () => {
    const dtype = 'mixed_bfloat16';
    for (const make of [() => layers.lstm({ units: 2, dtype }), () => layers.gru({ units: 2, dtype })])
      expect(thrown(make)).toMatchObject({ code: 'ERR_DTYPE', message: expect.stringMatching(/give it dtype: 'float32'/) });
    for (const layer of [
      layers.conv2D({ filters: 2, kernelSize: 3, dtype }),
      layers.dropout({ rate: 0.5, dtype }),
      layers.batchNormalization({ dtype }),
      layers.flatten({ dtype }),
    ])
      expect(layer.dtypePolicy).toBe(dtype);
  });
});

describe('configs', () => {
  it.each([
    ['Keras 3', { module: 'keras', class_name: 'DTypePolicy', config: { name: 'mixed_bfloat16' }, registered_name: null }],
    ['Keras 2', { class_name: 'Policy', config: { name: 'mixed_bfloat16' } }],
    ['a name', 'mixed_bfloat16'],
  ])('of %s are read and written', (_, dtype) => {
    const model = read({ dtype });
    expect(model.layers[0].dtypePolicy).toBe('mixed_bfloat16');
    const written = model.toJSON() as Any;
    expect(written.config.layers[1].config.dtype).toMatchObject({
      module: 'keras',
      class_name: 'DTypePolicy',
      config: { name: 'mixed_bfloat16' },
    });
    expect(modelFromJSON(written).layers[0].dtypePolicy).toBe('mixed_bfloat16');
    expect(layers.dense(model.layers[0].getConfig() as Any).dtypePolicy).toBe('mixed_bfloat16');
  });
});

describe('training', () => {
  const rows = 600;
  const features = 40;
  const x = Float32Array.from({ length: rows * features }, (_, i) => Math.sin(i * 12.9898) * 2);
  const y = Int32Array.from({ length: rows }, (_, r) => (x[r * features] + x[r * features + 1] > x[r * features + 2] ? 1 : 0));

  const make = (dtype: string, units: readonly number[] = [64, 2]): Sequential => {
    setRandomSeed(3);
    const model = sequential(
      units.map((n, i) =>
        layers.dense({
          units: n,
          dtype: dtype as never,
          activation: i < units.length - 1 ? 'relu' : 'softmax',
          ...(i === 0 && { inputShape: [features] }),
        }),
      ),
    );
    model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
    return model;
  };

  it('learns as with float32, by other bits', async () => {
    const fit = async (dtype: string) => {
      const model = make(dtype);
      const { history } = await model.fit(x, y, { epochs: 12, batchSize: 50, verbose: 0 });
      return history as Record<string, number[]>;
    };
    const plain = await fit('float32');
    const mixed = await fit('mixed_bfloat16');
    expect(mixed.loss[0]).not.toBe(plain.loss[0]);
    expect(plain.loss[11]).toBeLessThan(plain.loss[0] / 2);
    mixed.loss.forEach((loss, i) => {
      expect(Math.abs(loss - plain.loss[i])).toBeLessThan(0.02);
    });
    expect(mixed.accuracy[11]).toBeGreaterThan(0.95);
  });

  it('rounds what is multiplied and nothing else', () => {
    const model = sequential([layers.dense({ units: 1, inputShape: [1], dtype: 'mixed_bfloat16' })]);
    const fine = 1 + 2 ** -12;
    model.setWeights([[[fine]], [fine]]);
    expect(model.getWeights()[0].data[0]).toBe(fine);
    expect(model.predictSync([[fine]]).data[0]).toBe(1 + fine);
  });

  it.each([
    ['conv1D', () => layers.conv1D({ filters: 1, kernelSize: 1, dtype: 'mixed_bfloat16', inputShape: [2, 1] })],
    ['conv1DTranspose', () => layers.conv1DTranspose({ filters: 1, kernelSize: 1, dtype: 'mixed_bfloat16', inputShape: [2, 1] })],
    ['separableConv1D', () => layers.separableConv1D({ filters: 1, kernelSize: 1, dtype: 'mixed_bfloat16', inputShape: [2, 1] })],
    [
      'timeDistributed',
      () => layers.timeDistributed({ layer: layers.dense({ units: 1, dtype: 'mixed_bfloat16' }), inputShape: [2, 1] }),
    ],
  ])('rounds in %s', (_, make) => {
    const model = sequential([make()]);
    const fine = 1 + 2 ** -12;
    const kernels = model.getWeights().slice(0, -1);
    model.setWeights([...kernels.map(({ shape }) => ({ data: new Float32Array(1).fill(fine), shape })), [0]]);
    expect(Array.from(model.predictSync([[[fine], [3]]]).data)).toEqual([1, 3]);
  });

  it('has the same bits on one thread and on two', async () => {
    const weights: Uint8Array[][] = [];
    for (const threads of [1, 2]) {
      setThreads(threads);
      const model = make('mixed_bfloat16', [500, 300, 2]);
      await model.fit(x, y, { epochs: 2, batchSize: 128, verbose: 0 });
      weights.push(model.getWeights().map((w) => new Uint8Array((w.data as Float32Array).slice().buffer)));
    }
    expect(weights[1]).toEqual(weights[0]);
  });

  it('is told by the version how it is computed', () => {
    expect(['AMX', 'AVX512_BF16', 'emulated']).toContain(version.bfloat16);
  });
});
