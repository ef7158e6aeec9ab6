// What each layer of the registry may be given in a random stack.
import { sizeOf } from '../../shapes.js';
import { type Draw, narrow, wide } from './draw.js';

export type Sample = readonly number[];
export type Options = Record<string, unknown>;
/** Options that fit samples of a shape; null where none do. */
type Rule = (d: Draw, shape: Sample) => Options | null;

const activation = (d: Draw) =>
  d.of(['relu', 'relu', 'tanh', 'sigmoid', 'elu', 'gelu', 'linear', 'swish', 'softplus', 'selu', 'softsign', 'mish', 'softmax']);

/** Samples of a rank alone. */
const ofRank =
  (rank: number, rule: Rule): Rule =>
  (d, shape) =>
    shape.length === rank ? rule(d, shape) : null;

/** Axes and channels, which now and then come first. */
function image(d: Draw, shape: Sample, mayBeFirst = true) {
  const first = mayBeFirst && d.chance(0.12);
  const [axes, channels] = first ? [shape.slice(1), shape[0]] : [shape.slice(0, -1), shape[shape.length - 1]];
  return { axes, channels, first, format: first ? { dataFormat: 'channels_first' } : {} };
}

const kernelParts = (d: Draw): Options => ({
  ...(d.chance(0.12) ? { kernelRegularizer: d.of(['l2', 'l1']) } : {}),
  ...(d.chance(0.06) ? { kernelConstraint: 'MaxNorm' } : {}),
});

function windowOf(d: Draw, axes: Sample, paddings: readonly string[]): Options {
  const padding = d.of(paddings);
  const least = padding === 'valid' ? Math.min(...axes) : 7;
  const kernelSize = d.of([1, 2, 3, 3, 5, 7].filter((k) => k <= least && (axes.length < 3 || k < 4)));
  const reach = 2 * (kernelSize - 1) + 1;
  const dilationRate = padding === 'valid' && reach > least ? 1 : d.rarely(1, [2]);
  const strides = dilationRate > 1 ? 1 : d.of([1, 1, 2]);
  return { kernelSize, padding, strides, dilationRate, useBias: d.chance(0.8), activation: activation(d) };
}

const conv = (rank: number): Rule =>
  ofRank(rank + 1, (d, shape) => {
    const { axes, channels, first, format } = image(d, shape);
    const groups = d.rarely(
      1,
      [2, 3, 4, channels].filter((g) => channels % g === 0),
    );
    const paddings = ['same', 'valid', ...(rank === 1 && !first ? ['causal'] : [])];
    const filters = Math.ceil(d.of(narrow) / groups) * groups;
    return { ...windowOf(d, axes, paddings), ...format, ...kernelParts(d), groups, filters };
  });
const convTranspose = (rank: number): Rule =>
  ofRank(rank + 1, (d, shape) => {
    const { axes, format } = image(d, shape);
    const { strides: _, dilationRate: __, ...window } = windowOf(d, axes, ['same', 'valid']);
    return { ...window, ...format, filters: d.of(narrow), strides: d.of([1, 2, 2, 3]) };
  });
const depthwise = (rank: number): Rule =>
  ofRank(rank + 1, (d, shape) => {
    const { axes, format } = image(d, shape);
    return { ...windowOf(d, axes, ['same', 'valid']), ...format, depthMultiplier: d.rarely(1, [2, 3]) };
  });
const separable = (rank: number): Rule =>
  ofRank(rank + 1, (d, shape) => {
    const { axes, format } = image(d, shape);
    return { ...windowOf(d, axes, ['same', 'valid']), ...format, filters: d.of(narrow), depthMultiplier: d.rarely(1, [2]) };
  });
const pool = (rank: number): Rule =>
  ofRank(rank + 1, (d, shape) => {
    const { axes, format } = image(d, shape);
    const padding = d.of(['same', 'valid']);
    const poolSize = d.of([2, 2, 3, 4].filter((p) => padding === 'same' || p <= Math.min(...axes)).concat(1));
    return { poolSize, padding, strides: d.of([null, null, 1, 2]), ...format };
  });
const globalPool = (rank: number): Rule =>
  ofRank(rank + 1, (d, shape) => ({ ...image(d, shape).format, keepdims: d.chance(0.2) }));
