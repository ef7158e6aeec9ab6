import { expect, it } from 'vitest';
import { activations, constraints, initializers, layers, regularizers, sequential } from '../../lib/index.js';

// biome-ignore lint/suspicious/noExplicitAny: any layer, made from plain data
type Anything = any;

/** Layers whose options hold other parts, each with the shape of its samples. */
const made: [Anything, number[]][] = [
  [
    layers.dense({
      units: 2,
      activation: activations.leakyRelu({ negativeSlope: 0.4 }),
      kernelInitializer: initializers.varianceScaling({ scale: 2, mode: 'fan_out' }),
      kernelRegularizer: regularizers.l1L2({ l1: 0.1, l2: 0.2 }),
      kernelConstraint: constraints.maxNorm({ maxValue: 3 }),
      activityRegularizer: 'l2',
    }),
    [3],
  ],
  [layers.conv1D({ filters: 2, kernelSize: 2, activation: 'relu', biasInitializer: 'ones' }), [4, 3]],
  [layers.lstm({ units: 2, recurrentInitializer: 'glorotNormal', unitForgetBias: false }), [4, 3]],
  [layers.rnn({ cell: [new layers.GRUCell({ units: 2 }), new layers.LSTMCell({ units: 3 })], goBackwards: true }), [4, 3]],
  [layers.bidirectional({ layer: layers.gru({ units: 2, kernelRegularizer: 'l1' }), mergeMode: 'sum' }), [4, 3]],
  [layers.timeDistributed({ layer: layers.separableConv1D({ filters: 2, kernelSize: 2 }) }), [4, 3, 2]],
  [layers.spectralNormalization({ layer: layers.embedding({ inputDim: 3, outputDim: 2 }), powerIterations: 2 }), [4]],
  [layers.batchNormalization({ gammaConstraint: 'nonNeg', betaRegularizer: 'l2' }), [3]],
];

it.each(made.map(([layer, shape]) => [layer.className, layer, shape]))(
  'the config of %s survives JSON',
  (_name, layer, shape) => {
    const Same = layer.constructor;
    const again = new Same(JSON.parse(JSON.stringify(layer.getConfig())));
    const [a, b] = [layer, again].map((l) => sequential([{ className: 'InputLayer', config: { shape } }, l]));
    expect((b.toJSON() as Anything).config.layers).toEqual((a.toJSON() as Anything).config.layers);
  },
);
