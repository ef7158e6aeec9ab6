import { layerRegistry } from '../../lib/layers/index.js';
import type { Layer, Shape } from '../../lib/layers/layer.js';

/** Takes choices one by one. The first of a list is the plainest: that is where fast-check shrinks to. */
export class Draw {
  #next = 0;
  constructor(private readonly choices: readonly number[]) {}
  int(below: number): number {
    return this.choices[this.#next++ % this.choices.length] % below;
  }
  of<T>(list: readonly T[]): T {
    return list[this.int(list.length)];
  }
  /** One of `list`, most often the first. */
  rarely<T>(list: readonly T[]): T {
    return this.int(4) === 3 ? this.of(list) : list[0];
  }
}

type Options = Record<string, unknown>;
interface Rule {
  /** Ranks of the samples it takes; with another it must throw. */
  ranks: readonly number[];
  options(d: Draw, shape: Shape): Options;
}

const any = [1, 2, 3, 4];
const activation = (d: Draw) => d.of([null, 'tanh', 'sigmoid', 'softplus', 'relu', 'gelu', 'silu', 'softmax', 'hard_sigmoid']);
const format = (d: Draw) => d.rarely([null, 'channels_first', 'channels_last']);
const penalty = (d: Draw) => d.rarely([null, 'l2', 'l1', { className: 'L2', config: { l2: 0.1 } }]);
/** One number, or one an axis. */
const sizes = (d: Draw, rank: number, list: readonly number[]) =>
  rank === 1 || d.int(2) === 0 ? d.of(list) : Array.from({ length: rank }, () => d.of(list));

const window = (d: Draw, rank: number): Options => ({
  kernelSize: sizes(d, rank, [1, 2, 3]),
  strides: d.rarely([1, sizes(d, rank, [1, 2])]),
  padding: d.of(['valid', 'same']),
  dataFormat: format(d),
  activation: activation(d),
  useBias: d.of([true, true, false]),
});
const conv = (rank: number): Rule => ({
  ranks: [rank + 1],
  options: (d) => ({
    ...window(d, rank),
    filters: d.of([2, 1, 4, 6]),
    dilationRate: d.rarely([1, sizes(d, rank, [1, 2])]),
    groups: d.rarely([1, 2, 3]),
    kernelRegularizer: penalty(d),
    ...(rank === 1 ? { padding: d.of(['valid', 'same', 'causal']) } : {}),
  }),
});
const transpose = (rank: number): Rule => ({
  ranks: [rank + 1],
  options: (d) => ({
    ...window(d, rank),
    filters: d.of([2, 1, 3]),
    strides: sizes(d, rank, [1, 2, 3]),
    outputPadding: d.rarely([null, 0, 1]),
    dilationRate: d.rarely([1, 2]),
  }),
});
const depthwise = (rank: number, more: (d: Draw) => Options = () => ({})): Rule => ({
  ranks: [rank + 1],
  options: (d) => ({
    ...window(d, rank),
    strides: d.rarely([1, 2]),
    dilationRate: d.rarely([1, 2]),
    depthMultiplier: d.of([1, 2]),
    ...more(d),
  }),
});
const pool = (rank: number): Rule => ({
  ranks: [rank + 1],
  options: (d) => ({
    poolSize: sizes(d, rank, [2, 1, 3]),
    strides: d.of([null, 1, 2]),
    padding: d.of(['valid', 'same']),
    dataFormat: format(d),
  }),
});
const globalPool = (rank: number): Rule => ({
  ranks: [rank + 1],
  options: (d) => ({ dataFormat: format(d), keepdims: d.of([false, true]) }),
});
const adaptive = (rank: number): Rule => ({
  ranks: [rank + 1],
  options: (d) => ({ outputSize: sizes(d, rank, [2, 1, 3, 5]), dataFormat: format(d) }),
});
const border = (rank: number, option: string): Rule => ({
  ranks: [rank + 1],
  options: (d) => ({ [option]: sizes(d, rank, [1, 0, 2]), ...(rank > 1 ? { dataFormat: format(d) } : {}) }),
});
const upSampling = (rank: number, more: (d: Draw) => Options = () => ({})): Rule => ({
  ranks: [rank + 1],
  options: (d) => ({ size: sizes(d, rank, [2, 1, 3]), ...(rank > 1 ? { dataFormat: format(d) } : {}), ...more(d) }),
});
const spatialDropout = (rank: number): Rule => ({
  ranks: [rank + 1],
  options: (d) => ({ rate: d.of([0.3, 0]), ...(rank > 1 ? { dataFormat: format(d) } : {}) }),
});
const image = (options: (d: Draw) => Options): Rule => ({
  ranks: [3],
  options: (d) => ({ ...options(d), dataFormat: format(d) }),
});
const imageSize = (d: Draw): Options => ({ height: d.of([3, 2, 6]), width: d.of([3, 4, 1]) });
const beyond = (d: Draw): Options => ({
  fillMode: d.of(['reflect', 'constant', 'nearest', 'wrap']),
  interpolation: d.of(['bilinear', 'nearest']),
});
const noise = (options: (d: Draw) => Options, ranks = any): Rule => ({ ranks, options });

const cell = (d: Draw): Options => ({
  units: d.of([3, 1, 8]),
  activation: d.of(['tanh', 'tanh', 'softsign', 'sigmoid']),
  useBias: d.of([true, true, false]),
  dropout: d.rarely([0, 0.3]),
  recurrentDropout: d.rarely([0, 0.3]),
  kernelRegularizer: penalty(d),
});
const gates = (d: Draw) => ({ recurrentActivation: d.of(['sigmoid', 'sigmoid', 'softsign']) });
const sequence = (d: Draw): Options => ({
  returnSequences: d.of([true, false]),
  goBackwards: d.rarely([false, true]),
  unroll: d.rarely([false, true]),
  zeroOutputForMask: d.rarely([false, true]),
});
const recurrent = (own: (d: Draw) => Options = () => ({})): Rule => ({
  ranks: [2],
  options: (d) => ({ ...cell(d), ...sequence(d), ...own(d) }),
});
const cells = ['SimpleRNNCell', 'LSTMCell', 'GRUCell'];

const convRecurrent = (rank: number): Rule => ({
  ranks: [rank + 2],
  options: (d) => ({
    ...window(d, rank),
    filters: d.of([2, 1, 3]),
    activation: d.of(['tanh', 'softsign']),
    useBias: d.of([true, false]),
    dilationRate: d.rarely([1, 2]),
    dropout: d.rarely([0, 0.3]),
    recurrentDropout: d.rarely([0, 0.3]),
    ...gates(d),
    returnSequences: d.of([true, false]),
    goBackwards: d.rarely([false, true]),
  }),
});

const axis = (d: Draw) => d.rarely([-1, 1, 2, 3, 0, 9]);
const affine = (d: Draw): Options => ({ center: d.rarely([true, false]), scale: d.rarely([true, false]) });

export const layerClass = (name: string) =>
  layerRegistry.find(name) as unknown as (new (options: object) => Layer) & Pick<typeof Layer, 'noActivityRegularizer'>;

/** A layer with drawn options, which fits samples of this shape in most cases. */
export function drawLayer(d: Draw, className: string, shape: Shape, name?: string): Layer {
  const options = grammar[className].options(d, shape);
  const takesPenalty = layerClass(className).noActivityRegularizer === undefined;
  return make(className, {
    ...options,
    ...(takesPenalty ? { activityRegularizer: penalty(d) } : {}),
    ...(name ? { name } : {}),
  });
}
function make(className: string, options: Options): Layer {
  return new (layerClass(className))(options);
}

/** Every layer of the registry: what it may be given. */
export const grammar: Record<string, Rule> = {
  Dense: {
    ranks: any,
    options: (d) => ({
      units: d.of([3, 1, 6]),
      activation: activation(d),
      useBias: d.of([true, false]),
      kernelRegularizer: penalty(d),
    }),
  },
  Activation: { ranks: any, options: (d) => ({ activation: activation(d) ?? 'linear' }) },
  Softmax: { ranks: any, options: (d) => ({ axis: d.rarely([-1, 1, [1, 2], 4, 0]) }) },
  ReLU: { ranks: any, options: (d) => ({ maxValue: d.of([null, 1]), negativeSlope: d.of([0, 0.2]), threshold: d.of([0, 0.3]) }) },
  LeakyReLU: { ranks: any, options: (d) => ({ negativeSlope: d.of([0.3, 0.1]) }) },
  ELU: { ranks: any, options: (d) => ({ alpha: d.of([1, 0.5]) }) },
  PReLU: { ranks: any, options: (d) => ({ sharedAxes: d.of([null, [1], [1, 2], [-1], [7]]) }) },

  Flatten: { ranks: any, options: (d) => ({ dataFormat: format(d) }) },
  Reshape: {
    ranks: any,
    options: (d, shape) => ({ targetShape: d.of([[-1], [...shape].reverse().map((n) => n ?? -1), [1, -1], [-1, 2], [5, 1]]) }),
  },
  Permute: {
    ranks: any,
    options: (d, shape) => ({ dims: d.of([shape.map((_, i) => shape.length - i), shape.map((_, i) => i + 1), [2, 1], [1, 3]]) }),
  },
  RepeatVector: { ranks: [1], options: (d) => ({ n: d.of([2, 1, 4]) }) },
  Rescaling: {
    ranks: any,
    options: (d, shape) => ({
      scale: d.of([0.5, Array.from({ length: shape.at(-1) ?? 2 }, (_, i) => i - 1.5), [1, 2]]),
      offset: d.of([0, 0.2]),
    }),
  },
  Masking: { ranks: [1, 2, 3], options: (d) => ({ maskValue: d.of([0, 1]) }) },
  ActivityRegularization: { ranks: any, options: (d) => ({ l1: d.of([0, 0.1]), l2: d.of([0.1, 0]) }) },

  Dropout: noise((d) => ({
    rate: d.of([0.3, 0]),
    noiseShape: d.rarely([null, [null, 1, null], [null, 1], [1, 2, 3]]),
    seed: d.of([null, 4]),
  })),
  AlphaDropout: noise((d) => ({ rate: d.of([0.3, 0]), noiseShape: d.rarely([null, [null, 1, null], [null, 1]]) })),
  GaussianNoise: noise((d) => ({ stddev: d.of([0.3, 0]) })),
  GaussianDropout: noise((d) => ({ rate: d.of([0.3, 0]) })),
  SpatialDropout1D: spatialDropout(1),
  SpatialDropout2D: spatialDropout(2),
  SpatialDropout3D: spatialDropout(3),

  BatchNormalization: {
    ranks: any,
    options: (d) => ({ axis: axis(d), epsilon: d.of([0.1, 0.001]), momentum: d.of([0.99, 0.5]), ...affine(d) }),
  },
  LayerNormalization: {
    ranks: any,
    options: (d) => ({ axis: d.rarely([-1, 1, [1, 2], 0, 9]), epsilon: d.of([0.1, 0.001]), ...affine(d) }),
  },
  GroupNormalization: {
    ranks: any,
    options: (d) => ({ groups: d.of([-1, 1, 2, 32]), axis: axis(d), epsilon: d.of([0.1, 0.001]), ...affine(d) }),
  },
  UnitNormalization: { ranks: any, options: (d) => ({ axis: d.rarely([-1, 1, [1, 2], 0, 9]) }) },
  RMSNormalization: { ranks: any, options: (d) => ({ axis: d.rarely([-1, 1, [1, 2], 0, 9]), epsilon: d.of([0.1, 1e-6]) }) },
  Normalization: {
    ranks: any,
    options: (d) => d.of<Options>([{ axis: -1 }, { axis: null, mean: 0.3, variance: 2 }, { axis: 1, invert: true }, { axis: 9 }]),
  },
  SpectralNormalization: {
    ranks: [1, 2, 3],
    options: (d, shape) => ({
      powerIterations: d.of([1, 3]),
      layer: drawLayer(d, shape.length === 3 ? 'Conv2D' : shape.length === 2 ? 'Conv1D' : 'Dense', shape),
    }),
  },

  Embedding: {
    ranks: [],
    options: (d) => ({ inputDim: d.of([6, 1, 40]), outputDim: d.of([3, 1, 5]), maskZero: d.of([false, true]) }),
  },

  Conv1D: conv(1),
  Conv2D: conv(2),
  Conv3D: conv(3),
  Conv1DTranspose: transpose(1),
  Conv2DTranspose: transpose(2),
  Conv3DTranspose: transpose(3),
  DepthwiseConv1D: depthwise(1),
  DepthwiseConv2D: depthwise(2),
  SeparableConv1D: depthwise(1, (d) => ({ filters: d.of([2, 1, 5]), padding: d.of(['valid', 'same', 'causal']) })),
  SeparableConv2D: depthwise(2, (d) => ({ filters: d.of([2, 1, 5]) })),
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
  AdaptiveMaxPooling1D: adaptive(1),
  AdaptiveMaxPooling2D: adaptive(2),
  AdaptiveMaxPooling3D: adaptive(3),
  AdaptiveAveragePooling1D: adaptive(1),
  AdaptiveAveragePooling2D: adaptive(2),
  AdaptiveAveragePooling3D: adaptive(3),
  ZeroPadding1D: border(1, 'padding'),
  ZeroPadding2D: border(2, 'padding'),
  ZeroPadding3D: border(3, 'padding'),
  Cropping1D: border(1, 'cropping'),
  Cropping2D: border(2, 'cropping'),
  Cropping3D: border(3, 'cropping'),
  UpSampling1D: upSampling(1),
  UpSampling2D: upSampling(2, (d) => ({ interpolation: d.of(['nearest', 'bilinear', 'bicubic', 'lanczos3', 'area']) })),
  UpSampling3D: upSampling(3),

  Resizing: image((d) => ({
    ...imageSize(d),
    interpolation: d.of(['bilinear', 'nearest', 'bicubic', 'lanczos3', 'area']),
    cropToAspectRatio: d.rarely([false, true]),
    antialias: d.of([false, true]),
  })),
  CenterCrop: image(imageSize),
  RandomCrop: image(imageSize),
  RandomFlip: image((d) => ({ mode: d.of(['horizontal', 'vertical', 'horizontal_and_vertical']) })),
  RandomRotation: image((d) => ({ factor: d.of([0.2, [0.1, 0.3], 2]), ...beyond(d) })),
  RandomZoom: image((d) => ({ heightFactor: d.of([0.3, [-0.2, 0.1]]), widthFactor: d.of([null, 0.2]), ...beyond(d) })),
  RandomTranslation: image((d) => ({ heightFactor: 0.3, widthFactor: d.of([0.3, [0.1, 0.2]]), ...beyond(d) })),
  RandomShear: image((d) => ({ xFactor: 0.4, yFactor: d.of([0, 0.3]), ...beyond(d) })),
  // Where nothing is cut off, so that there are no kinks.
  RandomBrightness: image((d) => ({ factor: d.of([0.001, 0.002]), valueRange: [-1000, 1000] })),
  RandomContrast: image((d) => ({ factor: d.of([0.3, [0.5, 0.5]]), valueRange: [-1000, 1000] })),
  RandomErasing: image((d) => ({ factor: d.of([1, [1, 1]]), fillValue: d.of([0.5, null]), valueRange: [-1, 1] })),

  ConvLSTM1D: convRecurrent(1),
  ConvLSTM2D: convRecurrent(2),
  SimpleRNN: recurrent(),
  LSTM: recurrent((d) => ({ ...gates(d), unitForgetBias: d.of([true, false]) })),
  GRU: recurrent((d) => ({ ...gates(d), resetAfter: d.of([true, false]) })),
  RNN: {
    ranks: [2],
    options: (d) => ({ ...sequence(d), cell: Array.from({ length: d.of([1, 2, 3]) }, () => make(d.of(cells), cell(d))) }),
  },
  Bidirectional: {
    ranks: [2],
    options: (d, shape) => ({
      mergeMode: d.of(['concat', 'sum', 'mul', 'ave']),
      layer: drawLayer(d, d.of(['LSTM', 'GRU', 'SimpleRNN', 'RNN']), shape),
    }),
  },
  TimeDistributed: {
    ranks: [2, 3, 4],
    options: (d, shape) => {
      const inside = shape.slice(1);
      // Refused too, but only when it is trained.
      const some = fitting(inside.length).filter((n) => n !== 'SpectralNormalization');
      // Where samples have no steps, it is not what is inside that is refused.
      return { layer: drawLayer(d, some.length ? d.of(some) : 'Dense', inside) };
    },
  },
};

/** What takes samples of this rank. */
export const fitting = (rank: number): string[] => Object.keys(grammar).filter((name) => grammar[name].ranks.includes(rank));