const adaptivePool = (rank: number): Rule =>
  ofRank(rank + 1, (d, shape) => ({ ...image(d, shape).format, outputSize: d.of([1, 2, 3, 4]) }));
const padding = (rank: number): Rule =>
  ofRank(rank + 1, (d, shape) => ({ ...image(d, shape, rank > 1).format, padding: d.of([1, 2]) }));
const cropping = (rank: number): Rule =>
  ofRank(rank + 1, (d, shape) => {
    const { axes, format } = image(d, shape, rank > 1);
    return Math.min(...axes) > 2 ? { cropping: 1, ...format } : null;
  });
const upSampling = (rank: number, more: (d: Draw) => Options = () => ({})): Rule =>
  ofRank(rank + 1, (d, shape) => ({ size: 2, ...image(d, shape, rank > 1).format, ...more(d) }));
const spatialDropout = (rank: number): Rule =>
  ofRank(rank + 1, (d, shape) => ({ rate: 0.3, ...image(d, shape, rank > 1).format }));
const resized = (more: (d: Draw) => Options = () => ({})): Rule =>
  ofRank(3, (d, shape) => ({ height: d.of([4, 7, 9]), width: d.of([3, 8]), ...image(d, shape).format, ...more(d) }));
const augmented = (options: (d: Draw) => Options): Rule =>
  ofRank(3, (d, shape) => ({ ...options(d), ...image(d, shape).format }));
const beyond = (d: Draw): Options => ({ fillMode: d.of(['reflect', 'constant', 'nearest', 'wrap']) });
const always =
  (options: (d: Draw, shape: Sample) => Options): Rule =>
  (d, shape) =>
    options(d, shape);

const units = [1, 3, 8, 16, 31, 64, 128] as const;
const cellOptions = (d: Draw): Options => ({
  units: d.of(units),
  activation: d.rarely('tanh', ['relu', 'sigmoid', 'softsign']),
  useBias: d.chance(0.85),
  dropout: d.rarely(0, [0.2]),
  recurrentDropout: d.rarely(0, [0.2]),
});
const sequenceOptions = (d: Draw): Options => ({
  returnSequences: d.chance(0.4),
  goBackwards: d.rarely(false, [true]),
  zeroOutputForMask: d.rarely(false, [true]),
});
const recurrent = (more: (d: Draw) => Options = () => ({})): Rule =>
  ofRank(2, (d) => ({ ...cellOptions(d), ...sequenceOptions(d), ...more(d) }));
const gru = (d: Draw) => ({ resetAfter: d.chance(0.7) });
const cells = ['LSTMCell', 'GRUCell', 'SimpleRNNCell'];
const cellOf = (d: Draw, className: string) => ({
  className,
  config: { ...cellOptions(d), ...(className === 'GRUCell' ? gru(d) : {}) },
});
const manyCells = (d: Draw) => Array.from({ length: d.of([1, 2, 3]) }, () => cellOf(d, d.of(cells)));
const rnnOf = (cell: (d: Draw) => unknown): Rule => ofRank(2, (d) => ({ cell: cell(d), ...sequenceOptions(d) }));
const convRecurrent = (rank: number): Rule =>
  ofRank(rank + 2, (d, shape) => {
    const { strides, dilationRate: _, activation: __, ...window } = windowOf(d, shape.slice(1, -1), ['same', 'valid']);
    const sequence = { returnSequences: d.chance(0.4), goBackwards: d.rarely(false, [true]) };
    return { ...window, strides, ...sequence, filters: d.of([1, 2, 3, 8, 16]), dropout: d.rarely(0, [0.2]) };
  });

const nested = (d: Draw, names: readonly string[], shape: Sample) => {
  const first = d.below(names.length);
  for (const className of [...names.slice(first), ...names.slice(0, first)]) {
    const config = layerRules[className](d, shape);
    if (config) return { className, config };
  }
  return null;
};
const around =
  (names: readonly string[], inside: (shape: Sample) => Sample, more: (d: Draw) => Options = () => ({})): Rule =>
  (d, shape) => {
    const layer = inside(shape).length > 0 ? nested(d, names, inside(shape)) : null;
    return layer && { layer, ...more(d) };
  };

