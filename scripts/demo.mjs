// npm run demo: trains a network on 8,000 handwritten digits and reads the 2,000 that it has never seen.
import { existsSync, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { loadDigits, withShifts } from '../examples/data/mnist.mjs';
import { Failure, main, root } from './lib/shell.mjs';

const epochs = 10;
const batchSize = 128;

/** Rows: what a digit is; columns: what the network took it for. */
function confusionTable(truth, guesses) {
  const counts = Array.from({ length: 10 }, () => new Array(10).fill(0));
  truth.forEach((digit, i) => {
    counts[digit][guesses[i]]++;
  });
  const row = (head, cells, tail) =>
    `  ${head.padStart(6)} |${cells.map((cell) => String(cell).padStart(5)).join('')} | ${tail.padStart(6)}`;
  const rule = `  ${'-'.repeat(7)}+${'-'.repeat(51)}+${'-'.repeat(8)}`;
  return [
    row('digit', [...counts.keys()].map(String), 'right'),
    rule,
    ...counts.map((line, digit) => {
      const total = line.reduce((sum, n) => sum + n, 0);
      return row(
        String(digit),
        line.map((n) => n || '.'),
        `${((100 * line[digit]) / total).toFixed(1)}%`,
      );
    }),
  ].join('\n');
}

/** Position of the largest of each row of ten. */
const argmax = ({ data }) =>
  Array.from({ length: data.length / 10 }, (_, i) => {
    const row = data.subarray(i * 10, (i + 1) * 10);
    return row.indexOf(Math.max(...row));
  });

const thousands = (n) => Math.round(n).toLocaleString('en-US');

main('demo', async () => {
  if (!existsSync(join(root, 'dist/index.mjs'))) throw new Failure('the package is not built. Run: npm run setup');
  const { layers, optimizers, schedules, sequential, setRandomSeed, version } = await import('../dist/index.mjs');
  console.log(`gemmfit ${version.gemmfit}: ${version.blas}, ${version.simd}, threads: ${version.threads}`);

  const { train, test } = loadDigits();
  const { x, y } = withShifts(train);
  console.log(
    `${thousands(train.y.length)} digits to learn from, each also moved by a pixel in four directions; ${thousands(test.y.length)} held out\n`,
  );

  setRandomSeed(1);
  const steps = epochs * Math.ceil(y.length / batchSize);
  const model = sequential([
    layers.rescaling({ scale: 1 / 255, inputShape: [784] }),
    layers.dense({ units: 256, activation: 'relu' }),
    layers.dropout({ rate: 0.3 }),
    layers.dense({ units: 128, activation: 'relu' }),
    layers.dropout({ rate: 0.3 }),
    layers.dense({ units: 10, activation: 'softmax' }),
  ]);
  model.compile({
    optimizer: optimizers.adam({ learningRate: schedules.cosineDecay({ initialLearningRate: 0.0015, decaySteps: steps }) }),
    loss: 'sparse_categorical_crossentropy',
    metrics: ['accuracy'],
  });

  const start = performance.now();
  const history = await model.fit(x, y, { epochs, batchSize, validationData: [test.x, test.y], verbose: 1 });
  const took = (performance.now() - start) / 1000;

  const guesses = argmax(await model.predict(test.x, { verbose: 0 }));
  const right = guesses.filter((guess, i) => guess === test.y[i]).length;
  console.log(`\nHeld-out digits (rows: what they are, columns: what the network read):\n${confusionTable(test.y, guesses)}\n`);
  console.log(`Test accuracy     ${((100 * right) / guesses.length).toFixed(2)} % (${right} of ${guesses.length})`);
  console.log(`Training          ${took.toFixed(2)} s for ${epochs} epochs, validation included`);
  console.log(`Speed             ${thousands((epochs * y.length) / took)} samples a second`);

  const folder = join(root, 'demo-output');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'learning-curve.svg');
  history.plot(file, { title: 'Handwritten digits, 784-256-128-10' });
  console.log(`Learning curve    ${relative(process.cwd(), file)}`);
});
