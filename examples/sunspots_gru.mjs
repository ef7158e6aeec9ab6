// Forecasts the sunspots of the next year from those of the last 22 with a GRU. It learns from the years up to 1920 and is measured on
// those from 1921 on, beside the forecast that next year will be as this one. Run: node examples/sunspots_gru.mjs
import { readFileSync } from 'node:fs';
import { layers, optimizers, schedules, sequential, setRandomSeed } from 'gemmfit';

const epochs = 100;
const batchSize = 16;
const steps = 22; // two cycles of the sun
const firstTestYear = 1921;

const rows = readFileSync(new URL('data/sunspots.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .filter((line) => /^\d/.test(line))
  .map((line) => line.split(',').map(Number));

// Square roots, since the noise of a count grows with its root.
const scale = (count) => Math.sqrt(count) / 10;
const unscale = (value) => (10 * value) ** 2;
const windows = rows.slice(steps).map(([year, count], i) => {
  const before = rows.slice(i, i + steps).map(([, n]) => n);
  return { year, count, last: before.at(-1), x: before.map((n) => [scale(n)]), y: [scale(count)] };
});
const train = windows.filter(({ year }) => year < firstTestYear);
const test = windows.filter(({ year }) => year >= firstTestYear);
console.log(`${train.length} years to learn from, ${test.length} to forecast`);

setRandomSeed(1);
const model = sequential([layers.gru({ units: 16, inputShape: [steps, 1] }), layers.dense({ units: 1 })]);
const decaySteps = epochs * Math.ceil(train.length / batchSize);
model.compile({
  optimizer: optimizers.adam({ learningRate: schedules.cosineDecay({ initialLearningRate: 0.01, decaySteps }) }),
  loss: 'mse',
});
const column = (part, name) => part.map((w) => w[name]);
const { history } = await model.fit(column(train, 'x'), column(train, 'y'), { epochs, batchSize, verbose: 0 });
console.log(`loss: ${history.loss[0].toFixed(4)} after the first epoch, ${history.loss.at(-1).toFixed(4)} after the last`);

const forecast = Array.from((await model.predict(column(test, 'x'), { verbose: 0 })).data, unscale);
const meanError = (guess) => test.reduce((sum, w, i) => sum + Math.abs(guess(w, i) - w.count), 0) / test.length;
const error = meanError((_, i) => forecast[i]);
const persistence = meanError(({ last }) => last);
console.log(`mean error: ${error.toFixed(2)} sunspots; of "as this year": ${persistence.toFixed(2)}`);
console.log(`smaller by: ${(100 * (1 - error / persistence)).toFixed(1)} %`);