const affine = (d: Draw) => ({ center: d.chance(0.85), scale: d.chance(0.85) });
const axis = (d: Draw, shape: Sample) => d.rarely<number>(-1, [1, shape.length]);

/** What takes the place of a cell in a stack: an RNN of it. */
export const placeOf = (className: string): string => (/Cells?$/.test(className) ? 'RNN' : className);

/** Every layer that stands in a stack, and every cell with the options of an RNN around it. An Embedding stands first, and is not here. */
export const layerRules: { readonly [className: string]: Rule } = {
  Dense: always((d, shape) => ({
    units: d.of(shape.length === 1 ? wide : narrow),
    activation: activation(d),
    useBias: d.chance(0.8),
    ...kernelParts(d),
  })),
  Activation: always((d) => ({ activation: activation(d) })),
  Softmax: always(() => ({})),
  ReLU: always((d) => ({ maxValue: d.of([null, 1, 6]), negativeSlope: d.of([0, 0.2]) })),
  LeakyReLU: always((d) => ({ negativeSlope: d.of([0.3, 0.1]) })),
  ELU: always((d) => ({ alpha: d.of([1, 0.5]) })),
  PReLU: always((d, shape) => (d.chance(0.5) ? {} : { sharedAxes: shape.map((_, i) => i + 1).slice(0, -1) })),

  Flatten: always(() => ({})),
  Reshape: always((d, shape) => {
    const n = sizeOf(shape);
    const factor = d.of([1, 2, 3, 4, 8].filter((f) => n % f === 0));
    return { targetShape: d.of([[factor, n / factor], [n / factor, factor], [-1], [1, factor, -1]]) };
  }),
  Permute: (d, shape) => {
    const dims = shape.map((_, i) => i + 1);
    return shape.length > 1 ? { dims: d.chance(0.5) ? dims.reverse() : [...dims.slice(1), 1] } : null;
  },
  RepeatVector: ofRank(1, (d, shape) => (shape[0] <= 256 ? { n: d.of([2, 3, 5]) } : null)),
  Discretization: always((d) => ({ binBoundaries: [-1, 0, 0.25, 1], outputMode: d.of(['int', 'one_hot']) })),
  CategoryEncoding: always((d) => ({ numTokens: d.of([1, 3, 8]), outputMode: 'one_hot' })),
  Rescaling: always((d) => ({ scale: d.of([0.5, 2]), offset: d.of([0, -0.1]) })),
  Masking: ofRank(2, () => ({ maskValue: 0 })),
  ActivityRegularization: always(() => ({ l1: 0.01, l2: 0.01 })),

  Dropout: always((d) => ({ rate: d.of([0.3, 0.5]) })),
  AlphaDropout: always(() => ({ rate: 0.2 })),
  GaussianNoise: always(() => ({ stddev: 0.1 })),
  GaussianDropout: always(() => ({ rate: 0.2 })),
  SpatialDropout1D: spatialDropout(1),
  SpatialDropout2D: spatialDropout(2),
  SpatialDropout3D: spatialDropout(3),

  BatchNormalization: always((d, shape) => ({ axis: axis(d, shape), ...affine(d) })),
  LayerNormalization: always((d) => affine(d)),
  GroupNormalization: always((d, shape) => {
    const channels = shape[shape.length - 1];
    return { groups: d.of([1, 2, 3, 4, channels].filter((g) => channels % g === 0)), ...affine(d) };
  }),
  UnitNormalization: always(() => ({})),
  RMSNormalization: always(() => ({ epsilon: 0.001 })),
  Normalization: always(() => ({ axis: null, mean: 0.1, variance: 2 })),
  SpectralNormalization: around(
    ['Dense', 'Conv1D', 'Conv2D'],
    (shape) => shape,
    (d) => ({ powerIterations: d.of([1, 2]) }),
  ),

  Conv1D: conv(1),
  Conv2D: conv(2),
  Conv3D: conv(3),
  Conv1DTranspose: convTranspose(1),
  Conv2DTranspose: convTranspose(2),
  Conv3DTranspose: convTranspose(3),
  DepthwiseConv1D: depthwise(1),
  DepthwiseConv2D: depthwise(2),
  SeparableConv1D: separable(1),
  SeparableConv2D: separable(2),
  MaxPooling1D: pool(1),
  MaxPooling2D: pool(2),
  MaxPooling3D: pool(3),
  AveragePooling1D: pool(1),
  AveragePooling2D: pool(2),
  AveragePooling3D: pool(3),
  GlobalMaxPooling1D: globalPool(1),
  GlobalMaxPooling2D: globalPool(2),
  GlobalMaxPooling3D: globalPool(3),
  GlobalAveragePooling1D: globalPool(1),
  GlobalAveragePooling2D: globalPool(2),
  GlobalAveragePooling3D: globalPool(3),
  AdaptiveMaxPooling1D: adaptivePool(1),
  AdaptiveMaxPooling2D: adaptivePool(2),
  AdaptiveMaxPooling3D: adaptivePool(3),
  AdaptiveAveragePooling1D: adaptivePool(1),
  AdaptiveAveragePooling2D: adaptivePool(2),
  AdaptiveAveragePooling3D: adaptivePool(3),
  ZeroPadding1D: padding(1),
  ZeroPadding2D: padding(2),
  ZeroPadding3D: padding(3),
  Cropping1D: cropping(1),
  Cropping2D: cropping(2),
  Cropping3D: cropping(3),
  UpSampling1D: upSampling(1),
  UpSampling2D: upSampling(2, (d) => ({ interpolation: d.rarely('nearest', ['bilinear', 'bicubic', 'lanczos3']) })),
  UpSampling3D: upSampling(3),

  Resizing: resized((d) => ({ interpolation: d.of(['bilinear', 'nearest', 'bicubic']), antialias: d.chance(0.3) })),
  CenterCrop: resized(),
  RandomCrop: resized(),
  RandomFlip: augmented(() => ({})),
  RandomRotation: augmented((d) => ({ factor: 0.1, ...beyond(d) })),
  RandomZoom: augmented((d) => ({ heightFactor: 0.2, ...beyond(d) })),
  RandomTranslation: augmented((d) => ({ heightFactor: 0.2, widthFactor: 0.1, ...beyond(d) })),
  RandomShear: augmented((d) => ({ xFactor: 0.2, ...beyond(d) })),
  RandomBrightness: augmented(() => ({ factor: 0.2, valueRange: [-2, 2] })),
  RandomContrast: augmented(() => ({ factor: 0.5, valueRange: [-2, 2] })),
  RandomErasing: augmented(() => ({ valueRange: [-1, 1] })),

  SimpleRNN: recurrent(),
  LSTM: recurrent((d) => ({ unitForgetBias: d.chance(0.8) })),
  GRU: recurrent(gru),
  RNN: rnnOf(manyCells),
  LSTMCell: rnnOf((d) => cellOf(d, 'LSTMCell')),
  GRUCell: rnnOf((d) => cellOf(d, 'GRUCell')),
  SimpleRNNCell: rnnOf((d) => cellOf(d, 'SimpleRNNCell')),
  StackedRNNCells: rnnOf((d) => ({ className: 'StackedRNNCells', config: { cells: manyCells(d) } })),
  ConvLSTM1D: convRecurrent(1),
  ConvLSTM2D: convRecurrent(2),
  Bidirectional: around(
    ['LSTM', 'GRU', 'SimpleRNN', 'RNN', 'ConvLSTM1D', 'ConvLSTM2D'],
    (shape) => shape,
    (d) => ({ mergeMode: d.of(['concat', 'sum', 'mul', 'ave']) }),
  ),
  TimeDistributed: around(
    ['Dense', 'Conv1D', 'Conv2D', 'MaxPooling2D', 'BatchNormalization', 'LayerNormalization', 'LSTM', 'Flatten', 'Dropout'],
    (shape) => shape.slice(1),
  ),
};

const inside = /^(RNN|Bidirectional|TimeDistributed|SpectralNormalization)$/;

/** Class names of a layer's config and of what is inside. */
export function classesOf(className: string, options: unknown): string[] {
  const names = [className];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('className' in value && 'config' in value) names.push(value.className as string);
    for (const part of Object.values(value)) visit(part);
  };
  if (inside.test(className)) visit(options);
  return names;
}
