// Writes a model of each layer as .onnx, with an input and what the model predicts for it: node onnx_cases.mjs DIR. onnx_check.py runs them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { missing } from './models.mjs';

const g = createRequire(new URL('../../package.json', import.meta.url))('gemmfit');
const L = g.layers;
const V = [6];
const S = [5, 4];
const S2 = [8, 3];
const I = [9, 7, 3];
const I3 = [5, 6, 4, 2];
const activations =
  'relu relu6 sigmoid tanh elu celu selu softplus softsign exponential hard_sigmoid hard_silu hard_tanh leaky_relu log_sigmoid mish silu soft_shrink hard_shrink tanh_shrink squareplus gelu sparse_sigmoid sparse_plus softmax log_softmax glu';

/** Name: shape of a sample, layers. */
export const cases = {
  ...Object.fromEntries(activations.split(' ').map((name) => [`activation_${name}`, [V, [L.activation({ activation: name })]]])),
  relu_options: [V, [L.reLU({ maxValue: 1, negativeSlope: 0.2, threshold: 0.1 })]],
  leaky_relu: [V, [L.leakyReLU()]],
  elu: [V, [L.elu({ alpha: 0.5 })]],
  prelu: [S, [L.prelu({ sharedAxes: [1] })]],
  softmax_axes: [S, [L.softmax({ axis: [1, 2] })]],
  softmax_steps: [S, [L.softmax({ axis: 1 })]],
  dense: [S, [L.dense({ units: 3 })]],
  embedding: [[4], [L.embedding({ inputDim: 7, outputDim: 3 })]],
  conv1d_causal: [S2, [L.conv1D({ filters: 4, kernelSize: 3, padding: 'causal', dilationRate: 2 })]],
  conv1d_same: [S2, [L.conv1D({ filters: 4, kernelSize: 3, padding: 'same', strides: 2 })]],
  conv2d_same: [I, [L.conv2D({ filters: 4, kernelSize: [3, 2], padding: 'same', strides: [2, 1] })]],
  conv2d_groups: [I, [L.conv2D({ filters: 6, kernelSize: 2, groups: 3 })]],
  conv2d_first: [[3, 9, 7], [L.conv2D({ filters: 4, kernelSize: 3, dataFormat: 'channels_first' })]],
  conv3d: [I3, [L.conv3D({ filters: 3, kernelSize: 2, padding: 'same' })]],
  conv1d_transpose: [S2, [L.conv1DTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' })]],
  conv2d_transpose_padded: [I, [L.conv2DTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', outputPadding: 1 })]],
  conv2d_transpose_valid: [I, [L.conv2DTranspose({ filters: 2, kernelSize: 2, strides: 3 })]],
  conv2d_transpose_same: [I, [L.conv2DTranspose({ filters: 2, kernelSize: 4, strides: 2, padding: 'same' })]],
  conv3d_transpose: [I3, [L.conv3DTranspose({ filters: 2, kernelSize: 2, strides: 2 })]],
  depthwise1d: [S2, [L.depthwiseConv1D({ kernelSize: 3, depthMultiplier: 2 })]],
  depthwise2d: [I, [L.depthwiseConv2D({ kernelSize: 3, depthMultiplier: 2, padding: 'same', strides: 2 })]],
  separable1d: [S2, [L.separableConv1D({ filters: 4, kernelSize: 2 })]],
  separable2d: [I, [L.separableConv2D({ filters: 4, kernelSize: 3, padding: 'same' })]],
  max1d: [S2, [L.maxPooling1D({ poolSize: 3, strides: 2, padding: 'same' })]],
  max2d: [I, [L.maxPooling2D({ poolSize: 2 })]],
  max3d: [I3, [L.maxPooling3D({ poolSize: 2, padding: 'same' })]],
  average1d: [S2, [L.averagePooling1D({ poolSize: 3, padding: 'same' })]],
  average2d: [I, [L.averagePooling2D({ poolSize: 2, padding: 'same' })]],
  average3d: [I3, [L.averagePooling3D({ poolSize: 2 })]],
  global_max1d: [S, [L.globalMaxPooling1D()]],
  global_max2d: [I, [L.globalMaxPooling2D({ keepdims: true })]],
  global_max3d: [I3, [L.globalMaxPooling3D()]],
  global_average1d: [S, [L.globalAveragePooling1D()]],
  global_average2d: [I, [L.globalAveragePooling2D()]],
  global_average3d: [I3, [L.globalAveragePooling3D({ dataFormat: 'channels_first' })]],
  adaptive_max1d: [S2, [L.adaptiveMaxPooling1D({ outputSize: 4 })]],
  adaptive_max2d: [[8, 6, 3], [L.adaptiveMaxPooling2D({ outputSize: [4, 3] })]],
  adaptive_max3d: [[4, 4, 4, 2], [L.adaptiveMaxPooling3D({ outputSize: 2 })]],
  adaptive_average1d: [S2, [L.adaptiveAveragePooling1D({ outputSize: 4 })]],
  adaptive_average2d: [[8, 6, 3], [L.adaptiveAveragePooling2D({ outputSize: 2 })]],
  adaptive_average3d: [[4, 4, 4, 2], [L.adaptiveAveragePooling3D({ outputSize: 2 })]],
  lstm: [S, [L.lstm({ units: 3 })]],
  lstm_backwards: [S, [L.lstm({ units: 3, returnSequences: true, goBackwards: true, recurrentActivation: 'hard_sigmoid' })]],
  gru: [S, [L.gru({ units: 3, returnSequences: true })]],
  gru_reset_before: [S, [L.gru({ units: 3, resetAfter: false, useBias: false, activation: 'relu' })]],
  simple_rnn: [S, [L.simpleRNN({ units: 3 })]],
  stacked_cells: [
    S,
    [
      L.rnn({
        cell: [new L.GRUCell({ units: 3 }), new L.LSTMCell({ units: 2 }), new L.SimpleRNNCell({ units: 2 })],
        returnSequences: true,
      }),
    ],
  ],
  bidirectional: [S, [L.bidirectional({ layer: L.lstm({ units: 3, returnSequences: true }) })]],
  bidirectional_last: [S, [L.bidirectional({ layer: L.gru({ units: 3 }), mergeMode: 'ave' })]],
  bidirectional_backwards: [
    S,
    [L.bidirectional({ layer: L.simpleRNN({ units: 3, returnSequences: true, goBackwards: true }), mergeMode: 'mul' })],
  ],
  time_distributed: [[3, 6, 6, 2], [L.timeDistributed({ layer: L.conv2D({ filters: 2, kernelSize: 3 }) })]],
  nested: [S, [g.sequential([L.dense({ units: 3, inputShape: S }), L.lstm({ units: 2 })])]],
  batch_normalization: [I, [L.batchNormalization()]],
  batch_normalization_axis: [I, [L.batchNormalization({ axis: 1, scale: false })]],
  layer_normalization: [S, [L.layerNormalization()]],
  layer_normalization_axes: [I, [L.layerNormalization({ axis: [1, 3] })]],
  layer_normalization_rms: [S, [L.layerNormalization({ rmsScaling: true })]],
  group_normalization: [[4, 4, 6], [L.groupNormalization({ groups: 3 })]],
  group_normalization_axis: [[6, 4, 4], [L.groupNormalization({ groups: 2, axis: 1 })]],
  rms_normalization: [S, [L.rmsNormalization()]],
  unit_normalization: [S, [L.unitNormalization()]],
  normalization: [S, [L.normalization({ mean: [1, 2, 3, 4], variance: [1, 2, 3, 4] })]],
  normalization_invert: [S, [L.normalization({ mean: 1, variance: 2, invert: true })]],
  spectral_normalization: [S, [L.spectralNormalization({ layer: L.dense({ units: 3 }) })]],
  noise: [
    S,
    [
      L.dropout({ rate: 0.5 }),
      L.gaussianNoise({ stddev: 1 }),
      L.gaussianDropout({ rate: 0.2 }),
      L.alphaDropout({ rate: 0.2 }),
      L.spatialDropout1D({ rate: 0.2 }),
      L.activityRegularization({ l1: 0.1 }),
      L.dense({ units: 2 }),
    ],
  ],
  noise_of_images: [I, [L.spatialDropout2D({ rate: 0.2 }), L.flatten()]],
  noise_of_volumes: [I3, [L.spatialDropout3D({ rate: 0.2 }), L.flatten()]],
  flatten: [I, [L.flatten()]],
  reshape: [I, [L.reshape({ targetShape: [-1, 9] })]],
  permute: [I, [L.permute({ dims: [3, 1, 2] })]],
  repeat_vector: [V, [L.repeatVector({ n: 3 })]],
  masking: [S, [L.masking({ maskValue: 0 }), L.dense({ units: 2 })]],
  rescaling: [I, [L.rescaling({ scale: [1, 2, 3], offset: 0.5 })]],
  zero_padding1d: [S, [L.zeroPadding1D({ padding: [1, 2] })]],
  zero_padding2d: [
    I,
    [
      L.zeroPadding2D({
        padding: [
          [1, 0],
          [2, 1],
        ],
      }),
    ],
  ],
  zero_padding3d: [I3, [L.zeroPadding3D()]],
  cropping1d: [S, [L.cropping1D({ cropping: 1 })]],
  cropping2d: [
    I,
    [
      L.cropping2D({
        cropping: [
          [1, 0],
          [2, 1],
        ],
      }),
    ],
  ],
  cropping3d: [I3, [L.cropping3D({ cropping: 1 })]],
  up_sampling1d: [S, [L.upSampling1D({ size: 2 })]],
  up_sampling2d: [I, [L.upSampling2D({ size: [2, 3] })]],
  up_sampling2d_bilinear: [I, [L.upSampling2D({ size: 2, interpolation: 'bilinear' })]],
  up_sampling3d: [I3, [L.upSampling3D({ size: 2 })]],
};

/** The model of a case, with weights that follow from its name. */
export function modelOf(name, [shape, stack]) {
  let seed = [...name].reduce((s, c) => (s * 31 + c.charCodeAt(0)) % 2147483647, 7);
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  const model = g.sequential([g.input({ shape }), ...stack]);
  model.setWeights(
    model.weights.map((w) => {
      const size = w.shape.reduce((n, d) => n * d, 1);
      const least = /variance/.test(w.name) ? 0.5 : -0.5;
      return g.array(
        Float32Array.from({ length: size }, () => random() + least),
        [...w.shape],
      );
    }),
  );
  const size = 3 * shape.reduce((n, d) => n * d, 1);
  const x = Float32Array.from({ length: size }, (_, i) => (name === 'embedding' ? i % 7 : (random() - 0.5) * 4));
  if (name === 'masking') x.fill(0, 4, 8);
  return { model, x: g.array(x, [3, ...shape]) };
}

/** Layers that no node of ONNX computes: refused by name, see test/saving/onnx.test.ts. */
const refused = /^(ConvLSTM|Random|Resizing|CenterCrop|CategoryEncoding|Discretization)/;

if (process.argv[2]) {
  const folder = join(process.argv[2], 'onnx');
  const without = missing(g, Object.fromEntries(Object.entries(cases).map(([name, [, layers]]) => [name, { layers }])));
  const forgotten = without.filter((name) => !refused.test(name));
  if (forgotten.length) throw new Error(`no case for ${forgotten.join(', ')}`);
  mkdirSync(folder, { recursive: true });
  const out = [];
  for (const [name, given] of Object.entries(cases)) {
    const { model, x } = modelOf(name, given);
    await model.save(join(folder, `${name}.onnx`));
    const p = await model.predict(x, { verbose: 0 });
    out.push({ name, ids: name === 'embedding', shape: x.shape, x: [...x.data], predicted: [...p.data], outputShape: p.shape });
  }
  writeFileSync(join(folder, 'cases.json'), JSON.stringify(out));
}
