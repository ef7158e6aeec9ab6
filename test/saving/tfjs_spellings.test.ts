import { expect, it, vi } from 'vitest';
import { activations, initializers, layers, modelFromJSON, type Sequential, sequential } from '../../lib/index.js';

// Words that TensorFlow.js's own writer and its users have for what Keras calls otherwise.
const read = (...stack: [string, object][]): Sequential =>
  modelFromJSON({
    class_name: 'Sequential',
    config: { name: 's', layers: stack.map(([class_name, config]) => ({ class_name, config })) },
  });

it('its configs', () => {
  expect(read(['Reshape', { target_shape: [null, 3], batch_input_shape: [null, 6] }]).outputShape).toEqual([null, 2, 3]);
  const embedding = {
    input_dim: 9,
    output_dim: 3,
    mask_zero: null,
    input_length: [2, 3],
    dtype: 'int32',
    batch_input_shape: [null, 2, 3],
  };
  expect(read(['Embedding', embedding]).outputShape).toEqual([null, 2, 3, 3]);
  const gelu = read(['Dense', { units: 1, activation: 'gelu_new', batch_input_shape: [null, 1] }]);
  expect(gelu.layers[0].getConfig().activation).toMatchObject({ options: { approximate: true } });
  // It writes the regularizer in the constraint's place.
  const depthwise = {
    kernel_size: 1,
    depthwise_constraint: { class_name: 'L1L2', config: { l1: 0, l2: 0.1 } },
    batch_input_shape: [null, 2, 2, 1],
  };
  expect(read(['DepthwiseConv2D', depthwise]).layers[0].getConfig()).toMatchObject({ depthwiseConstraint: null });
  expect(read(['GRU', { units: 2, implementation: 2, batch_input_shape: [null, 2, 1] }]).outputShape).toEqual([null, 2]);
});

it('ThresholdedReLU, of Keras 2 too, is a ReLU with a threshold', () => {
  const model = read(['ThresholdedReLU', { theta: 0.5, batch_input_shape: [null, 4] }]);
  expect(model.predictSync([[-1, 0.5, 0.6, 2]]).toArray()).toEqual([[0, 0, Math.fround(0.6), 2]]);
  expect(modelFromJSON(JSON.stringify(model)).layers[0].getConfig()).toMatchObject({ threshold: 0.5 });
  expect(
    read(['ThresholdedReLU', { batch_input_shape: [null, 2] }])
      .predictSync([[1, 1.5]])
      .toArray(),
  ).toEqual([[0, 1.5]]);
  expect(() => read(['ThresholdedReLU', { theta: -1 }])).toThrow(/'theta'/);
});

it('its options', () => {
  const { mode, distribution } = initializers.varianceScaling({ mode: 'fanAvg', distribution: 'truncatedNormal' } as object);
  expect([mode, distribution]).toEqual(['fan_avg', 'truncated_normal']);
  expect(initializers.leCunNormal()).toBeInstanceOf(initializers.LecunNormal);
  const model = sequential([
    layers.embedding({
      inputDim: 5,
      outputDim: 4,
      inputLength: [3, 2],
      inputDType: 'int32',
      embeddingsInitializer: 'leCunUniform',
    }),
    layers.reshape({ targetShape: [3, null] }),
    layers.lstm({ units: 2, implementation: 2, kernelInitializer: 'leCunNormal' }),
    layers.dense({ units: 1, activation: 'gelu_new' }),
  ]);
  expect(model.outputShape).toEqual([null, 1]);
  expect(
    sequential([layers.dense({ units: 1, inputShape: [2], batchSize: 8, activation: activations.gelu })]).inputShape,
  ).toEqual([null, 2]);
  expect(() => layers.lstm({ units: 1, implementation: 7 })).toThrow(/'implementation'/);
  expect(() => layers.dense({ units: 1, inputDType: 'complex64' as never })).toThrow(/complex64/);
});

it('bilinear upsampling, which TensorFlow.js computes otherwise: a warning, where it wrote the model', () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const load = (own: object, className: string, config: object, nested = false) => {
    const layers = [{ class_name: className, config: { ...config, batch_input_shape: [null, 2, 2, 1] } }];
    const inner = { class_name: 'Sequential', config: { name: 'inner', layers } };
    modelFromJSON({ class_name: 'Sequential', config: { name: 's', layers: nested ? [inner] : layers }, ...own });
  };
  const tfjs = { keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' };
  load(tfjs, 'UpSampling2D', { size: [2, 2], interpolation: 'nearest' });
  load({ keras_version: '2.15.0', backend: 'tensorflow' }, 'UpSampling2D', { size: [2, 2], interpolation: 'bilinear' });
  expect(warn).not.toHaveBeenCalled();
  load(tfjs, 'UpSampling2D', { size: [2, 2], interpolation: 'bilinear', name: 'up' }, true);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn.mock.calls[0]).toEqual([expect.stringMatching(/'up' \(UpSampling2D\).*centres/), { code: 'GEMMFIT_TFJS' }]);
  warn.mockRestore();
});
