// Trains models on slow data, one or several at once, for tests that look at the terminal. Arguments: how many, milliseconds a batch.
import { layers, metrics, sequential } from '../../../dist/index.mjs';

const [models, wait] = process.argv.slice(2).map(Number);
const pause = () => new Promise((resolve) => setTimeout(resolve, wait));

async function* batches() {
  for (let i = 0; i < 20; i++) {
    await pause();
    yield [new Float32Array(8).fill(i), new Float32Array(4)];
  }
}

await Promise.all(
  Array.from({ length: models }, async (_, i) => {
    const model = sequential({ name: `model_${i + 1}`, layers: [layers.dense({ units: 1, inputShape: [2] })] });
    const long = metrics.meanAbsoluteError({ name: 'mean_absolute_error_of_all_the_samples' });
    model.compile({ loss: 'mse', metrics: [long, metrics.meanSquaredError({ name: 'another_metric_with_a_long_name' })] });
    await model.fit(batches, null, { epochs: 2, stepsPerEpoch: 20 });
  }),
);
console.log('over');
