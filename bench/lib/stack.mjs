// A workload's stack, layer by layer: what each makes of a sample's shape, what it multiplies, what it trains and what its backward pass
// needs of the forward pass. The layers are named as in gemmfit, with its options.

/** The shape of a sample of a workload's data. */
export const sampleShape = ({ shape, steps, features }) => shape ?? [steps, features].filter((n) => n !== undefined);

/** The layers as [name, options]; `units` are those of a stack of dense layers. */
export const layersOf = ({ units, layers }) =>
  layers ??
  units.map((n, i) => ['dense', { units: n, activation: i < units.length - 1 ? 'relu' : n === 1 ? 'sigmoid' : 'softmax' }]);

const sizeOf = (shape) => shape.reduce((n, d) => n * d, 1);

function cellsOf(length, size, stride, padding) {
  return padding === 'same' ? Math.ceil(length / stride) : Math.floor((length - size) / stride) + 1;
}

/** The spatial axes of a convolution or pool, and how many cells its window has. */
function windows(shape, size, stride, padding = 'valid') {
  const axes = shape.slice(0, -1).map((length) => cellsOf(length, size, stride, padding));
  return { axes, cells: sizeOf(axes), taps: size ** axes.length };
}

function convolution(shape, { filters, kernelSize, strides = 1, padding, useBias = true }) {
  const { axes, cells, taps } = windows(shape, kernelSize, strides, padding);
  const k = taps * shape.at(-1);
  return { out: [...axes, filters], products: [{ m: cells, n: filters, k }], parameters: (k + Number(useBias)) * filters };
}

function pooling(shape, { poolSize, strides = poolSize, padding }) {
  return { out: [...windows(shape, poolSize, strides, padding).axes, shape.at(-1)] };
}

// What a step keeps: the gates, and the states before it.
function recurrent([steps, features], units, gates, biases, kept) {
  const n = gates * units;
  return {
    out: [units],
    products: [
      { m: steps, n, k: features },
      { m: 1, n, k: units, times: steps, ofState: true },
    ],
    parameters: (features + units + biases) * n,
    kept: steps * kept * units,
  };
}

/**
 * name: (shape of a sample, options) => { out, products?, flops?, parameters?, statistics?, kept? }, for one sample.
 * products: m x n x k, `times` of them; flops: of the forward pass besides; kept: floats for the backward pass, else those of the output.
 */
const kinds = {
  dense: (shape, { units }) => ({
    out: [...shape.slice(0, -1), units],
    products: [{ m: sizeOf(shape) / shape.at(-1), n: units, k: shape.at(-1) }],
    parameters: (shape.at(-1) + 1) * units,
  }),
  conv1d: convolution,
  conv2d: convolution,
  depthwiseConv2d: (shape, { kernelSize, strides = 1, padding, useBias = true }) => {
    const { axes, cells, taps } = windows(shape, kernelSize, strides, padding);
    const channels = shape.at(-1);
    return { out: [...axes, channels], flops: 2 * cells * taps * channels, parameters: (taps + Number(useBias)) * channels };
  },
  maxPooling1d: pooling,
  maxPooling2d: pooling,
  globalAveragePooling1d: (shape) => ({ out: [shape.at(-1)] }),
  globalAveragePooling2d: (shape) => ({ out: [shape.at(-1)] }),
  batchNormalization: (shape) => ({ out: shape, parameters: 2 * shape.at(-1), statistics: 2 * shape.at(-1) }),
  activation: (shape) => ({ out: shape, kept: 0 }),
  flatten: (shape) => ({ out: [sizeOf(shape)], kept: 0 }),
  embedding: (shape, { inputDim, outputDim }) => ({ out: [...shape, outputDim], parameters: inputDim * outputDim }),
  lstm: (shape, { units }) => recurrent(shape, units, 4, 1, 6),
  gru: (shape, { units }) => recurrent(shape, units, 3, 2, 5),
};

export function describe(workload) {
  let shape = sampleShape(workload.data);
  return layersOf(workload).map(([name, options]) => {
    const layer = kinds[name](shape, options);
    shape = layer.out;
    return { name, options, products: [], flops: 0, parameters: 0, statistics: 0, kept: sizeOf(layer.out), ...layer };
  });
}

/** MiB that training needs: a batch of samples and what is kept of each layer, the weights, and Adam's two moments. */
export function neededMiB(workload) {
  const layers = describe(workload);
  const sum = (key) => layers.reduce((total, layer) => total + layer[key], 0);
  const batch = workload.batchSize * (sizeOf(sampleShape(workload.data)) + sum('kept'));
  return (4 * (batch + 3 * sum('parameters') + sum('statistics'))) / 2 ** 20;
}
