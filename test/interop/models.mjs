// The models that go to Python and back: one for every layer class of the registry, one for every optimizer and kind of its state, and the ways in which layers
// hold others. Small, so that hundreds of them load in seconds.

/**
 * @typedef {object} Trial
 * @property {number[]} shape of one sample
 * @property {object[]} layers
 * @property {object | string} [optimizer] default: SGD with momentum, which does not blow up what rounding leaves of a gradient that is 0
 * @property {number} [ids] inputs are whole numbers below this one
 * @property {boolean} [random] training draws numbers: only predictions are compared
 */

const steps = [5, 3];
const image = [6, 6, 2];
const volume = [4, 4, 4, 2];

/** @returns {Record<string, Trial>} one or more for every class, by name */
function layerTrials({ layers, activations, initializers, regularizers, constraints }) {
  const dense = () => layers.dense({ units: 4, activation: 'tanh' });
  const one = (shape, layer, more) => ({ shape, layers: [layer], ...more });
  /** With weights before it, so that gradients go through it. */
  const after = (shape, ...list) => ({ shape, layers: [dense(), ...list] });
  const out = {
    Dense: {
      shape: [4],
      layers: [
        layers.dense({
          units: 5,
          activation: activations.leakyRelu({ negativeSlope: 0.3 }),
          kernelInitializer: initializers.varianceScaling({ scale: 2, mode: 'fan_out' }),
          kernelRegularizer: regularizers.l1L2({ l1: 0.01, l2: 0.02 }),
          kernelConstraint: constraints.maxNorm({ maxValue: 2 }),
          biasConstraint: constraints.minMaxNorm({ minValue: 0, maxValue: 1 }),
          activityRegularizer: 'l2',
        }),
        layers.dense({ units: 4, useBias: false, kernelInitializer: 'orthogonal', kernelConstraint: 'unitNorm' }),
        layers.dense({ units: 2, biasInitializer: initializers.constant({ value: 0.5 }), kernelConstraint: 'nonNeg' }),
      ],
    },
    Frozen: {
      shape: [4],
      layers: [layers.dense({ units: 5, trainable: false }), layers.batchNormalization({ trainable: false }), dense()],
    },
    InputLayer: one([4], dense()),
    Softmax: after([4, 3], layers.softmax({ axis: 1 })),
    SoftmaxOfAll: after([4, 3], layers.softmax({ axis: [1, 2] })),
    ReLU: after([4], layers.reLU({ maxValue: 0.6, negativeSlope: 0.2, threshold: 0.1 })),
    LeakyReLU: after([4], layers.leakyReLU({ negativeSlope: 0.2 })),
    ELU: after([4], layers.elu({ alpha: 0.7 })),
    PReLU: after([4, 3], layers.prelu({ sharedAxes: [1], alphaInitializer: initializers.constant({ value: 0.2 }) })),
    Embedding: { shape: [5], ids: 9, layers: [layers.embedding({ inputDim: 9, outputDim: 4 }), layers.flatten(), dense()] },
    EmbeddingWithMask: {
      shape: [5],
      ids: 9,
      layers: [layers.embedding({ inputDim: 9, outputDim: 4, maskZero: true }), layers.lstm({ units: 3 })],
    },
    Conv1D: one([8, 2], layers.conv1D({ filters: 4, kernelSize: 3, padding: 'causal', dilationRate: 2, groups: 2 })),
    Conv2D: one(image, layers.conv2D({ filters: 3, kernelSize: [3, 2], strides: 2, padding: 'same', activation: 'relu' })),
    Conv3D: one(volume, layers.conv3D({ filters: 2, kernelSize: 2 })),
    Conv1DTranspose: one([5, 2], layers.conv1DTranspose({ filters: 2, kernelSize: 3, strides: 2 })),
    Conv2DTranspose: one([3, 3, 2], layers.conv2DTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' })),
    Conv3DTranspose: one([2, 2, 2, 2], layers.conv3DTranspose({ filters: 2, kernelSize: 2, strides: 2 })),
    DepthwiseConv1D: one([8, 2], layers.depthwiseConv1D({ kernelSize: 3, depthMultiplier: 2 })),
    DepthwiseConv2D: one(image, layers.depthwiseConv2D({ kernelSize: 3, depthMultiplier: 2 })),
    SeparableConv1D: one([8, 2], layers.separableConv1D({ filters: 3, kernelSize: 3, depthMultiplier: 2 })),
    SeparableConv2D: one(image, layers.separableConv2D({ filters: 3, kernelSize: 3 })),
    AdaptiveAveragePooling1D: after(steps, layers.adaptiveAveragePooling1D({ outputSize: 2 })),
    AdaptiveAveragePooling2D: after(image, layers.adaptiveAveragePooling2D({ outputSize: [2, 3] })),
    AdaptiveAveragePooling3D: after(volume, layers.adaptiveAveragePooling3D({ outputSize: 2 })),
    AdaptiveMaxPooling1D: after(steps, layers.adaptiveMaxPooling1D({ outputSize: 2 })),
    AdaptiveMaxPooling2D: after(image, layers.adaptiveMaxPooling2D({ outputSize: 2 })),
    AdaptiveMaxPooling3D: after(volume, layers.adaptiveMaxPooling3D({ outputSize: 2 })),
    GRU: one(steps, layers.gru({ units: 4 })),
    GRUResetBefore: one(steps, layers.gru({ units: 4, resetAfter: false, goBackwards: true, returnSequences: true })),
    LSTM: {
      shape: steps,
      layers: [layers.lstm({ units: 4, returnSequences: true, unroll: true }), layers.lstm({ units: 3, unitForgetBias: false })],
    },
    'LSTM, hard sigmoid of Keras 2': one(steps, layers.lstm({ units: 3, recurrentActivation: 'hardSigmoidKeras2' })),
    'LSTM, hard sigmoid of Keras 3': one(steps, layers.lstm({ units: 3, recurrentActivation: 'hardSigmoid' })),
    SimpleRNN: one(steps, layers.simpleRNN({ units: 4, activation: 'relu' })),
    RNN: one(steps, layers.rnn({ cell: layers.lstmCell({ units: 3 }) })),
    LSTMCell: one(steps, layers.rnn({ cell: layers.lstmCell({ units: 3 }), returnSequences: true })),
    GRUCell: one(steps, layers.rnn({ cell: layers.gruCell({ units: 3 }) })),
    SimpleRNNCell: one(steps, layers.rnn({ cell: layers.simpleRNNCell({ units: 3 }) })),
    StackedRNNCells: one(
      steps,
      layers.rnn({ cell: [layers.gruCell({ units: 3 }), layers.lstmCell({ units: 2 }), layers.simpleRNNCell({ units: 2 })] }),
    ),
    ConvLSTM1D: one([3, 6, 2], layers.convLSTM1D({ filters: 2, kernelSize: 3 })),
    ConvLSTM2D: one([3, 5, 5, 2], layers.convLSTM2D({ filters: 2, kernelSize: 3, padding: 'same', returnSequences: true })),
    Bidirectional: one(steps, layers.bidirectional({ layer: layers.gru({ units: 3, returnSequences: true }), mergeMode: 'sum' })),
    BidirectionalOfTwo: one(
      steps,
      layers.bidirectional({ layer: layers.lstm({ units: 3 }), backwardLayer: layers.gru({ units: 2, goBackwards: true }) }),
    ),
    TimeDistributed: one([3, 6, 2], layers.timeDistributed({ layer: layers.conv1D({ filters: 2, kernelSize: 3 }) })),
    BatchNormalization: {
      shape: image,
      layers: [
        layers.conv2D({ filters: 3, kernelSize: 2 }),
        layers.batchNormalization({ momentum: 0.8 }),
        layers.batchNormalization({ center: false, scale: false }),
      ],
    },
    LayerNormalization: one([4, 3], layers.layerNormalization({ axis: [1, 2], epsilon: 0.01 })),
    LayerNormalizationOfLast: one([4, 3], layers.layerNormalization()),
    GroupNormalization: one(image, layers.groupNormalization({ groups: 2 })),
    UnitNormalization: after([4, 3], layers.unitNormalization({ axis: [1] })),
    RMSNormalization: after([4], layers.rmsNormalization()),
    Normalization: {
      shape: [4],
      layers: [layers.normalization({ mean: [0.1, 0.2, 0.3, 0.4], variance: [1, 2, 1, 0.5] }), dense()],
    },
    NormalizationOfAll: { shape: [4], layers: [layers.normalization({ axis: null, mean: 0.5, variance: 2 }), dense()] },
    SpectralNormalization: one([4], layers.spectralNormalization({ layer: layers.dense({ units: 3 }), powerIterations: 2 })),
    Dropout: { ...after([4], layers.dropout({ rate: 0.4, seed: 3 })), random: true },
    SpatialDropout1D: { ...after(steps, layers.spatialDropout1D({ rate: 0.4 })), random: true },
    SpatialDropout2D: { ...after(image, layers.spatialDropout2D({ rate: 0.4 })), random: true },
    SpatialDropout3D: { ...after(volume, layers.spatialDropout3D({ rate: 0.4 })), random: true },
    AlphaDropout: { ...after([4], layers.alphaDropout({ rate: 0.1 })), random: true },
    GaussianNoise: { ...after([4], layers.gaussianNoise({ stddev: 0.1 })), random: true },
    GaussianDropout: { ...after([4], layers.gaussianDropout({ rate: 0.1 })), random: true },
    RecurrentDropout: { ...one(steps, layers.lstm({ units: 3, dropout: 0.2, recurrentDropout: 0.3 })), random: true },
    ActivityRegularization: after([4], layers.activityRegularization({ l1: 0.01, l2: 0.02 })),
    Flatten: after([4, 3], layers.flatten(), layers.dense({ units: 2 })),
    Reshape: after([4, 3], layers.reshape({ targetShape: [-1, 8] })),
    Permute: after([4, 2], layers.permute({ dims: [2, 1] })),
    RepeatVector: after([4], layers.repeatVector({ n: 3 })),
    Masking: { shape: steps, layers: [layers.masking({ maskValue: 0.5 }), layers.lstm({ units: 3, returnSequences: true })] },
    Rescaling: { shape: [4], layers: [layers.rescaling({ scale: 0.5, offset: -0.1 }), dense()] },
    RescalingOfEach: { shape: [4], layers: [layers.rescaling({ scale: [1, 2, 0.5, 1], offset: [0, 1, 0, -1] }), dense()] },
    CategoryEncoding: { shape: [5], ids: 9, layers: [layers.categoryEncoding({ numTokens: 9, outputMode: 'count' }), dense()] },
    Discretization: { shape: [4], layers: [layers.discretization({ binBoundaries: [-0.5, 0, 0.5] }), dense()] },
    Resizing: { shape: image, layers: [layers.resizing({ height: 4, width: 5, antialias: true }), dense()] },
    CenterCrop: { shape: image, layers: [layers.centerCrop({ height: 3, width: 4 }), dense()] },
    RandomFlip: { shape: image, layers: [layers.randomFlip(), dense()], random: true },
    RandomRotation: { shape: image, layers: [layers.randomRotation({ factor: [-0.1, 0.2] }), dense()], random: true },
    RandomZoom: {
      shape: image,
      layers: [layers.randomZoom({ heightFactor: 0.2, widthFactor: [-0.1, 0] }), dense()],
      random: true,
    },
    RandomTranslation: {
      shape: image,
      layers: [layers.randomTranslation({ heightFactor: 0.2, widthFactor: 0.1, fillMode: 'constant' }), dense()],
      random: true,
    },
    RandomShear: { shape: image, layers: [layers.randomShear({ xFactor: [0, 0.3] }), dense()], random: true },
    RandomBrightness: {
      shape: image,
      layers: [layers.randomBrightness({ factor: 0.2, valueRange: [-1, 1] }), dense()],
      random: true,
    },
    RandomContrast: {
      shape: image,
      layers: [layers.randomContrast({ factor: 0.2, valueRange: [-1, 1] }), dense()],
      random: true,
    },
    RandomErasing: { shape: image, layers: [layers.randomErasing({ fillValue: 0.1 }), dense()], random: true },
    ZeroPadding1D: after(steps, layers.zeroPadding1D({ padding: [1, 2] })),
    ZeroPadding2D: after(
      image,
      layers.zeroPadding2D({
        padding: [
          [1, 0],
          [2, 1],
        ],
      }),
    ),
    ZeroPadding3D: after(
      volume,
      layers.zeroPadding3D({
        padding: [
          [1, 0],
          [0, 1],
          [1, 1],
        ],
      }),
    ),
    Cropping1D: after(steps, layers.cropping1D({ cropping: [1, 2] })),
    Cropping2D: after(
      image,
      layers.cropping2D({
        cropping: [
          [1, 0],
          [2, 1],
        ],
      }),
    ),
    Cropping3D: after(
      volume,
      layers.cropping3D({
        cropping: [
          [1, 0],
          [0, 1],
          [1, 1],
        ],
      }),
    ),
    UpSampling1D: after(steps, layers.upSampling1D({ size: 2 })),
    UpSampling2D: after(image, layers.upSampling2D({ size: [2, 3] })),
    UpSampling2DBilinear: after([3, 3, 2], layers.upSampling2D({ size: 2, interpolation: 'bilinear' })),
    UpSampling3D: after(volume, layers.upSampling3D({ size: 2 })),
  };
  for (const [rank, shape] of [
    [1, [8, 2]],
    [2, image],
    [3, volume],
  ])
    for (const kind of ['max', 'average']) {
      const name = kind === 'max' ? 'Max' : 'Average';
      out[`${name}Pooling${rank}D`] = after(
        shape,
        layers[`${kind}Pooling${rank}D`]({ poolSize: 2, strides: rank === 3 ? 2 : 1, padding: 'same' }),
      );
      out[`Global${name}Pooling${rank}D`] = after(shape, layers[`global${name}Pooling${rank}D`]({ keepdims: rank === 2 }));
    }
  const words = Object.keys(activations).filter(
    (name) => /^[a-z]/.test(name) && !/^(threshold|serialize|deserialize|get)$/.test(name),
  );
  for (const name of words) out[`Activation ${name}`] = after([4], layers.activation({ activation: name }));
  return out;
}

/** @returns {Record<string, Trial>} layers inside layers */
function nestedTrials({ layers, sequential, input }) {
  return {
    'a model in a model': {
      shape: [6, 2],
      layers: [
        sequential({ name: 'body', layers: [layers.conv1D({ filters: 3, kernelSize: 2 }), layers.batchNormalization()] }),
        layers.flatten(),
        sequential({
          name: 'head',
          layers: [
            input({ shape: [15] }),
            layers.dense({ units: 4, activation: 'relu' }),
            sequential([layers.dense({ units: 2 })]),
          ],
        }),
      ],
    },
    'a model in TimeDistributed': {
      shape: [3, 4],
      layers: [
        layers.timeDistributed({ layer: sequential([layers.dense({ units: 3 }), layers.batchNormalization()]) }),
        layers.lstm({ units: 2 }),
      ],
    },
    'wrappers in wrappers': {
      shape: [3, 5, 2],
      layers: [
        layers.timeDistributed({ layer: layers.bidirectional({ layer: layers.rnn({ cell: layers.gruCell({ units: 2 }) }) }) }),
        layers.bidirectional({ layer: layers.lstm({ units: 2 }), mergeMode: 'ave' }),
      ],
    },
    'many of one class': { shape: [3], layers: Array.from({ length: 12 }, () => layers.dense({ units: 3, activation: 'tanh' })) },
    'names that mean something in HDF5': {
      shape: [3],
      layers: [layers.dense({ units: 3, name: 'vars' }), layers.dense({ units: 2, name: 'layers' })],
    },
  };
}

/** @returns {Record<string, Trial>} every optimizer, with every kind of state */
function optimizerTrials({ layers, optimizers, schedules }) {
  const made = {
    SGD: optimizers.sgd({ learningRate: 0.05 }),
    'SGD, nesterov': optimizers.sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
    RMSprop: optimizers.rmsprop({ learningRate: 0.01 }),
    'RMSprop, centered': optimizers.rmsprop({ learningRate: 0.01, momentum: 0.5, centered: true }),
    Adam: optimizers.adam({ learningRate: 0.01 }),
    'Adam, amsgrad': optimizers.adam({ learningRate: 0.01, amsgrad: true }),
    'Adam, clipnorm': optimizers.adam({ learningRate: 0.01, clipnorm: 0.1 }),
    'Adam, globalClipnorm': optimizers.adam({ learningRate: 0.01, globalClipnorm: 0.1 }),
    'Adam, clipvalue': optimizers.adam({ learningRate: 0.01, clipvalue: 0.05 }),
    'Adam, weight decay': optimizers.adam({ learningRate: 0.01, weightDecay: 0.01 }),
    'Adam, EMA': optimizers.adam({ learningRate: 0.01, useEma: true, emaMomentum: 0.9 }),
    'Adam, EMA that overwrites': optimizers.adam({
      learningRate: 0.01,
      useEma: true,
      emaMomentum: 0.9,
      emaOverwriteFrequency: 2,
    }),
    'Adam, accumulation': optimizers.adam({ learningRate: 0.01, gradientAccumulationSteps: 2 }),
    'Adam, loss scale': optimizers.adam({ learningRate: 0.01, lossScaleFactor: 8 }),
    AdamW: optimizers.adamW({ learningRate: 0.01, weightDecay: 0.02 }),
    Adamax: optimizers.adamax({ learningRate: 0.01 }),
    Nadam: optimizers.nadam({ learningRate: 0.01 }),
    Adagrad: optimizers.adagrad({ learningRate: 0.05 }),
    Adadelta: optimizers.adadelta({ learningRate: 0.5 }),
    Ftrl: optimizers.ftrl({ learningRate: 0.05, l1RegularizationStrength: 0.001 }),
    Lion: optimizers.lion({ learningRate: 0.001 }),
    ExponentialDecay: optimizers.adam({
      learningRate: schedules.exponentialDecay({ initialLearningRate: 0.02, decaySteps: 3, decayRate: 0.9, staircase: true }),
    }),
    InverseTimeDecay: optimizers.sgd({
      learningRate: schedules.inverseTimeDecay({ initialLearningRate: 0.05, decaySteps: 3, decayRate: 0.5 }),
    }),
    PiecewiseConstantDecay: optimizers.sgd({
      learningRate: schedules.piecewiseConstantDecay({ boundaries: [2, 5], values: [0.05, 0.02, 0.01] }),
    }),
    PolynomialDecay: optimizers.sgd({
      learningRate: schedules.polynomialDecay({ initialLearningRate: 0.05, decaySteps: 6, endLearningRate: 0.01, power: 2 }),
    }),
    CosineDecay: optimizers.sgd({
      learningRate: schedules.cosineDecay({ initialLearningRate: 0.02, decaySteps: 8, warmupTarget: 0.05, warmupSteps: 3 }),
    }),
    CosineDecayRestarts: optimizers.sgd({
      learningRate: schedules.cosineDecayRestarts({ initialLearningRate: 0.05, firstDecaySteps: 3 }),
    }),
  };
  return Object.fromEntries(
    Object.entries(made).map(([name, optimizer]) => [
      `optimizer ${name}`,
      {
        shape: [5],
        layers: [layers.dense({ units: 6, activation: 'tanh' }), layers.batchNormalization(), layers.dense({ units: 2 })],
        optimizer,
      },
    ]),
  );
}

/** @returns {Record<string, Trial>} */
export const trials = (gemmfit) => ({ ...layerTrials(gemmfit), ...nestedTrials(gemmfit), ...optimizerTrials(gemmfit) });

/** Classes of the registry for which there is no trial. */
export function missing(gemmfit, made) {
  const used = new Set();
  const visit = (layer) => {
    used.add(layer.className ?? layer.constructor.name);
    for (const inner of [layer.layer, layer.backwardLayer, layer.cell, ...(layer.cells ?? []), ...(layer.layers ?? [])])
      if (inner && typeof inner === 'object') visit(inner);
  };
  for (const { layers } of Object.values(made)) layers.forEach(visit);
  used.add('InputLayer');
  // Those of texts, ids and tables are held against Keras in test/preprocessing; a crop predicts whole images in Keras, against its documentation.
  for (const name of [
    'StringLookup',
    'IntegerLookup',
    'TextVectorization',
    'Hashing',
    'HashedCrossing',
    'FeatureSpace',
    'RandomCrop',
  ])
    used.add(name);
  return Object.keys(gemmfit.layers).filter((name) => /^[A-Z]/.test(name) && !used.has(name));
}
