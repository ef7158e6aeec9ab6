// Trainings of small models of every kind, each long enough to be killed in its middle.
import { join } from 'node:path';

/** Numbers that follow from a seed. */
export function generator(seed) {
  let state = (seed * 2654435761) >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
  for (let i = 0; i < 8; i++) next();
  return { next, below: (n) => Math.floor(next() * n), pick: (list) => list[Math.floor(next() * list.length)] };
}

const numbers = (n, k = 1) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 0.7 * k + 0.1 * k));

/**
 * @param g the package
 * @param folder where callbacks write
 * @returns by name: what makes the model, and what `fit` is given
 */
export function trainings(g, folder) {
  const { layers, optimizers, schedules, callbacks, regularizers, constraints } = g;
  const N = 210;
  const X = g.array(numbers(N * 5), [N, 5]);
  const Y = g.array(
    numbers(N, 3).map((v) => (v > 0 ? 1 : 0)),
    [N, 1],
  );
  const out = (units = 1) => layers.dense({ units, activation: 'sigmoid' });
  const first = (units = 24) => layers.dense({ units, activation: 'relu', inputShape: [5] });
  const compiled = (stack, optimizer = 'adam', options = {}) => {
    const model = g.sequential(stack);
    model.compile({ optimizer, loss: 'binary_crossentropy', metrics: ['accuracy'], ...options });
    return model;
  };
  const csv = () => callbacks.csvLogger(join(folder, 'log.csv'));
  const batches = (size) =>
    function* () {
      for (let i = 0; i < N; i += size) yield [X.slice(i, i + size), Y.slice(i, i + size)];
    };
  const asyncBatches = (size) =>
    async function* () {
      yield* batches(size)();
    };

  const all = {
    'dropout, noise and normalization': {
      make: () =>
        compiled([
          first(),
          layers.dropout({ rate: 0.4 }),
          layers.gaussianNoise({ stddev: 0.1 }),
          layers.batchNormalization(),
          layers.alphaDropout({ rate: 0.1 }),
          out(),
        ]),
      options: { validationSplit: 0.2, callbacks: [csv()] },
    },
    'a table of 20000 rows': {
      make: (r) =>
        compiled(
          [layers.embedding({ inputDim: 20000, outputDim: 16, inputShape: [3] }), layers.flatten(), out()],
          r.pick([
            'adam',
            'adagrad',
            'rmsprop',
            optimizers.sgd({ momentum: 0.9 }),
            'nadam',
            'adamax',
            optimizers.adam({ amsgrad: true }),
          ]),
        ),
      x: g.array(
        Int32Array.from({ length: N * 3 }, (_, i) => (i * i * 37) % 20000),
        [N, 3],
      ),
    },
    'a table whose rows decay': {
      make: () =>
        compiled(
          [layers.embedding({ inputDim: 20000, outputDim: 16, inputShape: [3] }), layers.flatten(), out()],
          optimizers.adamW({
            weightDecay: 0.01,
            learningRate: schedules.cosineDecay({ initialLearningRate: 0.01, decaySteps: 50 }),
          }),
        ),
      x: g.array(
        Int32Array.from({ length: N * 3 }, (_, i) => (i * 7) % 300),
        [N, 3],
      ),
    },
    'stateful layers': {
      make: () => compiled([layers.lstm({ units: 6, stateful: true, inputShape: [5, 1] }), out()]),
      x: g.array(numbers(N * 5), [N, 5, 1]),
      options: { batchSize: 10, shuffle: false },
    },
    averages: {
      make: () => compiled([first(), out()], optimizers.adam({ useEma: true, emaMomentum: 0.9, emaOverwriteFrequency: 7 })),
    },
    'averages that are swapped in': {
      make: () =>
        compiled(
          [first(), layers.dropout({ rate: 0.2 }), out()],
          optimizers.sgd({ useEma: true, emaMomentum: 0.8, learningRate: 0.1 }),
        ),
      options: { callbacks: [callbacks.swapEMAWeights({ swapOnEpoch: true }), csv()], validationSplit: 0.2 },
    },
    accumulation: {
      make: () => compiled([first(), out()], optimizers.adam({ gradientAccumulationSteps: 3, globalClipnorm: 0.5 })),
    },
    'a schedule': {
      make: () =>
        compiled(
          [first(), out()],
          optimizers.sgd({
            momentum: 0.9,
            nesterov: true,
            learningRate: schedules.exponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.9 }),
          }),
        ),
    },
    'early stopping, plateaus, CSV and the best model': {
      make: () => compiled([first(), out()]),
      options: {
        epochs: 12,
        validationSplit: 0.25,
        callbacks: [
          callbacks.earlyStopping({ patience: 2, restoreBestWeights: true, minDelta: 0.002 }),
          callbacks.reduceLROnPlateau({ patience: 1, factor: 0.5, minDelta: 0.01 }),
          csv(),
          callbacks.modelCheckpoint({ filepath: join(folder, 'best.safetensors'), saveBestOnly: true, saveWeightsOnly: true }),
        ],
      },
      files: ['best.safetensors'],
    },
    'weights of classes and samples': {
      make: () =>
        compiled([first(), out()], 'rmsprop', { metrics: ['accuracy', 'AUC', 'Precision'], weightedMetrics: ['accuracy'] }),
      options: { classWeight: { 0: 1, 1: 3 }, sampleWeight: numbers(N, 5).map(Math.abs), callbacks: [csv()] },
    },
    'a rate that a callback sets': {
      make: () => compiled([first(), out()]),
      options: {
        callbacks: [callbacks.learningRateScheduler((e, rate) => (e % 2 ? rate * 0.8 : rate)), callbacks.terminateOnNaN(), csv()],
      },
    },
    'hooks of batches': {
      make: () => compiled([first(), layers.dropout({ rate: 0.3 }), out()]),
      options: { callbacks: [{ onTrainBatchEnd() {} }, csv()] },
    },
    'a model saved every few batches': {
      make: () => compiled([first(), out()]),
      options: {
        callbacks: [
          callbacks.modelCheckpoint({ filepath: join(folder, 'last.safetensors'), saveWeightsOnly: true, saveFreq: 13 }),
        ],
      },
      files: ['last.safetensors'],
    },
    'a dataset': {
      make: () => compiled([first(), layers.dropout({ rate: 0.3 }), out()]),
      x: batches(8),
      y: null,
      dataset: true,
      options: { callbacks: [csv()] },
    },
    'an asynchronous dataset with validation': {
      make: () => compiled([first(), layers.gaussianDropout({ rate: 0.2 }), out()]),
      x: asyncBatches(16),
      y: null,
      dataset: true,
      options: { validationData: batches(50), validationFreq: 2 },
    },
    'a dataset cut into epochs': {
      make: () => compiled([first(), out()]),
      x: batches(8),
      y: null,
      dataset: true,
      options: { stepsPerEpoch: 17 },
    },
    'more steps than a pass': { make: () => compiled([first(), out()]), options: { stepsPerEpoch: 45 } },
    images: {
      make: () =>
        compiled([
          layers.conv2D({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [6, 6, 1] }),
          layers.batchNormalization(),
          layers.maxPooling2D({ poolSize: 2 }),
          layers.spatialDropout2D({ rate: 0.2 }),
          layers.flatten(),
          out(),
        ]),
      x: g.array(numbers(N * 36), [N, 6, 6, 1]),
    },
    'recurrent layers with dropout': {
      make: () =>
        compiled([
          layers.bidirectional({ layer: layers.gru({ units: 4, dropout: 0.2, returnSequences: true }), inputShape: [5, 1] }),
          layers.lstm({ units: 4, recurrentDropout: 0.2 }),
          out(),
        ]),
      x: g.array(numbers(N * 5), [N, 5, 1]),
    },
    'models inside': {
      make: () =>
        compiled([
          g.sequential([first(), layers.dropout({ rate: 0.2 })]),
          layers.spectralNormalization({ layer: layers.dense({ units: 8 }) }),
          layers.layerNormalization(),
          out(),
        ]),
    },
    'penalties and constraints': {
      make: () =>
        compiled(
          [
            layers.dense({
              units: 16,
              inputShape: [5],
              kernelRegularizer: regularizers.l1l2({ l1: 0.001, l2: 0.01 }),
              kernelConstraint: constraints.maxNorm({ maxValue: 1 }),
            }),
            out(),
          ],
          optimizers.rmsprop({ momentum: 0.9, centered: true }),
        ),
    },
    'mixed precision': {
      make: () => compiled([layers.dense({ units: 32, dtype: 'mixed_bfloat16', inputShape: [5] }), out()]),
    },
    'a later first epoch': { make: () => compiled([first(), out()]), options: { initialEpoch: 2, callbacks: [csv()] } },
  };
  for (const training of Object.values(all)) {
    training.x ??= X;
    if (training.y === undefined) training.y = Y;
    training.batch = training.dataset ? [X.slice(0, 10), Y.slice(0, 10)] : [training.x.slice(0, 10), training.y.slice(0, 10)];
  }
  return all;
}

/** What a training is given besides its kind, from its seed. */
export function settings(seed) {
  const r = generator(seed);
  const steps = 1 + r.below(40);
  return {
    shuffle: r.pick([true, true, false, 'batch']),
    batchSize: r.pick([3, 4, 8]),
    epochs: 8 + r.below(8),
    every: r.pick([
      { steps },
      { epochs: 1 + r.below(2) },
      { seconds: 0.002 + 0.05 * r.next() },
      { steps, epochs: 1 },
      { steps, seconds: 0.02 },
    ]),
    keep: 1 + r.below(3),
    random: r,
  };
}
