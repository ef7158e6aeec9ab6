// The workloads' models in gemmfit.
export async function buildModel(workload) {
  const gemmfit = await import('../../dist/index.mjs');
  const { layers, sequential, setRandomSeed } = gemmfit;
  setRandomSeed(1);
  const dense = (units, activation, rest) => layers.dense({ units, activation, ...rest });
  const { data, units, loss } = workload;
  const stacks = {
    mlp: () =>
      units.map((n, i) =>
        dense(n, i < units.length - 1 ? 'relu' : n === 1 ? 'sigmoid' : 'softmax', i === 0 ? { inputShape: [data.features] } : {}),
      ),
    cnn: () => [
      layers.conv2d({ filters: 32, kernelSize: 3, activation: 'relu', inputShape: data.shape }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      dense(128, 'relu'),
      dense(10, 'softmax'),
    ],
    lstm: () => [layers.lstm({ units: 64, inputShape: [data.steps, data.features] }), dense(1)],
    text: () => [
      layers.embedding({ inputDim: data.vocabulary, outputDim: 64, inputShape: [data.steps] }),
      layers.globalAveragePooling1d({}),
      dense(16, 'relu'),
      dense(1, 'sigmoid'),
    ],
  };
  const model = sequential(stacks[workload.kind]());
  model.compile({ optimizer: 'adam', loss, metrics: loss.includes('crossentropy') ? ['accuracy'] : [] });
  return { model, gemmfit };
}
